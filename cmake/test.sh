#!/bin/sh
# Builds everything and runs every test, and stops at the first stage that fails.
set -eu
cd "$(dirname "$0")/.."
step=cmake/step.sh
with=cmake/with-toolchain.sh

$step 'build asan' cmake/build.sh asan
$step 'C++ tests, with ASan and UBSan' ctest --test-dir build/asan --output-on-failure --no-tests=error
$step 'build native' cmake/build.sh native
$step 'build wasm-simd' cmake/build.sh wasm-simd
$step 'build wasm-relaxed' cmake/build.sh wasm-relaxed
$step 'build site' $with node public/build.mjs
$step 'tests in node' $with node --test 'tests/*.test.ts'
$step 'tests of the page' $with node --test 'tests/page/*.test.ts'
