#!/usr/bin/env bash
# What the documentation says of the command is true: its commands run, its names are those of the program.
#
#     docs.sh RELUFLOW ROOT    ROOT is the source tree
#
# Below a comment  <!-- file: NAME -->  stands a block that is a file, below  <!-- run -->  one that a
# reader types into a shell; they are taken in order, each page in a directory of its own.
set -uo pipefail

reluflow=$(realpath "$1")
root=$(realpath "$2")
. "$(dirname "$0")/checks.sh"
mkdir bin
ln -s "$reluflow" bin/reluflow
export PATH=$PWD/bin:$PATH

# follow PAGE: writes its files and runs its commands
follow() {
  local page=$root/$1 pending='' block='' inside=0 ran=0 line
  while IFS= read -r line; do
    if [ "$inside" -eq 1 ]; then
      if [ "$line" = '```' ]; then
        inside=0
        if [[ $pending == file:* ]]; then
          printf '%s' "$block" >"${pending#file:}"
        elif [ "$pending" = run ]; then
          ran=$((ran + 1))
          checks=$((checks + 1))
          bash -euo pipefail -c "$block" >stdout 2>stderr ||
            fail "$1: $block ends with $?: $(head -c 300 stderr)"
          check "$1: $block says nothing on standard error" test ! -s stderr
        fi
        pending=''
      else
        block+=$line$'\n'
      fi
    elif [[ $line == '```'* ]]; then
      inside=1
      block=''
    elif [[ $line =~ ^'<!-- file: '([A-Za-z0-9_.-]+)' -->'$ ]]; then
      pending=file:${BASH_REMATCH[1]}
    elif [ "$line" = '<!-- run -->' ]; then
      pending=run
    elif [ -n "$line" ]; then
      pending=''
    fi
  done <"$page"
  check "$1 has commands" test "$ran" -gt 0
}

if command -v gnuplot >/dev/null; then
  for page in README.md docs/getting-started.md; do
    mkdir page
    cd page || exit 1
    follow "$page"
    check "$page: the figures are there" test -s run/figures/loss.svg
    check "$page: the page is there" test -s run/report.html
    cd ..
    rm -rf page
  done
fi

# --- every key of a problem file, every prediction ------------------------------------------------------

cat >points.csv <<'CSV'
x1,x2,y
-0.5,1,-1
2,1,1
CSV
cat >problem.toml <<'TOML'
[data]
file = "points.csv"
[network]
init = "balanced"
width = 4
scale = 1e-3
[flow]
t_end = 1.0
TOML

# described SECTION [ARGUMENT...]: the keys that the program names stand in docs/problem-file.md
described() {
  local section=$1 key
  shift
  runs 2 predict problem.toml "$@" --set "$section.nonsense=1"
  local keys
  keys=$(sed -n 's/.*expected one of //p' stderr | tr -d ' ' | tr , ' ')
  check "[$section] $* names its keys" test -n "$keys"
  for key in $keys; do
    check "docs/problem-file.md describes $key of [$section]" \
      grep -q "\`$key\`" "$root/docs/problem-file.md"
  done
}
for generator in gaussian cylinder orthonormal axes orthogonal sphere antipodal; do
  described data --set data.generator=$generator --set data.samples=4 --set data.dimension=4
done
described data --set data.generator=gaussian --set data.samples=4 --set data.dimension=4 \
  --set data.teacher=relu
for init in balanced dominated ball gaussian group; do
  described network --set network.init=$init
  check "docs/problem-file.md describes $init" grep -q "\`\"$init\"\`" "$root/docs/problem-file.md"
done
described flow
described record

runs 0 predict problem.toml
for name in $(sed -n 's/^  \([a-z_0-9]*\)  .*/\1/p' stdout); do
  check "docs/predictions.md describes $name" grep -q "\`$name\`" "$root/docs/predictions.md"
done

# Every column of every table, every key of the summary.
runs 0 run problem.toml --out out --no-plots --quiet
for table in trajectory switches sliding predictions; do
  for column in $(head -1 out/$table.csv | tr , ' '); do
    check "docs/output.md describes $column of $table.csv" grep -q "\`$column\`" "$root/docs/output.md"
  done
done
for key in $(sed -n 's/^  "\([a-z_]*\)":.*/\1/p' out/summary.json); do
  check "docs/output.md describes $key of summary.json" grep -q "\`$key\`" "$root/docs/output.md"
done

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
