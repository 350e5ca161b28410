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
import { type BenchEngine, start, warmUp } from "./network_engine.ts";

const ROUND_MS = 400;
const LEAST_ROUNDS = 15;

function describe(engine: BenchEngine): string[][] {
  const bytes = new Uint8Array(engine.memory.buffer, engine.bench_describe());
  const text = new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
}

function profile(engine: BenchEngine, steps: string[][]): void {
  const least: number[] = steps.map(() => Infinity);
  const end = performance.now() + ROUND_MS;
  for (let round = 0; round < LEAST_ROUNDS || performance.now() < end; round++) {
    for (let step = 0; step < steps.length; step++) {
      const begin = performance.now();
      engine.bench_step(step);
      least[step] = Math.min(least[step] ?? NaN, performance.now() - begin);
    }
  }
  const items = least.map((ms) => (1000 * ms) / engine.bench_items());
  const sum = items.reduce((total, one) => total + one, 0);
  for (const [i, one] of items.entries()) {
    const [op = "", shape = "", multiplyAdds = "0"] = steps[i] ?? [];
    const rate = (2 * Number(multiplyAdds)) / one / 1000; // GFLOP/s
    const cells = [one.toFixed(2), ((100 * one) / sum).toFixed(0), rate.toFixed(1)];
    console.log(`  ${cells.map((cell) => cell.padStart(9)).join("")}  ${op} ${shape}`);
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
    const kib = Math.round(Number(engine.bench_arena_bytes()) / 1024);
    console.log(`${file}, batch ${batch}: us, %, GFLOP/s; arena ${kib} KiB`);
    profile(engine, describe(engine));
  }
}
