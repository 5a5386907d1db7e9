#!/usr/bin/env bash
# What goes wrong around a run: full disks, places that cannot be written, names that are taken, files
# that are no files, problems too large for the machine. One clear line, exit code 2, nothing
# half-written.
#
#     faults.sh RELUFLOW
set -uo pipefail

reluflow=$(realpath "$1")
. "$(dirname "$0")/checks.sh"

mkdir problem
{
  gaussian_problem
  printf '[record]\ncount = 400\n'
} >problem/problem.toml
p=problem/problem.toml
cat >problem/sweep.toml <<'TOML'
[sweep]
problem = "problem.toml"
repetitions = 2
TOML
run=(run $p --no-plots --out)

# nothing_half_written DIRECTORY: no summary that promises a complete run, no temporary file
nothing_half_written() {
  check "$1 holds no complete run" test ! -e "$1/summary.json"
  check "$1 holds no temporary file" test -z "$(find "$1" -name '.*.tmp' 2>/dev/null)"
}

# --- places that cannot be written ---------------------------------------------------------------

: >file
complains 2 "file: Not a directory" "${run[@]}" file
complains 2 "file/out: Not a directory" "${run[@]}" file/out
complains 2 "file: Not a directory" verify $p --out file
complains 2 "file: Not a directory" sweep problem/sweep.toml --out file --no-plots
check "the file is as it was" test ! -s file
mkdir -p taken/unfinished/problem.toml/inside
complains 2 "taken/unfinished/problem.toml: Directory not empty" "${run[@]}" taken --force
ln -s nowhere dangling
complains 2 "dangling: File exists" "${run[@]}" dangling
check "a link that leads nowhere still does" test ! -e nowhere
# /proc refuses everyone, root included, as a directory without permission refuses others.
runs 2 "${run[@]}" /proc/reluflow
check "a directory that refuses is one line" test "$(wc -l <stderr)" -eq 1
check "a directory that refuses is named" grep -q '^reluflow: /proc/reluflow: ' stderr

# Without permission; root gives up its right to pass everywhere for this.
humble=$work/humble
{
  echo '#!/bin/sh'
  if [ "$(id -u)" -eq 0 ]; then
    echo "exec setpriv --bounding-set -dac_override,-dac_read_search \"$reluflow\" \"\$@\""
  else
    echo "exec \"$reluflow\" \"\$@\""
  fi
} >humble
chmod +x humble
if "$humble" --version >stdout 2>stderr; then
  proud=$reluflow
  reluflow=$humble
  mkdir refused
  runs 0 "${run[@]}" closed --quiet
  finished=$(cat closed/*.csv closed/summary.json | cksum)
  chmod a-w refused closed
  complains 2 "refused/out: Permission denied" "${run[@]}" refused/out
  complains 2 "refused/out: Permission denied" verify $p --out refused/out
  complains 2 "refused/out: Permission denied" sweep problem/sweep.toml --out refused/out --no-plots
  runs 2 "${run[@]}" closed --force
  check "a directory that is read-only is one line" test "$(wc -l <stderr)" -eq 1
  check "a directory that is read-only is named" grep -qE '^reluflow: closed.*: Permission denied$' stderr
  runs 2 report closed
  check "a report without a place is one line" test "$(wc -l <stderr)" -eq 1
  check "the run in a directory that is read-only survives" \
    test "$finished" = "$(cat closed/*.csv closed/summary.json | cksum)"
  chmod a-r problem/problem.toml
  complains 2 "$p: found permission denied, expected a problem file" "${run[@]}" out
  chmod a+r problem/problem.toml
  chmod u+w refused closed
  reluflow=$proud
else
  echo "permissions are not tested: setpriv says $(cat stderr)"
fi

long=$(printf 'x%.0s' {1..300})
complains 2 "$long: File name too long" "${run[@]}" "$long"

# The working directory vanishes: relative names lead nowhere, absolute ones still do.
checks=$((checks + 1))
mkdir gone
(
  cd gone
  rmdir ../gone
  exec "$reluflow" run "$work/$p" --out out --no-plots
) >stdout 2>stderr
code=$?
[ "$code" -eq 2 ] || fail "a working directory that is gone ends with 2, not $code"
check "a working directory that is gone is one line" test "$(wc -l <stderr)" -eq 1

# --- a full disk ------------------------------------------------------------------------------------

# limited BLOCKS ARGUMENTS...: no file may be longer than so many kB, as on a disk that is full
limited() {
  local blocks=$1
  shift
  checks=$((checks + 1))
  # Through a pipe: the message itself must not meet the limit.
  (
    trap '' XFSZ
    ulimit -f "$blocks"
    exec "$reluflow" "$@"
  ) 2>&1 >/dev/null | cat >stderr
  local code=${PIPESTATUS[0]}
  [ "$code" -eq 2 ] || fail "a full disk ends with 2, not $code: $*"
  check "a full disk is one line" test "$(wc -l <stderr)" -eq 1
  check "a full disk is named" grep -qE '^reluflow: [a-z]+/.*: File too large$' stderr
}

for blocks in 0 1 8 32; do
  limited "$blocks" "${run[@]}" "full"
  nothing_half_written full
  rm -rf full
done
# A finished run that is to be replaced survives when there is no room even for the start.
runs 0 "${run[@]}" kept --quiet
before=$(cat kept/*.csv kept/summary.json | cksum)
limited 0 "${run[@]}" kept --force
check "the finished run survives" test "$before" = "$(cat kept/*.csv kept/summary.json | cksum)"
limited 0 verify $p --out checked
check "no half table" test -z "$(ls -A checked)"
limited 0 sweep problem/sweep.toml --out swept --no-plots --quiet
check "a sweep goes on where there is room again" \
  "$reluflow" sweep problem/sweep.toml --out swept --no-plots --quiet
check "with all its cells" test "$(wc -l <swept/sweep.csv)" -eq 3
if [ -w /dev/full ]; then
  for command in "run $p --out said --no-plots" "predict $p" "verify $p"; do
    checks=$((checks + 1))
    # shellcheck disable=SC2086
    "$reluflow" $command >/dev/full 2>stderr
    code=$?
    [ "$code" -eq 2 ] || fail "$command: standard output that is full ends with 2, not $code"
    check "standard output that is full is one line" test "$(wc -l <stderr)" -eq 1
  done
  checks=$((checks + 1))
  "$reluflow" run none.toml --out said 2>/dev/full
  code=$?
  [ "$code" -eq 2 ] || fail "standard error that is full ends with 2, not $code"
fi

# --- files that are no files -------------------------------------------------------------------------

mkdir folder
complains 2 "folder: found is a directory, expected a problem file" run folder --out out
points='a CSV file with the header x1,...,xd,y'
complains 2 "/dev/zero: found a device, expected $points" "${run[@]}" out --set data.file=/dev/zero
complains 2 "problem/.: found is a directory, expected $points" "${run[@]}" out --set data.file=.
complains 2 "problem/loop: found too many levels of symbolic links, expected $points" \
  "${run[@]}" out --set data.file="$(ln -s loop problem/loop && echo loop)"
check "nothing was written" test ! -e out

# --- nothing is written but what --out names --------------------------------------------------------------

# A problem file names what is read and nothing that is written: with names that lead upwards and
# outside, and with links in the way, everything stays in DIR.
mkdir -p walled/inside
printf 'x1,x2,y\n-0.5,1,-1\n2,1,1\n' >walled/points.csv
cat >walled/inside/problem.toml <<TOML
[data]
file = "../points.csv"
[network]
init = "gaussian"
width = 3
scale = 0.1
[flow]
t_end = 2.0
TOML
before=$(find . -not -path './walled/out*' -type f -exec cksum {} + | sort | grep -v -e stdout -e stderr)
unchanged() {
  local after
  after=$(find . -not -path './walled/out*' -type f -exec cksum {} + | sort | grep -v -e stdout -e stderr)
  check "$1: nothing changed outside" test "$before" = "$after"
}
runs 0 run walled/inside/problem.toml --out walled/out --quiet --no-plots
unchanged "a run"
runs 0 run walled/inside/problem.toml --out walled/out --quiet --no-plots --force
unchanged "a run again"
# The resolved problem reads its own copies.
check "the problem of the run names its own files" \
  test "$(grep -c '^file = "\(points\|network_initial\).csv"' walled/out/problem.toml)" -eq 2
# Where a link stands in the place of a file of the run, the link is replaced and not followed.
for name in problem.toml points.csv trajectory.csv summary.json; do
  rm "walled/out/$name"
  ln -s "$work/$p" "walled/out/$name"
done
runs 0 run walled/inside/problem.toml --out walled/out --quiet --no-plots --force
unchanged "links in the place of files"
check "the links are gone" test -z "$(find walled/out -type l)"
# Figures of an old run are removed, but not through a link.
mkdir pictures
: >pictures/mine.png
printf '[sweep]\nproblem = "problem.toml"\nout = "../stolen"\n' >problem/stolen.toml
ln -s "$work/pictures" walled/out/figures
before=$(find . -not -path './walled/out*' -type f -exec cksum {} + | sort | grep -v -e stdout -e stderr)
runs 0 run walled/inside/problem.toml --out walled/out --quiet --no-plots --force
unchanged "a link in the place of the figures"
# Keys that would name what is written are unknown.
for key in data.out network.out flow.out record.file record.out; do
  runs 2 run walled/inside/problem.toml --out walled/out2 --set "$key=../stolen.csv"
  check "$key is an unknown key" grep -q 'found the unknown key' stderr
done
complains 2 'problem/stolen.toml, line 3: found the unknown key "out" in [sweep], expected one of problem, repetitions, seed, fitted, combine, keep' \
  sweep problem/stolen.toml --out walled/out3
unchanged "keys that name what is written"

# --- problems that do not fit -------------------------------------------------------------------------------

# refused KEY=VALUE... -- PATTERN: refused within the time and memory of a message
too_large() {
  local pattern=$1
  shift
  local settings=()
  for one in "$@"; do settings+=(--set "$one"); done
  checks=$((checks + 1))
  (
    ulimit -v 4000000
    exec "$reluflow" "${run[@]}" out "${settings[@]}"
  ) >stdout 2>stderr
  local code=$?
  [ "$code" -eq 2 ] || fail "$*: ends with 2, not $code"
  check "$*: one line" test "$(wc -l <stderr)" -eq 1
  check "$*: says '$(cat stderr)'" grep -qE "$pattern" stderr
}
gigabytes='of memory, expected at most [0-9.]+ GB \(--memory\)$'
too_large "data.samples: found 1000000000 samples in dimension 2, .* $gigabytes" data.samples=1000000000
too_large "data.samples: found 100000 samples in dimension 100000, .* $gigabytes" \
  data.samples=100000 data.dimension=100000
too_large "data.samples: found 9223372036854775807 samples" \
  data.samples=9223372036854775807 data.dimension=9223372036854775807
too_large "network.width: found 4000000000 neurons in dimension 2 .* $gigabytes" \
  network.width=4000000000
too_large "data.teacher_width: found 4000000000 neurons" data.teacher=relu \
  data.teacher_width=4000000000
too_large "network.width: found 20000 neurons .* and 10000 states of them \(record.states\), .* $gigabytes" \
  network.width=20000 record.count=10000
too_large "record.count: found 99000000, expected at most 10000000" record.count=99000000
check "nothing was written for what does not fit" test ! -e out
complains 2 '--memory: found "0", expected gigabytes above 0' "${run[@]}" out --memory 0
runs 2 "${run[@]}" out --memory 5e-5
check "--memory lowers the limit" \
  grep -qE 'network.width: found 5 neurons in dimension 2 on 6 samples and 400 states' stderr
runs 0 "${run[@]}" out --memory 1e-3 --quiet

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
