#!/bin/sh
# Formatters and linters; they only look.
set -eu
cd "$(dirname "$0")/.."
step=cmake/step.sh
with=cmake/with-toolchain.sh
ours='backend model public shared tests wasm'

# shellcheck disable=SC2046,SC2086  # one word a file
$step 'clang-format' clang-format-19 --dry-run --Werror \
  $(find $ours -name '*.cc' -o -name '*.h')
$step 'prettier' $with prettier --log-level warn --check .
$step 'eslint' $with eslint .
for program in tsconfig.json tsconfig.worker.json tsconfig.tests.json; do
  $step "tsc, $program" $with tsc -p "$program"
done
$step 'clang-tidy' run-clang-tidy-19 -quiet -p build/native \
  "^$PWD/(backend|model|shared|tests|wasm)/"
