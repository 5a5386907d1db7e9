#!/usr/bin/env bash
# Builds reluflow and runs its first example: paper A's two points, from almost zero weights to the
# fitted function, with figures.
#
#     scripts/demo.sh [DIRECTORY]    figures and tables go there (default: out/two_point, which
#                                    is overwritten; another directory that holds a run is not)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
force=()
if [[ $# -eq 0 ]]; then
  set -- "$root/out/two_point"
  force=(--force)
fi
out=$(realpath -m -- "$1")

"$root/scripts/setup.sh"

cd "$root"
cmake --preset release >/dev/null
cmake --build --preset release --parallel "$(nproc)" --target reluflow_app example_two_point

mkdir -p "$out"
build/release/examples/two_point --out "$out" "${force[@]}"

echo
echo "Figures and tables in $out:"
find "$out" -type f \( -name '*.png' -o -name '*.svg' -o -name '*.gif' \) | sort | sed 's/^/  /'
