// Times networks in the real WebAssembly of two builds, turn by turn in one process:
//
//   ninja -C build/wasm-simd network_bench    (in each of the two trees; cmake/with-toolchain.sh)
//   node tests/bench/networks.ts BEFORE.wasm AFTER.wasm [ROUNDS]
//
// Prints for each network the ratio of their times, after to before, as median and range over the
// rounds: below 1 is faster. A round times the builds one right after the other, so what else the
// machine does meets both.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MadeNetwork } from "../made_networks.ts";
import { NetworkWasm } from "./pages/network_wasm.ts";

const ROUNDS = 15;
const WARM_UP_MS = 300; // V8 optimises a function only after it has run for a while
const ROUND_MS = 60; // that each build runs for in one round

const start = async (path: string, model: Uint8Array, batch: number) =>
  NetworkWasm.create(await WebAssembly.compile(readFileSync(path)), model, batch);

const SAME = { pads: [1, 1, 1, 1] };
const HALVED = { strides: [2, 2], pads: [1, 1, 1, 1] };

function classes(made: MadeNetwork, features: string, channels: number): string {
  const flat = made.node("Flatten", [made.node("GlobalAveragePool", [features])]);
  return made.node("Softmax", [made.dense(flat, channels, 5)], { axis: 1 });
}

function mobile(batchShape: number[]): Uint8Array {
  const made = new MadeNetwork(1);
  const relu = (name: string) => made.node("Relu", [name]);
  let x = relu(made.convolution("input", [32, 3, 3], HALVED));
  let from = 32;
  for (const [to, stride] of [
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
    [512, 2],
    [512, 1],
    [512, 1],
  ] as const) {
    const window = { pads: [1, 1, 1, 1], strides: [stride, stride], group: from };
    x = relu(made.convolution(x, [from, 1, 3], window));
    x = relu(made.convolution(x, [to, from, 1]));
    from = to;
  }
  return made.file(batchShape, classes(made, x, from), [1, 5]);
}

// Only what is special to mobile networks: depthwise kernels of 3x3 and 5x5.
function depthwise(side: number, channels: number, kernel: number): Uint8Array {
  const made = new MadeNetwork(1);
  let x = made.convolution("input", [channels, 3, 1]);
  const pad = (kernel - 1) / 2;
  for (let i = 0; i < 8; i++) {
    x = made.convolution(x, [channels, 1, kernel], { pads: [pad, pad, pad, pad], group: channels });
  }
  return made.file([1, 3, side, side], classes(made, x, channels), [1, 5]);
}

function residual(): Uint8Array {
  const made = new MadeNetwork(1);
  const relu = (name: string) => made.node("Relu", [name]);
  let x = relu(made.convolution("input", [64, 3, 7], { strides: [2, 2], pads: [3, 3, 3, 3] }));
  x = made.node("MaxPool", [x], { kernel_shape: [3, 3], ...HALVED });
  let from = 64;
  for (const to of [64, 128, 256, 512]) {
    const window = to === from ? SAME : HALVED;
    const inner = relu(made.convolution(x, [to, from, 3], window));
    const branch = made.convolution(inner, [to, to, 3], SAME);
    const shortcut = to === from ? x : made.convolution(x, [to, from, 1], { strides: [2, 2] });
    x = relu(made.node("Add", [branch, shortcut]));
    from = to;
  }
  return made.file([1, 3, 112, 112], classes(made, x, from), [1, 5]);
}

// The processor's time for one run in milliseconds: what else the machine does costs it less than
// time by the clock.
function time(engine: NetworkWasm, times: number): number {
  const start = process.cpuUsage();
  engine.repeat(times);
  return process.cpuUsage(start).user / 1000 / times;
}

const quantile = (sorted: number[], q: number) =>
  sorted[Math.round(q * (sorted.length - 1))] ?? NaN;

const [before = "", after = "", rounds = `${ROUNDS}`, only = ""] = process.argv.slice(2);
const shipped = (name: string) =>
  readFileSync(join(import.meta.dirname, `../../model/${name}.onnx`));
const networks: [string, Uint8Array, number][] = [
  ...["seed", "best", "mammogram"].flatMap((name) =>
    [1, 16, 64].map((batch): [string, Uint8Array, number] => [
      `${name}, batch ${batch}`,
      shipped(name),
      batch,
    ]),
  ),
  ["mobile 128x128, batch 1", mobile([1, 3, 128, 128]), 1],
  ["mobile 128x128, batch 4", mobile([1, 3, 128, 128]), 4],
  ["depthwise 3x3, 64 channels at 56x56", depthwise(56, 64, 3), 1],
  ["depthwise 3x3, 100 channels at 14x14", depthwise(14, 100, 3), 1],
  ["depthwise 5x5, 96 channels at 28x28", depthwise(28, 96, 5), 1],
  ["residual 3x3 112x112, batch 1", residual(), 1],
];
for (const [name, model, batch] of networks.filter(([name]) => name.includes(only))) {
  const engines = [await start(before, model, batch), await start(after, model, batch)] as const;
  for (const engine of engines)
    for (const end = performance.now() + WARM_UP_MS; performance.now() < end;) engine.repeat(1);
  const clock = performance.now();
  engines[0].repeat(3);
  const times = Math.max(1, Math.round((3 * ROUND_MS) / (performance.now() - clock)));
  const ratios: number[] = [];
  const best = [Infinity, Infinity];
  for (let round = 0; round < Number(rounds); round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    const ms = [0, 0];
    for (const which of order) ms[which] = time(engines[which as 0 | 1], times);
    best.forEach((least, which) => (best[which] = Math.min(least, ms[which] ?? NaN)));
    ratios.push((ms[1] ?? NaN) / (ms[0] ?? NaN));
  }
  ratios.sort((a, b) => a - b);
  const [low, median, high] = [0, 0.5, 1].map((q) => quantile(ratios, q).toFixed(2));
  const least = best.map((ms) => `${ms.toFixed(3)} ms`).join(" -> ");
  console.log(`${name}: ${median} [${low}..${high}], least ${least}`);
}
