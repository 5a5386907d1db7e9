# What the tests of the command line share. Read by bash from a script that has set $reluflow; goes to a
# scratch directory that vanishes at the end.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

failures=0
checks=0

fail() {
  failures=$((failures + 1))
  echo "FAILED: $*" >&2
}

# check DESCRIPTION COMMAND...
check() {
  local description=$1
  shift
  checks=$((checks + 1))
  "$@" || fail "$description"
}

# runs CODE ARGUMENTS...: the command ends with CODE; its streams are kept in ./stdout and ./stderr
runs() {
  local expected=$1
  shift
  checks=$((checks + 1))
  "$reluflow" "$@" >stdout 2>stderr
  local code=$?
  if [ "$code" -ne "$expected" ]; then
    fail "reluflow $*: exit code $code instead of $expected: $(head -c 300 stderr)"
  fi
}

# complains CODE MESSAGE ARGUMENTS...: ends with CODE and exactly one line on standard error
complains() {
  local expected=$1 message=$2
  shift 2
  runs "$expected" "$@"
  local text
  text=$(cat stderr)
  [ "$text" = "reluflow: $message" ] || fail "reluflow $*: said '$text' instead of '$message'"
  [ "$(wc -l <stderr)" -eq 1 ] || fail "reluflow $*: not exactly one line on standard error"
  [ ! -s stdout ] || fail "reluflow $*: printed on standard output"
}

# same_tables A B: every table is byte-identical, and so are the states
same_tables() {
  local file
  for file in "$1"/*.csv "$1"/trajectory.npz "$1"/problem.toml; do
    checks=$((checks + 1))
    cmp -s "$file" "$2/${file##*/}" || fail "$file differs from $2/${file##*/}"
  done
}

# gaussian_problem: prints a small problem of unbalanced neurons, to which keys of [flow] can be added
gaussian_problem() {
  cat <<'TOML'
[data]
generator = "gaussian"
samples = 6
dimension = 2
[network]
init = "gaussian"
width = 5
scale = 0.1
[flow]
t_end = 5.0
TOML
}
