#!/usr/bin/env bash
# reluflow verify: the table, its exit code, and that it writes nothing unasked.
#
#     verify.sh RELUFLOW CASES    CASES is the directory of the reference problems
set -uo pipefail

reluflow=$(realpath "$1")
cases=$(realpath "$2")
. "$(dirname "$0")/checks.sh"
number='[0-9]\.[0-9]{2}e[+-][0-9]{2,3}'

# --- the reference problems agree with themselves ----------------------------------------------------

for name in two_point one_slides random_d3; do
  runs 0 verify "$cases/$name/problem.toml"
  check "$name: the loss and its error" \
    grep -qE "^final loss [0-9.e+-]+ at t = [0-9]+, estimated error $number$" stdout
  check "$name: the smaller tolerance" \
    grep -qE "^  rtol 1e-11 +$number +$number +[0-9]+ +0 +$number +$number +reached_end +[0-9.e-]+ +agrees$" stdout
  check "$name: the other chart" grep -qE "^  chart cartesian .* agrees$" stdout
  check "$name: the other switching" grep -qE "^  switching [a-z]+ .* agrees$" stdout
  check "$name: all agree" grep -qx "all agree" stdout
  check "$name: nothing on standard error" test ! -s stderr
done
runs 0 verify "$cases/one_slides/problem.toml" --set flow.chart=cartesian
check "from the Cartesian chart it goes to the spherical one" \
  grep -qE "^  chart spherical .* agrees$" stdout
check "nothing was written" test -z "$(find . -mindepth 1 -not -name stdout -not -name stderr)"

# --- where there is no other chart ----------------------------------------------------------------------

gaussian_problem >gaussian.toml
runs 0 verify gaussian.toml
check "unbalanced neurons have one chart" \
  grep -qE "^  chart spherical +not possible: .*balanced" stdout
runs 0 verify gaussian.toml --set network.init=balanced --set network.log_scale=-1000
check "neurons that no double holds have one chart" grep -qE "^  chart cartesian +not possible: " stdout
runs 0 verify gaussian.toml --set flow.rtol=1e-13
check "there is a smallest tolerance" grep -qE "^  rtol 1e-13 +not possible: " stdout

# --- runs without an answer ------------------------------------------------------------------------------

complains 3 "gaussian.toml: found a run that ends with step_limit, expected one with an answer" \
  verify gaussian.toml --set flow.max_steps=3 --out unwritten
check "no table of it" test ! -e unwritten/verify.csv

# --- what is written ----------------------------------------------------------------------------------------

runs 0 verify gaussian.toml --out checked --quiet
check "--quiet prints nothing" test ! -s stdout
check "the table as a file" test "$(wc -l <checked/verify.csv)" -eq 5
check "its header" test "$(head -1 checked/verify.csv)" = \
  "run,loss_curve,final_loss,matched,missed,switch_time,switch_errors,outcome,seconds,verdict"
check "its verdicts" grep -qE "^switching global,[^,]+,[^,]+,[0-9]+,0,[^,]+,[^,]+,reached_end,[^,]+,agrees$" \
  checked/verify.csv
complains 2 "checked: found the file verify.csv, expected a directory without it (--force overwrites)" \
  verify gaussian.toml --out checked
runs 0 verify gaussian.toml --out checked --quiet --force
complains 2 "none.toml: found no such file, expected a problem file" verify none.toml
complains 2 '--set, flow.rtol: found 1, expected a tolerance in [1e-13, 1e-2]' \
  verify gaussian.toml --set flow.rtol=1.0

# --- the estimate in the summary ------------------------------------------------------------------------------

runs 0 run gaussian.toml --out run --no-plots --quiet
check "summary.json carries the estimate" grep -qE '"loss_error": [0-9.]+(e-[0-9]+)?,' run/summary.json

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
