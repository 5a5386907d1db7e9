#!/usr/bin/env bash
# `reluflow sweep` from outside: the same table from any number of threads and ranks, in parts, and after
# the process was killed.
#
#     sweep.sh RELUFLOW [MPIRUN]    MPIRUN: the build uses MPI
set -uo pipefail

reluflow=$(realpath "$1")
mpirun=${2:-}
. "$(dirname "$0")/checks.sh"

cat >problem.toml <<'TOML'
[data]
generator = "sphere"
samples = 2
[network]
init = "dominated"
scale = 1
width = 3
output_scale = "mean"
[flow]
t_end = 2
rtol = 1e-3
[record]
count = 2
TOML
# sweep_file REPETITIONS
sweep_file() {
  cat <<TOML
[sweep]
problem = "problem.toml"
seed = 5
repetitions = $1
keep = ["fitted", "loss", "mu"]
[set]
"flow.max_steps" = 1000
[axes]
"data.samples, data.dimension" = [2, 3]
"network.width" = "linear 1 5 5"
TOML
}
sweep_file 100 >sweep.toml
s=sweep.toml

# same_sweep A B: the tables that do not depend on how the cells were done
same_sweep() {
  local file
  for file in sweep.csv summary.csv; do
    check "$2/$file is that of $1" cmp -s "$1/$file" "$2/$file"
  done
}

# --- threads, ranks, shards -----------------------------------------------------------------------

runs 0 sweep $s --out one --threads 1 --no-plots
check "the summary is printed" grep -qx '1000 cells at 10 points' stdout
check "a thousand cells" test "$(wc -l <one/sweep.csv)" -eq 1001
check "the header of sweep.csv" test "$(head -1 one/sweep.csv)" = \
  "cell,data.samples data.dimension,network.width,repetition,seed,outcome,fitted,loss,mu"
check "the header of summary.csv" test "$(head -1 one/summary.csv)" = \
  "data.samples data.dimension,network.width,cells,unanswered,fitted,fitted_low,fitted_high,loss,loss_low,loss_high,mu,mu_low,mu_high"
check "seeds are all different" \
  test "$(tail -n +2 one/sweep.csv | cut -d, -f5 | sort -u | wc -l)" -eq 1000
runs 0 sweep $s --out two --threads 2 --no-plots --quiet
check "--quiet prints nothing" test ! -s stdout
same_sweep one two
if [ -n "$mpirun" ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  checks=$((checks + 1))
  "$mpirun" --oversubscribe -n 2 "$reluflow" sweep $s --out ranks --no-plots >stdout 2>stderr ||
    fail "two ranks: $(head -c 300 stderr)"
  check "one rank prints" test "$(grep -c '^1000 cells' stdout)" -eq 1
  same_sweep one ranks
fi
for shard in 2/3 0/3; do runs 0 sweep $s --out shards --shard $shard; done
complains 2 "shards: found 667 of 1000 cells, expected all of them; the other shards, or \`reluflow sweep\` without --merge" \
  sweep $s --out shards --merge
runs 0 sweep $s --out shards --shard 1/3
runs 0 sweep $s --out shards --merge --no-plots
same_sweep one shards

# --- killed and resumed ---------------------------------------------------------------------------

rows() { if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi; }
before=0
for kill in 1 2 3; do
  "$reluflow" sweep $s --out killed --threads 2 --no-plots >stdout 2>stderr &
  job=$!
  while kill -0 "$job" 2>/dev/null && [ "$(rows killed/cells.csv)" -lt $((before + 100)) ]; do sleep 0.005; done
  kill -KILL "$job" 2>/dev/null
  wait "$job" 2>/dev/null
  check "kill $kill came before the end" test ! -e killed/sweep.csv
  check "what was done before is kept" test "$(rows killed/cells.csv)" -gt "$before"
  before=$(rows killed/cells.csv)
  # A row that the system wrote in part.
  printf '999,123,conv' >>killed/cells.csv
done
runs 0 sweep $s --out killed --threads 2 --no-plots
same_sweep one killed
check "no cell twice" \
  test "$(tail -n +2 killed/cells.csv | cut -d, -f1 | sort -u | wc -l)" -eq 1000
check "no cell lost" test "$(rows killed/cells.csv)" -eq 1001
cp killed/cells.csv finished.csv
runs 0 sweep $s --out killed --no-plots
check "a finished sweep is not done again" cmp -s finished.csv killed/cells.csv

# --- what is wrong ends with one line -------------------------------------------------------------

sweep_file 10 >shorter.toml
complains 2 "one: found cells of another sweep, problem or version (sweep_plan.txt), expected a new directory, or --force to start anew" \
  sweep shorter.toml --out one
runs 0 sweep shorter.toml --out one --force --no-plots
check "--force starts anew" test "$(wc -l <one/sweep.csv)" -eq 101
complains 2 "--shard: found 3/3, expected i/n with 0 <= i < n" sweep $s --out none --shard 3/3
complains 2 "none.toml: found no such file, expected a problem file" sweep none.toml --out none
sed 's/"loss"/"lost"/' $s >bad.toml
complains 2 "bad.toml, line 5, sweep.keep: found \"lost\", expected an array of some of $(
  "$reluflow" sweep bad.toml --out none 2>&1 | sed 's/.*some of //'
)" sweep bad.toml --out none
sed 's/linear 1 5 5/linear 1 5/' $s >bad.toml
complains 2 'bad.toml, line 10, network.width: found "linear 1 5", expected an array of values, or "linear FIRST LAST COUNT", or "log FIRST LAST COUNT"' \
  sweep bad.toml --out none
sed 's/linear 1 5 5/linear 0 4 5/' $s >bad.toml
complains 2 'cell 0 (data.samples data.dimension = 2, network.width = 0), --set, network.width: found 0, expected an integer that is at least 1' \
  sweep bad.toml --out none
check "nothing is written for a bad sweep" test ! -e none

# --- interrupted, and figures ---------------------------------------------------------------------

env --default-signal=INT,TERM "$reluflow" sweep $s --out stopped --threads 1 --no-plots \
  >stdout 2>stderr &
job=$!
while kill -0 "$job" 2>/dev/null && [ "$(rows stopped/cells.csv)" -lt 20 ]; do sleep 0.005; done
kill -s INT "$job"
wait "$job"
code=$?
check "SIGINT ends with 130, not $code" test "$code" -eq 130
check "SIGINT leaves whole rows" test "$(tail -c 1 stopped/cells.csv | wc -l)" -eq 1

if command -v gnuplot >/dev/null; then
  runs 0 sweep shorter.toml --out figures --quiet
  for name in probability_fitted power_loss power_mu; do
    check "figure $name" test -s "figures/figures/$name.svg"
  done
fi

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
