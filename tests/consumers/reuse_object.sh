#!/usr/bin/env bash
# The compiler launcher of the consumers that bring reluflow's sources into a build of their own: an
# object that this build has made by the very same command, directories apart, is copied; everything
# else is compiled. (A compiler cache finds none of them: a precompiled header knows its directory.)
#
#     reuse_object.sh BUILD COMPILER ARGUMENT...    BUILD: the build tree that has objects
set -euo pipefail

build=$1
shift
command="$*"

if [[ $command =~ " -o "([^ ]*/)?((lib|solvers|plots)/CMakeFiles/[^ ]+)" -c " ]]; then
  prefix=${BASH_REMATCH[1]}
  object=${BASH_REMATCH[2]}
  dependencies=$prefix$object.d

  # Both commands as they would read in the build directory of reluflow alone.
  here=${command/ -MD -MT "$prefix$object" -MF "$dependencies"/}
  here=${here//"$PWD/$prefix"/}
  here=${here//" $prefix"/ }
  there=$(sed -n 's|^  "command": "\(.*\)",$|\1|p' "$build/compile_commands.json" |
    grep -F -- " -o $object -c " || true)
  there=${there//"$build/"/}

  if [[ $here == "$there" && -f $build/$object ]]; then
    cp "$build/$object" "$prefix$object"
    # What a change of any source or header changes first.
    echo "$prefix$object: $build/$object" >"$dependencies"
    exit 0
  fi
fi

exec "$@"
