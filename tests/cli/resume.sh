#!/usr/bin/env bash
# Runs that are killed, terminated or interrupted at random moments and resumed give the bytes of a
# run that was left alone, and no file that has its name is ever half-written.
#
#     resume.sh RELUFLOW [SEED]
set -uo pipefail

reluflow=$(realpath "$1")
seed=${2:-$RANDOM}
here=$(dirname "$(realpath "$0")")
. "$here/checks.sh"
RANDOM=$seed
# Spinning threads would starve the tests that run beside this one.
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1
echo "seed $seed: resume.sh RELUFLOW $seed draws the same moments"

# Crossings and slides; many rows, so that writing the files takes its time too.
cat >problem.toml <<'TOML'
[data]
generator = "gaussian"
samples = 40
dimension = 5
noise = 0.3
[network]
init = "gaussian"
width = 40
scale = 1e-3
[flow]
t_end = 20.0
rtol = 1e-8
[record]
count = 2001
TOML

# stop SIGNAL SECONDS ARGUMENTS...: starts reluflow and sends SIGNAL after SECONDS; sets $code.
# A shell's background job ignores SIGINT, and a program inherits that: env gives the default back.
stop() {
  local signal=$1 seconds=$2
  shift 2
  env --default-signal=INT,TERM "$reluflow" "$@" --quiet --checkpoint 0.02 >stdout 2>stderr &
  local job=$!
  (
    sleep "$seconds"
    kill -s "$signal" "$job"
  ) >/dev/null 2>&1 &
  local killer=$!
  wait "$job" 2>/dev/null
  code=$?
  kill "$killer" 2>/dev/null
  wait "$killer" 2>/dev/null
}

# a random moment within the time that the whole run takes
moment() {
  awk -v part="$RANDOM" -v whole="$1" 'BEGIN { printf "%.3f", whole * part / 32768 }'
}

# whole_files DIR REFERENCE: what a killed run has left under its name is as it will be at the end
whole_files() {
  local file
  for file in "$1"/*.csv "$1"/*.npz "$1"/problem.toml; do
    [ -e "$file" ] || continue
    checks=$((checks + 1))
    cmp -s "$file" "$2/${file##*/}" || fail "$file is half-written"
  done
  [ -e "$1/summary.json" ] || return
  check "$1/summary.json is complete" test "$(tail -c 2 "$1/summary.json")" = "}"
}

# finish DIR REFERENCE: resumes to the end
finish() {
  runs 0 resume "$1" --quiet
  same_tables "$2" "$1"
  check "$1 holds nothing unfinished" test ! -e "$1/unfinished"
  check "$1 holds no temporary file" test -z "$(find "$1" -name '.*.tmp')"
}

# chain DIR REFERENCE SECONDS SIGNAL ARGUMENTS...: a run that is stopped again and again
chain() {
  local directory=$1 reference=$2 whole=$3 signal=$4
  shift 4
  stop "$signal" "$(moment "$whole")" run problem.toml --out "$directory" "$@"
  local attempt
  for attempt in 1 2 3; do
    if [ "$signal" = KILL ]; then
      whole_files "$directory" "$reference"
    elif [ ! -s stderr ] && [ "$code" -eq $((128 + $(kill -l "$signal"))) ]; then
      : # the signal came before the program listened to it
    elif [ "$code" -eq 130 ]; then
      check "SIG$signal says how to go on" grep -qx \
        "reluflow: interrupted at t = .*; reluflow resume $directory goes on from there" stderr
      check "SIG$signal is the outcome" grep -q '"outcome": "interrupted"' "$directory/summary.json"
    else
      check "SIG$signal ends with 130, or 0 when the run was faster, not $code" test "$code" -eq 0
    fi
    [ -e "$directory/unfinished/run.json" ] || break
    stop "$signal" "$(moment "$whole")" resume "$directory" --threads $((1 + RANDOM % 2))
  done
  if [ -e "$directory/unfinished/run.json" ]; then
    finish "$directory" "$reference"
  elif [ -e "$directory/summary.json" ]; then
    same_tables "$reference" "$directory"
  fi
}

# seconds ARGUMENTS...: runs, and prints the time it takes
seconds() {
  local begin end
  begin=$(date +%s%N)
  "$reluflow" "$@" >stdout 2>stderr || echo "reluflow $* failed" >&2
  end=$(date +%s%N)
  awk -v ns=$((end - begin)) 'BEGIN { printf "%.3f", ns / 1e9 }'
}

# --- many moments -------------------------------------------------------------------------------

asynchronous=(--no-plots --set flow.switching=asynchronous)
global=(--no-plots --set flow.switching=global --set network.init=balanced --set flow.t_end=3.0)
for name in asynchronous global; do
  declare -n options=$name
  whole=$(seconds run problem.toml --out "$name" --quiet "${options[@]}")
  echo "$name: $whole s"
  for signal in KILL KILL TERM INT; do
    number=$((${number:-0} + 1))
    chain "$name.$number.$signal" "$name" "$whole" "$signal" "${options[@]}"
  done
done

# --- one of each --------------------------------------------------------------------------------

# Stopped for certain: while the run still has most of its work before it.
long=("${asynchronous[@]}" --set flow.t_end=80000.0 --set record.count=11)
for signal in INT TERM; do
  rm -rf stopped
  stop "$signal" 0.5 run problem.toml --out stopped "${long[@]}"
  check "a long run is interrupted by SIG$signal, not ended with $code" test "$code" -eq 130
  check "a long run that SIG$signal has interrupted says how to go on" grep -qx \
    "reluflow: interrupted at t = .*; reluflow resume stopped goes on from there" stderr
done
complains 2 "stopped: found an unfinished run, expected a directory without the files of a run (reluflow resume continues it, --force discards it)" \
  run problem.toml --out stopped --no-plots
complains 2 "nowhere: found no unfinished run, expected the directory of an unfinished run" \
  resume nowhere
complains 2 "asynchronous: found a finished run, expected the directory of an unfinished run" \
  resume asynchronous
complains 2 '--checkpoint: found "often", expected seconds from 0 to 1e9' \
  resume stopped --checkpoint often

cp -r stopped damaged
printf 'x' | dd of=damaged/unfinished/checkpoint bs=1 seek=5000 conv=notrunc status=none
complains 2 "damaged/unfinished/checkpoint: found a checkpoint that is cut short or damaged, expected a complete one" \
  resume damaged
cp -r stopped other
sed -i 's/^rtol = .*/rtol = 1e-7/' other/unfinished/problem.toml
complains 2 "other/unfinished/checkpoint: found the checkpoint of another problem, expected one with the same data, network and options" \
  resume other
check "what was interrupted is still there" test -e other/unfinished/run.json
echo 'nonsense' >damaged/unfinished/run.json
complains 2 "damaged/unfinished/run.json: found another text, expected a JSON object with seed and figures" \
  resume damaged

# Killed before its first checkpoint, a run starts again.
mkdir -p young
stop KILL 0.3 run problem.toml --out young "${long[@]}"
rm -f young/unfinished/checkpoint
sed -i 's/^t_end = .*/t_end = 0.5/; s/^times = .*/times = [0.0, 0.5]/' young/unfinished/problem.toml
runs 0 resume young --quiet
check "it starts from its problem" test "$(wc -l <young/trajectory.csv)" -eq 3

# A finished run stays until the one that replaces it is finished.
runs 0 run problem.toml --out kept --quiet "${asynchronous[@]}" --set flow.t_end=1.0
before=$(cat kept/*.csv kept/summary.json | cksum)
stop KILL 0.5 run problem.toml --out kept --force "${long[@]}"
check "a killed run has not touched the old one" \
  test "$before" = "$(cat kept/*.csv kept/summary.json | cksum)"
check "the killed run can go on" test -e kept/unfinished/run.json

# Figures belong to the run: their scripts are the same. Without gnuplot they cost nothing.
mkdir empty_path
gnuplotless() {
  PATH="$work/empty_path" "$reluflow" "$@" --quiet >stdout 2>stderr
}
short=(--set flow.switching=asynchronous --set flow.t_end=20.0 --set record.count=101)
gnuplotless run problem.toml --out drawn "${short[@]}"
env --default-signal=INT,TERM PATH="$work/empty_path" "$reluflow" run problem.toml \
  --out drawn_later "${short[@]}" --quiet --checkpoint 0 >stdout 2>stderr &
job=$!
sleep 0.15
kill -KILL "$job" 2>/dev/null
wait "$job" 2>/dev/null
[ ! -e drawn_later/unfinished ] || gnuplotless resume drawn_later
check "figures of a resumed run are the same" diff -r drawn/figures drawn_later/figures

# --- where the run is ---------------------------------------------------------------------------

stop TERM 0.5 run problem.toml --out shown --progress "${long[@]}"
check "--quiet is quiet" test "$(wc -l <stderr)" -eq 1
env --default-signal=INT,TERM "$reluflow" resume shown --progress --no-plots >stdout 2>stderr &
job=$!
sleep 1.4
kill -TERM "$job"
wait "$job"
check "--progress says where the run is" grep -qE \
  '^t = [0-9.]+ of 80000 \([0-9]+ %\)  loss [0-9.e+-]+  after [a-z0-9_+-]+  switches [0-9]+  steps [0-9]+, [0-9.]+/s$' \
  stderr

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
