#!/usr/bin/env bash
# The reluflow command from outside: exit codes, one-line errors, files, interruption.
#
#     cli.sh RELUFLOW CASES    CASES is the directory of the reference problems
set -uo pipefail

reluflow=$(realpath "$1")
cases=$(realpath "$2")
. "$(dirname "$0")/checks.sh"

# --- a small problem, quick to run --------------------------------------------------------------

mkdir problem
cat >problem/points.csv <<'CSV'
x1,x2,y
-0.5,1,-1
2,1,1
CSV
cat >problem/network.csv <<'CSV'
sign,log_norm,w1,w2
1,-4,0.6,0.8
-1,-4.5,-0.28,0.96
1,-5,-0.8,-0.6
CSV
cat >problem/problem.toml <<'TOML'
[data]
file = "points.csv"
[network]
file = "network.csv"
[flow]
t_end = 20.0
[record]
count = 11
TOML
p=problem/problem.toml

# --- help, version, usage -----------------------------------------------------------------------

runs 0 --version
check "--version prints name and number" grep -qxE 'reluflow [0-9]+\.[0-9]+\.[0-9]+' stdout
runs 0 --help
check "--help lists run" grep -q '^  run ' stdout
check "--help lists resume" grep -q '^  resume ' stdout
check "--help lists plot" grep -q '^  plot ' stdout
check "--help lists predict" grep -q '^  predict ' stdout
check "--help lists report" grep -q '^  report ' stdout
check "--help lists verify" grep -q '^  verify ' stdout
runs 0 run --help
check "run --help lists --set" grep -q -- '--set' stdout
complains 2 "A subcommand is required"
complains 2 "--out is required" run $p
complains 2 "PROBLEM is required" run --out out
complains 2 "PROBLEM is required" predict
complains 2 "The following argument was not expected: --out" predict $p --out
complains 2 "The following argument was not expected: --fast" run $p --out out --fast
complains 2 '--threads: found "0", expected an integer from 1 to 4096' run $p --out out --threads 0
complains 2 '--threads: found "two", expected an integer from 1 to 4096' \
  run $p --out out --threads two
complains 2 '--seed: found "-1", expected an integer from 0 to 9223372036854775807' \
  run $p --out out --seed -1
complains 2 '--seed: found "1.5", expected an integer from 0 to 9223372036854775807' \
  run $p --out out --seed 1.5

# --- bad input: exit code 2, one line that names place, found, expected ------------------------------

complains 2 "none.toml: found no such file, expected a problem file" run none.toml --out out

# bad_file FILE TEXT MESSAGE: the problem with one file replaced
bad_file() {
  rm -rf bad
  cp -r problem bad
  printf '%b' "$2" >"bad/$1"
  complains 2 "$3" run bad/problem.toml --out out
}

bad_file points.csv '' 'bad/points.csv, line 1: found an empty file, expected the header x1,...,xd,y'
bad_file points.csv 'y\n1\n' 'bad/points.csv, line 1: found "y", expected the header x1,...,xd,y'
bad_file points.csv 'x1,x2,y\n' \
  'bad/points.csv, line 2: found the end of the file, expected at least one sample'
bad_file points.csv 'x1,x2,y\n1,2,3\n1,2\n' \
  'bad/points.csv, line 3: found 2 fields, expected 3 fields as in the header'
bad_file points.csv 'x1,x2,y\n1,nan,3\n' \
  'bad/points.csv, line 2: found "nan" in column x2, expected a finite number'
bad_file points.csv 'x1,x2,y\n0,0,3\n' \
  'bad/points.csv, line 2: found an input of norm zero, expected at least one coordinate that is not zero'
bad_file network.csv 'sign,log_norm,w1,w2\n2,0,1,0\n' \
  'bad/network.csv, line 2: found "2" in column sign, expected +1 or -1'
bad_file network.csv 'a,w1,w2,w3\n1,0,1,0\n' \
  'bad/network.csv, line 1: found neurons in dimension 3, expected 2, the dimension of the data and its bias, if any'

# bad_set ASSIGNMENT MESSAGE: the problem with one value replaced
bad_set() {
  complains 2 "$2" run $p --out out --set "$1"
}

bad_set data.file=none.csv \
  'problem/none.csv: found no such file, expected a CSV file with the header x1,...,xd,y'
bad_set flow.tend=3 \
  '--set: found the unknown key "tend" in [flow], expected one of t_end, rtol, atol, chart, switching, rule, stop_loss, stop_gradient, max_steps, max_stalled_switches'
bad_set flow.t_end=true '--set, flow.t_end: found true, expected a finite number'
bad_set flow.t_end=-3 '--set, flow.t_end: found -3, expected a finite positive time'
bad_set network.file '--set: found "network.file", expected section.key=value, e.g. flow.t_end=40'
complains 2 '--set, network.scale: found -1, expected a positive number' \
  run $p --out out --set network.init=balanced --set network.width=3 --set network.scale=-1
complains 2 '--set, network.width: found 0, expected an integer that is at least 1' \
  run $p --out out --set network.init=balanced --set network.width=0 --set network.scale=1
check "nothing was written for bad input" test ! -e out

# A name with a line break still makes one line.
runs 2 run $'no\nsuch.toml' --out out
check "one line whatever the name" test "$(wc -l <stderr)" -eq 1

# --- a run ----------------------------------------------------------------------------------------

runs 0 run $p --out out --no-plots
check "the summary goes to standard output" grep -q '^reached_end at t = 20$' stdout
check "nothing on standard error in a pipe" test ! -s stderr
for file in problem.toml points.csv network_initial.csv trajectory.csv switches.csv sliding.csv \
  phases.csv predictions.csv network.csv trajectory.npz summary.json; do
  check "out/$file is there" test -s "out/$file"
done
check "no temporary file is left" test -z "$(find out -name '.*.tmp')"
check "eleven times were recorded" test "$(wc -l <out/trajectory.csv)" -eq 12
check "the header of trajectory.csv" \
  test "$(head -1 out/trajectory.csv)" = "t,loss,mu,mu_mean,gradient_norm,active,sliding"
check "the header of switches.csv" test "$(head -1 out/switches.csv)" = \
  "t,neuron,sample,from,to,t_error,certain"
check "the header of network.csv" test "$(head -1 out/network.csv)" = "sign,log_norm,a,w1,w2"
check "the summary names the outcome" grep -q '"outcome": "reached_end"' out/summary.json

runs 0 run $p --out quiet --no-plots --quiet
check "--quiet prints nothing" test ! -s stdout
check "--quiet prints no error" test ! -s stderr

check "the header of phases.csv" test "$(head -1 out/phases.csv)" = "name,t,note"
check "phases begin at 0" grep -q '^[a-z ]*,0,until t = ' out/phases.csv
check "half-fit times are stopping times" grep -q '^T_+,[0-9.]*,' out/phases.csv
check "the header of predictions.csv" \
  test "$(head -1 out/predictions.csv)" = "name,kind,predicted,measured,difference,reference,note,assumptions"
check "a prediction is compared" \
  grep -qE '^reactivations,exact,0,0,0,"paper A, Lemma 6; theory A17",,hold$' out/predictions.csv
check "a prediction that does not apply says why" \
  grep -q '^t_2,asymptotic,.*not met: inputs have norm 1.*,fail$' out/predictions.csv

# Neurons that are all zero stay where they are, and the theory is silent.
printf 'a,w1,w2\n0.5,0,0\n' >problem/zero.csv
runs 0 run $p --out zero --no-plots --quiet --set network.file=zero.csv
check "no phases of nothing" test "$(wc -l <zero/phases.csv)" -eq 1
check "no predictions of nothing" test "$(wc -l <zero/predictions.csv)" -eq 1

# --- what the theory says ---------------------------------------------------------------------------

runs 0 predict $p
check "predict counts" grep -qxE '[0-9]+ of [0-9]+ closed forms apply' stdout
check "predict prints numbers" grep -qE '^  limit_squared_norm +2\.683281573 +asymptotic' stdout
check "predict says why not" grep -qE '^  t_2 +not met: inputs have norm 1' stdout
check "predict prints nothing else" test ! -s stderr
runs 0 predict "$cases/random_d3/problem.toml"
check "paper A needs orthogonality" grep -qE '^  reactivations +not met: inputs are pairwise' stdout
check "bounds of any state apply" grep -qE '^  state_bound_lower +1 +lower bound' stdout
check "predict names the worst pair" grep -q 'largest |cosine| 0\.[0-9]*, samples' stdout
complains 2 "none.toml: found no such file, expected a problem file" predict none.toml
complains 2 '--set, flow.t_end: found -3, expected a finite positive time' \
  predict $p --set flow.t_end=-3
complains 2 "network: found no neuron with w != 0, expected at least one" \
  predict $p --set network.file=zero.csv

# --- never overwrite without --force -----------------------------------------------------------------

before=$(cat out/summary.json)
complains 2 "out: found a finished run, expected a directory without the files of a run (--force overwrites)" \
  run $p --out out --no-plots
check "the run is untouched" test "$before" = "$(cat out/summary.json)"
complains 2 "problem: found the file problem.toml, expected a directory without the files of a run (--force overwrites)" \
  run $p --out problem --no-plots
runs 0 run $p --out out --no-plots --force --set flow.t_end=10
check "--force overwrites" grep -q '"t": 10.0' out/summary.json

# --- the same again, from the files of the run -------------------------------------------------------

runs 0 run out/problem.toml --out again --no-plots --quiet
same_tables out again
runs 0 run out/problem.toml --out one_thread --no-plots --quiet --threads 1
same_tables out one_thread
runs 0 run $p --out direct --no-plots --quiet --set flow.t_end=10
same_tables out direct

for name in two_point one_slides random_d3 orthonormal_1e-100; do
  runs 0 run "$cases/$name/problem.toml" --out "case_$name" --no-plots --quiet
  runs 0 run "case_$name/problem.toml" --out "case_again_$name" --no-plots --quiet --threads 2
  same_tables "case_$name" "case_again_$name"
done

generated=(--set data.generator=gaussian --set data.samples=6 --set data.dimension=3
  --set data.noise=0.3 --set network.init=balanced --set network.width=5 --set network.scale=1e-2)
runs 0 run $p --out seed_3 --no-plots --quiet "${generated[@]}" --seed 3
runs 0 run $p --out seed_3_again --no-plots --quiet "${generated[@]}" --seed 3
runs 0 run $p --out seed_4 --no-plots --quiet "${generated[@]}" --seed 4
same_tables seed_3 seed_3_again
check "another seed is another problem" test "$(cat seed_3/points.csv)" != "$(cat seed_4/points.csv)"
check "the seed stands in the summary" grep -q '"seed": 3' seed_3/summary.json
runs 0 run seed_3/problem.toml --out seed_3_rerun --no-plots --quiet
same_tables seed_3 seed_3_rerun

# --- outcomes and their exit codes --------------------------------------------------------------------

runs 0 run $p --out converged --no-plots --set flow.stop_loss=0.49
check "converged answers the request" grep -q '"outcome": "converged"' converged/summary.json
complains_no_answer() {
  local outcome=$1 out=$2
  shift 2
  runs 3 run $p --out "$out" --no-plots --quiet "$@"
  check "$outcome is named in the summary" grep -q "\"outcome\": \"$outcome\"" "$out/summary.json"
  check "$outcome is one line on standard error" test "$(wc -l <stderr)" -eq 1
  check "$outcome is named on standard error" grep -q "^reluflow: the run ended with $outcome at" stderr
}
complains_no_answer step_limit limit --set flow.max_steps=1

# Interrupted at any moment of the run, what was computed is written. The problem is large enough for
# minutes of work.
slow=(--set data.generator=gaussian --set data.samples=1000 --set data.dimension=20
  --set network.init=gaussian --set network.width=1000 --set network.scale=1e-3
  --set flow.t_end=1e6 --set record.times=[0,1e6])
for signal in INT TERM; do
  # A shell's background job ignores SIGINT, and a program inherits that: setsid --wait and env give
  # the default back.
  env --default-signal=INT,TERM "$reluflow" run $p --out "stopped_$signal" --no-plots "${slow[@]}" \
    >stdout 2>stderr &
  job=$!
  sleep 1
  kill -s "$signal" "$job"
  wait "$job"
  code=$?
  check "SIG$signal ends with 130, not $code" test "$code" -eq 130
  check "SIG$signal is the outcome" \
    grep -q '"outcome": "interrupted"' "stopped_$signal/summary.json"
  check "SIG$signal leaves complete tables" test -s "stopped_$signal/network.csv"
done

# --- the system fails: exit code 2, one line ------------------------------------------------------------

: >plain_file
complains 2 "plain_file/out: Not a directory" run $p --out plain_file/out
complains 2 "plain_file: Not a directory" run $p --out plain_file

# A limit on the size of files acts like a disk that is full.
checks=$((checks + 1))
(
  trap '' XFSZ
  ulimit -f 1
  exec "$reluflow" run $p --out full --no-plots --set record.count=200
) >stdout 2>stderr
code=$?
[ "$code" -eq 2 ] || fail "a full disk ends with 2, not $code"
check "a full disk is one line" test "$(wc -l <stderr)" -eq 1
check "a full disk is named" grep -q '^reluflow: full/.*: File too large$' stderr
check "a full disk leaves no summary" test ! -e full/summary.json
check "a full disk leaves no half file" test -z "$(find full -name '.*')"

if [ -w /dev/full ]; then
  checks=$((checks + 1))
  "$reluflow" run $p --out full_output --no-plots >/dev/full 2>stderr
  code=$?
  [ "$code" -eq 2 ] || fail "standard output that is full ends with 2, not $code"
  check "standard output that is full is one line" test "$(wc -l <stderr)" -eq 1
fi

# --- figures -----------------------------------------------------------------------------------------------

complains 2 "nowhere: found no summary.json, expected the directory of a finished run" plot nowhere
# Without gnuplot the run succeeds with one warning, and the scripts are there.
mkdir empty_path
checks=$((checks + 1))
PATH=$work/empty_path "$reluflow" run $p --out bare --quiet >stdout 2>stderr ||
  fail "a missing gnuplot makes the run fail"
check "a missing gnuplot is one line" test "$(wc -l <stderr)" -eq 1
check "a missing gnuplot is a warning" grep -q '^reluflow: warning: .*gnuplot' stderr
if command -v gnuplot >/dev/null; then
  runs 0 plot bare
  check "the figures are there" test -s bare/figures/loss.svg
fi

# --- a page ------------------------------------------------------------------------------------------------

complains 2 "nowhere: found no summary.json, expected the directory of a finished run" report nowhere
complains 2 "problem: found no summary.json, expected the directory of a finished run" report problem
complains 2 "DIR is required" report
if command -v gnuplot >/dev/null; then
  runs 0 report bare
  check "the name of the page is printed" test "$(cat stdout)" = bare/report.html
  check "no warning" test ! -s stderr
  check "the page is whole" test "$(tail -1 bare/report.html)" = "</html>"
  check "the page has its figures" grep -q '<svg id="figure-raster"' bare/report.html
  page=$(cat bare/report.html)
  runs 0 report bare
  check "the same run gives the same page" test "$page" = "$(cat bare/report.html)"
  runs 0 report bare --out elsewhere.html
  check "--out puts the page elsewhere" cmp -s bare/report.html elsewhere.html
  runs 0 report converged --out elsewhere.html
  check "a report may be replaced" grep -q '<title>Run converged</title>' elsewhere.html
fi
echo '<!DOCTYPE html>' >mine.html
complains 2 "mine.html: found a file that is no report, expected no file, or a report that may be replaced" \
  report bare --out mine.html
check "a page of the user's is untouched" test "$(cat mine.html)" = '<!DOCTYPE html>'
complains 2 "problem: found a directory, expected no file, or a report that may be replaced" \
  report bare --out problem
ln -s mine.html link.html
complains 2 "link.html: found a file that is no report, expected no file, or a report that may be replaced" \
  report bare --out link.html
complains 2 "plain_file/page.html: Not a directory" report bare --out plain_file/page.html
# Without gnuplot the page is there, with one warning.
checks=$((checks + 1))
PATH=$work/empty_path "$reluflow" report converged >stdout 2>stderr
code=$?
[ "$code" -eq 1 ] || fail "figures that are missing end with 1, not $code"
check "missing figures are one line" test "$(wc -l <stderr)" -eq 1
check "missing figures are a warning" grep -q '^reluflow: warning: .*gnuplot' stderr
check "missing figures are named on the page" grep -q 'Not drawn: loss' converged/report.html
# A run that replaces another takes its page with it, and no other page.
cp converged/report.html other.html
runs 0 run $p --out converged --no-plots --quiet --force
check "no page of another run is left" test ! -e converged/report.html
echo mine >converged/report.html
runs 0 run $p --out converged --no-plots --quiet --force
check "a page of the user's stays" test "$(cat converged/report.html)" = mine

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
