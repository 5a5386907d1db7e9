#!/usr/bin/env bash
# Installs through apt-get what building, testing and plotting need, when something is missing.
# Silent when nothing is. Both demo.sh and test.sh call it first.
#
#     scripts/setup.sh         what the two commands of the README need
#     scripts/setup.sh --ci    and what continuous integration adds: a second compiler with its sanitizers, MPI, Doxygen, a browser
#     scripts/setup.sh --bench and the peers of bench/compare, which can do without them
#
# Exit code 2: this machine needs a hand. On systems without apt, install what is listed and set
# RELUFLOW_SKIP_SETUP=1.
set -euo pipefail

packages=(
  build-essential
  cmake
  ninja-build
  pkg-config
  libboost-dev
  libboost-filesystem-dev
  libboost-iostreams-dev
  libboost-system-dev
  libboost-test-dev
  libeigen3-dev
  libfmt-dev
  libcli11-dev
  libtomlplusplus-dev
  nlohmann-json3-dev
  libcereal-dev
  libspectra-dev
  libzip-dev
  # gnuplot-nox goes with libgnuplot-iostream-dev: left to choose, apt takes the Qt variant.
  libgnuplot-iostream-dev
  gnuplot-nox
  fonts-dejavu-core
  librapidcheck-dev
  libbenchmark-dev
)
ci_packages=(
  clang
  libclang-rt-14-dev
  libomp-14-dev
  # sweeps over MPI ranks
  libopenmpi-dev
  openmpi-bin
  # the API reference; reports in a browser
  doxygen
  chromium
  chromium-driver
  python3
)
bench_packages=(
  libsundials-dev
)

case "${1:-}" in
  "") ;;
  --ci) packages+=("${ci_packages[@]}") ;;
  --bench) packages+=("${bench_packages[@]}") ;;
  *)
    echo "usage: setup.sh [--ci | --bench]" >&2
    exit 2
    ;;
esac

if [[ -n "${RELUFLOW_SKIP_SETUP:-}" ]]; then
  exit 0
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  {
    echo "setup.sh: apt-get not found. reluflow needs, under their Debian names:"
    printf '  %s\n' "${packages[@]}"
    echo "Install their equivalents, then run again with RELUFLOW_SKIP_SETUP=1."
  } >&2
  exit 2
fi

# dpkg-query fails when it does not know one of the names; what it prints is still complete.
installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  if ! grep -qxF "$package installed" <<<"$installed"; then
    missing+=("$package")
  fi
done
if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "setup.sh: to install, run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 2
  fi
  as_root=(sudo)
fi

echo "Installing: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${missing[@]}"
