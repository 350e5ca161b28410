#!/bin/sh
# Evaluates every model that has a card, or those named, and writes report and card anew:
#   model/cards.sh [model/NAME.card.toml…]
# What to evaluate on is the line `evaluate = "…"` of model/NAME.card.toml; by which command of insitu,
# the line `command = "…"`, where it has one.
set -eu
cd "$(dirname "$0")/.."
insitu=build/native/insitu
trap 'rm -f model/*.new' EXIT

[ $# -gt 0 ] || set -- model/*.card.toml
for facts; do
  name=${facts%.card.toml}
  words=$(sed -n 's/^evaluate = "\(.*\)"$/\1/p' "$facts")
  if [ -z "$words" ]; then
    echo "$facts needs a line  evaluate = \"--cases LIST.txt FOLDER\"" >&2
    exit 1
  fi
  command=$(sed -n 's/^command = "\(.*\)"$/\1/p' "$facts")
  # shellcheck disable=SC2086  # one word a word
  $insitu "${command:-evaluate}" --model "$name.onnx" --json $words >"$name.report.json.new"
  mv "$name.report.json.new" "$name.report.json"
  $insitu card --model "$name.onnx" --report "$name.report.json" >"$name.md.new"
  mv "$name.md.new" "$name.md"
  echo "$name.report.json, $name.md"
done
