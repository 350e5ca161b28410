#!/bin/sh
# Builds everything and runs every test, and stops at the first stage that fails.
set -eu
cd "$(dirname "$0")/.."
step=cmake/step.sh
with=cmake/with-toolchain.sh

$step 'build asan' cmake/build.sh asan
$step 'C++ tests, with ASan and UBSan' ctest --test-dir build/asan --output-on-failure --no-tests=error
$step 'build native' cmake/build.sh native insitu insitu-server insitu-fit-gate
$step 'build train' cmake/build.sh train
# The ONNX project's own tests of its operators; exits with 1 when any fails. What the engine does
# not run is listed with its reason.
$step 'ONNX backend tests' sh -c \
  'build/native/insitu onnx-test build/sources/libonnx-testdata/usr/share/libonnx-testdata/data/[nps]*/test_* >build/onnx-tests.txt; status=$?; tail -n 1 build/onnx-tests.txt; exit $status'
$step 'build wasm-simd' cmake/build.sh wasm-simd
$step 'build wasm-relaxed' cmake/build.sh wasm-relaxed
$step 'build site' $with node public/build.mjs
# The real wasm and all TypeScript in node; then the built site in Debian's Chromium.
# No --test-force-exit: it cuts off what a file has reported but not yet written. A hanging test ends
# by the limit instead.
node_tests="$with node --disable-warning=ExperimentalWarning --test --test-timeout=600000 \
  --test-reporter=./tests/reporter.mjs"
# shellcheck disable=SC2086  # a command and its words
$step 'tests in node' $node_tests --test-concurrency=2 tests/*.test.ts
# shellcheck disable=SC2086
$step 'tests of the page' $node_tests --test-concurrency=2 tests/page/*.test.ts
# shellcheck disable=SC2086
$step 'tests of the page, one at a time' $node_tests --test-concurrency=1 tests/page/alone/*.test.ts
