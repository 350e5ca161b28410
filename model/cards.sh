#!/bin/sh
# Evaluates every model that has a card and writes its report and card anew:   model/cards.sh
# What to evaluate on is the line `evaluate = "…"` of model/NAME.card.toml.
set -eu
cd "$(dirname "$0")/.."
insitu=build/native/insitu
trap 'rm -f model/*.new' EXIT

for facts in model/*.card.toml; do
  name=${facts%.card.toml}
  words=$(sed -n 's/^evaluate = "\(.*\)"$/\1/p' "$facts")
  if [ -z "$words" ]; then
    echo "$facts needs a line  evaluate = \"--cases LIST.txt FOLDER\"" >&2
    exit 1
  fi
  # shellcheck disable=SC2086  # one word a word
  $insitu evaluate --model "$name.onnx" --json $words >"$name.report.json.new"
  mv "$name.report.json.new" "$name.report.json"
  $insitu card --model "$name.onnx" --report "$name.report.json" >"$name.md.new"
  mv "$name.md.new" "$name.md"
  echo "$name.report.json, $name.md"
done
