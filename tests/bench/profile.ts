// Times each step of a network in the real WebAssembly:
//
//   ninja -C build/wasm-relaxed network_bench    (cmake/with-toolchain.sh)
//   node tests/bench/profile.ts build/wasm-relaxed/network_bench.wasm [MODEL.onnx…] [BATCH…]
//
// Without models: those that are shipped, at batches 1, 16 and 64. The steps run one after the
// other as in a run; what is printed is the least time of each, for one item, since whatever else
// the machine does only adds to it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { textAt } from "../../public/src/wasm-host.ts";
import { type BenchEngine, start, warmUp } from "./network_engine.ts";

const ROUND_MS = 400;
const LEAST_ROUNDS = 15;

function profile(engine: BenchEngine, batch: number): void {
  const count = engine.bench_profile(1);
  const steps = Array.from({ length: count }, (_, step) => ({
    name: textAt(engine.memory, engine.bench_step_name(step)),
    multiplyAdds: engine.bench_step_multiply_adds(step),
    least: Infinity,
  }));
  const end = performance.now() + ROUND_MS;
  for (let round = 0; round < LEAST_ROUNDS || performance.now() < end; round++) {
    const before = steps.map((_, step) => engine.bench_step_ms(step));
    engine.bench_profile(1);
    for (const [i, step] of steps.entries()) {
      step.least = Math.min(step.least, engine.bench_step_ms(i) - (before[i] ?? NaN));
    }
  }
  const sum = steps.reduce((total, { least }) => total + (1000 * least) / batch, 0);
  for (const { name, multiplyAdds, least } of steps) {
    const one = (1000 * least) / batch; // us
    const rate = (2 * multiplyAdds) / one / 1000; // GFLOP/s
    const cells = [one.toFixed(2), ((100 * one) / sum).toFixed(0), rate.toFixed(1)];
    console.log(`  ${cells.map((cell) => cell.padStart(9)).join("")}  ${name}`);
  }
  console.log(`  ${sum.toFixed(2).padStart(9)} us an item`);
}

const [wasm = "", ...others] = process.argv.slice(2);
const batches = others.filter((text) => /^\d+$/.test(text)).map(Number);
const files = others.filter((text) => !/^\d+$/.test(text));
const model = (name: string) => join(import.meta.dirname, `../../model/${name}.onnx`);
for (const file of files.length > 0 ? files : ["seed", "best", "mammogram"].map(model)) {
  for (const batch of batches.length > 0 ? batches : [1, 16, 64]) {
    const engine = await start(wasm, readFileSync(file), batch);
    warmUp(engine, batch);
    console.log(`${file}, batch ${batch}: us, %, GFLOP/s`);
    profile(engine, batch);
  }
}
