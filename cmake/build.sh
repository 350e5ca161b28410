#!/bin/sh
# Builds one preset of CMakePresets.json, or of it only the targets named:   cmake/build.sh PRESET [TARGET…]
# CMake is configured only the first time; after that Ninja sees by itself whether it has to be again.
set -eu
cd "$(dirname "$0")/.."
preset=$1
shift
[ -e "build/$preset/build.ninja" ] || cmake/with-toolchain.sh cmake --preset "$preset"
[ $# = 0 ] || set -- --target "$@"
exec cmake/with-toolchain.sh cmake --build --preset "$preset" "$@"
