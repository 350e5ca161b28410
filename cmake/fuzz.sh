#!/bin/sh
# Runs every fuzzer for FUZZ_SECONDS (60) on what it has found so far, and at first on made seeds;
# stops at the first that finds something. That input stays in build/fuzz/found: give it a test of
# its own beside the other tests of its unit.
set -eu
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
fuzz=build/fuzz
rm -rf "$fuzz/seeds"
"$fuzz/make_seeds" "$fuzz/seeds"
mkdir -p "$fuzz/found"
for target in config deflate evaluation_checkpoint image jpeg2000 jpeg_strip jpegls json_body lists \
    model_config model_info onnx png_strip request_head; do
  corpus=$fuzz/corpus/$target
  log=$fuzz/$target.log
  mkdir -p "$corpus"
  echo "== fuzz $target for $seconds s"
  # An input may take 10 s, with sanitizers and on a busy machine, and 2 GiB.
  if "$fuzz/${target}_fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2560 \
      -artifact_prefix="$fuzz/found/$target-" -print_final_stats=1 \
      "$corpus" "$fuzz/seeds/$target" >"$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "== fuzz $target: nothing found in $runs runs, $(ls "$corpus" | wc -l) inputs kept"
  else
    tail -n 40 "$log"
    echo "== fuzz $target: FOUND something, see $fuzz/found; the whole log: $log"
    exit 1
  fi
done
