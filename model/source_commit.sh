#!/bin/sh
# Prints the last commit that touched what decides which bytes a training gives, with -changed when
# there are later changes; weights, texts and reports do not count.
set -eu
cd "$(dirname "$0")/.."
if ! git rev-parse --git-dir >/dev/null 2>&1; then
  echo unknown
  exit
fi
sources='CMakeLists.txt cmake/flags.cmake shared model :!model/*.onnx :!model/*.md :!model/*.json'
# shellcheck disable=SC2086  # one word a path
commit=$(git log -1 --format=%H -- $sources)
# shellcheck disable=SC2086
git diff --quiet HEAD -- $sources || commit=$commit-changed
echo "$commit"
