# InSitu's verbs. What they do is in cmake/, CMakePresets.json and package.json.
step := cmake/step.sh
with := cmake/with-toolchain.sh

.PHONY: help setup native asan tsan wasm site run test fuzz bench bench-server bench-scan bench-resampling \
  lint check format train models mammogram gate section cards clean

help:  ## this list
	@sed -n 's/^\([a-z ,-]*\):.*## /  make \1\t/p' Makefile | expand -t 26

setup:  ## bring this machine to where InSitu builds (Debian 12 or 13)
	@cmake/setup.sh run

native asan tsan: setup  ## native programs: optimised; with ASan and UBSan; with TSan
	@$(step) "build $@" cmake/build.sh $@

wasm: setup  ## the engine for browsers, with SIMD and with relaxed SIMD
	@$(step) "build wasm-simd" cmake/build.sh wasm-simd
	@$(step) "build wasm-relaxed" cmake/build.sh wasm-relaxed

site: wasm  ## the page, in build/site
	@$(step) "build site" $(with) node public/build.mjs

run: native site  ## serve the page and open accounts at http://127.0.0.1:8080; data in build/data
	@build/native/insitu-server --config backend/deploy/try.toml

test:  ## build everything and run every test
	@cmake/setup.sh run test train
	@cmake/test.sh

fuzz:  ## each fuzzer for FUZZ_SECONDS (60), with ASan and UBSan
	@cmake/setup.sh run test
	@$(step) "build fuzz" cmake/build.sh fuzz
	@cmake/fuzz.sh

BENCH =
bench: wasm  ## the engine beside TensorFlow.js, ONNX Runtime and LiteRT; BENCH="--networks seed --batches 1"
	@cmake/setup.sh bench
	@for preset in native wasm-simd wasm-relaxed; do \
	  $(step) "build $$preset network_bench" cmake/build.sh $$preset network_bench || exit 1; done
	@$(with) node --disable-warning=ExperimentalWarning tests/bench/engines.ts $(BENCH)

bench-server: native  ## how fast the server is, how it stands a flood, what its times tell
	@cmake/setup.sh load
	@$(with) node --disable-warning=ExperimentalWarning tests/bench/server.ts
	@$(with) node --disable-warning=ExperimentalWarning tests/bench/sign_in_timing.ts

SCAN_BENCH = --strides 6,4
bench-scan: native wasm  ## how long a map takes: dense against patch by patch; SCAN_BENCH="--image FILE …"
	@$(with) node --disable-warning=ExperimentalWarning tests/bench/scan.ts $(SCAN_BENCH) --wasm relaxed

bench-resampling: native  ## what an enlarged section loses when it is read at the model's scale, by filter
	@$(step) "build resampling_bench" cmake/build.sh native resampling_bench
	@build/native/resampling_bench model/best.onnx "$(SECTIONS)/8867.png" "$(SECTIONS)/8867_labels.png"

lint: native  ## formatters, clang-tidy, eslint, tsc: they only look
	@cmake/setup.sh check
	@cmake/lint.sh

check: lint test fuzz  ## lint, test, fuzz, the tests with ThreadSanitizer, 100 kills of the server
	@$(step) "build tsan" cmake/build.sh tsan
	@$(step) "C++ tests, with TSan" ctest --test-dir build/tsan --output-on-failure
	@$(step) "100 kills of the server" env INSITU_KILLS=100 $(with) node \
	  --disable-warning=ExperimentalWarning --test --test-reporter=./tests/reporter.mjs tests/crash.test.ts

format:  ## reformat all that is ours
	@cmake/setup.sh check
	@find backend model shared tests wasm -name '*.cc' -o -name '*.h' | xargs clang-format-19 -i
	@$(with) prettier --log-level warn --write .

DATA = ../shared/data/idc
MODEL = seed
OUT = model/$(MODEL).onnx
train:  ## train one model anew; MODEL=best DATA=FOLDER OUT=FILE.onnx TRAIN="--set training.epochs=3"
	@cmake/setup.sh run train
	@$(step) "build train" cmake/build.sh train
	@model/train.sh "model/$(MODEL).toml" "$(DATA)" "$(OUT)" $(TRAIN)

models: native  ## train every shipped model anew, as they are shipped; goes on where it was stopped
	@cmake/setup.sh run train
	@$(step) "build train" cmake/build.sh train
	@model/train.sh model/seed.toml "$(DATA)" model/seed.onnx --checkpoint build/checkpoints/seed
	@build/native/insitu shrink model/seed.onnx model/seed.onnx
	@model/train.sh model/best.toml "$(DATA)" model/best.onnx --checkpoint build/checkpoints/best \
	  --more unlisted
	@$(MAKE) --no-print-directory mammogram

FILMS = ../shared/data/mias
REPEATS = 3
mammogram: native  ## train the mammogram model anew and measure it; FILMS=FOLDER REPEATS=1 (of its folds)
	@cmake/setup.sh run train
	@$(step) "build train" cmake/build.sh train
	@model/mammogram.sh "$(FILMS)" "$(REPEATS)"

cards: native  ## evaluate every model on ../shared/data, write model/NAME.report.json and model/NAME.md
	@$(step) "cards" model/cards.sh

SECTIONS = ../shared/data/idc/slides
section: native  ## scan the section of case 8867, which trained nothing: model/section.report.json
	@build/native/insitu scan --model model/best.onnx --um-per-pixel 4 \
	  --labels "$(SECTIONS)/8867_labels.png" "$(SECTIONS)/8867.png" --json > build/section.report.json
	@mv build/section.report.json model/section.report.json

GATE_DATA = ../shared/data
gate := build/gate/images
fit_gate := build/native/insitu-fit-gate --list $(gate)/list.tsv
gate:  ## fit the input gate anew, and print how often it is right; GATE_DATA=FOLDER
	@cmake/setup.sh run gate
	@$(step) "build native" cmake/build.sh native
	@$(step) "images of the gate" model/gate/make_images.py "$(GATE_DATA)" $(gate)
	@$(fit_gate) --header shared/gate_parameters.h
	@$(step) "build native, with that gate" cmake/build.sh native
	@$(fit_gate) --report model/gate.report.json

clean:  ## remove all that was built, and the tools that were set up
	rm -rf build node_modules
