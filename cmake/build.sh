#!/bin/sh
# Builds one preset of CMakePresets.json. CMake is configured only the first time; after that Ninja
# sees by itself whether it has to be again.
set -eu
cd "$(dirname "$0")/.."
[ -e "build/$1/build.ninja" ] || cmake/with-toolchain.sh cmake --preset "$1"
exec cmake/with-toolchain.sh cmake --build --preset "$1"
