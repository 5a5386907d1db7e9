#!/usr/bin/env bash
# Builds everything with warnings as errors and runs all tests.
#
#     scripts/test.sh [CTEST-ARGUMENT...]    e.g. scripts/test.sh -L unit
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/setup.sh"

cd "$root"
cmake --preset dev >/dev/null
cmake --build --preset dev --parallel "$(nproc)"
ctest --preset dev --parallel "$(nproc)" "$@"
