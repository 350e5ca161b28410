#!/bin/sh
# Writes the lists of XNNPACK's files that InSitu needs: <kind>.txt beside this script.
# XNNPACK's operators and the kernels that they may use are compiled three times: some minutes.
set -eu
cd "$(dirname "$0")"
with=../with-toolchain.sh
build=../../build/xnnpack-sources

# find_sources KIND CMAKE_OPTION…
find_sources() {
  kind=$1
  shift
  "$with" cmake -S . -B "$build/$kind" -G Ninja -D CMAKE_BUILD_TYPE=Release \
    -D INSITU_XNNPACK_SEARCH=ON "$@"
  "$with" cmake --build "$build/$kind"
  # The map names the object of each function and datum that stayed in the program.
  grep -vE ':\(\.(eh_frame|comment|debug|note)' "$build/$kind/used_operators.map" |
    sed -nE -e 's#.*build/sources/(.*\.(c|cc))\.o:\(.*#\1#p' \
      -e 's#.*/wasm_(gemm|dwconv)_config\.c\.o:\(.*#xnnpack/src/configs/\1-config.c#p' |
    LC_ALL=C sort -u >"$kind.txt"
  wc -l "$kind.txt"
}

# shellcheck disable=SC2016  # with-toolchain.sh knows EMSCRIPTEN
emscripten=$("$with" sh -c 'echo "$EMSCRIPTEN"')/cmake/Modules/Platform/Emscripten.cmake
find_sources wasm -D CMAKE_TOOLCHAIN_FILE="$emscripten"
find_sources wasm_relaxed -D CMAKE_TOOLCHAIN_FILE="$emscripten" -D INSITU_RELAXED_SIMD=ON
find_sources x86_64 -D CMAKE_C_COMPILER=clang-19 -D CMAKE_CXX_COMPILER=clang++-19
