// How long a scan takes: a dense map against the same map patch by patch, in turns, and the patches
// side by side. What counts is the ratio of a pair; an absolute time tells of that machine only.
//
//   node --disable-warning=ExperimentalWarning tests/bench/scan.ts [--model model/seed.onnx]
//     [--image ../shared/data/idc/slides/8867.png] [--um 4] [--strides 6,4] [--pairs 3] [--threads 2]
//     [--wasm simd|relaxed]
//
// Natively by `insitu scan` on so many threads; with --wasm also scan.wasm, on one.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Scanner } from "../../public/src/slide/scanner.ts";
import { png, tissue } from "../made_images.ts";

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: join(root, "model/seed.onnx") },
    image: { type: "string" },
    um: { type: "string", default: "4" },
    strides: { type: "string", default: "6,4" },
    pairs: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    wasm: { type: "string" },
  },
});

interface Report {
  ms: { scan: number };
  dense: boolean;
  stride: number;
  multiply_adds_a_cell: number;
  summary: { cell: { columns: number; rows: number } };
}

const work = mkdtempSync(join(tmpdir(), "insitu-bench-"));

function scan(image: string, stride: number, method: string): Report {
  const words = ["scan", "--model", options.model, "--um-per-pixel", options.um, "--json"];
  const result = spawnSync(
    join(root, "build/native/insitu"),
    [...words, "--stride", String(stride), "--method", method, "--threads", options.threads, image],
    { encoding: "utf8", maxBuffer: 2 ** 26 },
  );
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as Report;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

function compare(image: string, stride: number): void {
  const ratios: number[] = [];
  const times: Record<"dense" | "patches", number[]> = { dense: [], patches: [] };
  let cells = "";
  for (let pair = 0; pair < Number(options.pairs); pair++) {
    const dense = scan(image, stride, "dense");
    const patches = scan(image, stride, "patches");
    ratios.push(patches.ms.scan / dense.ms.scan);
    times.dense.push(dense.ms.scan);
    times.patches.push(patches.ms.scan);
    cells = `${dense.summary.cell.columns} x ${dense.summary.cell.rows}`;
  }
  console.log(
    `stride ${stride}, ${cells} places: dense ${seconds(median(times.dense))}, patch by patch ` +
      `${seconds(median(times.patches))}: ${median(ratios).toFixed(1)} times as long ` +
      `(of each pair: ${ratios.map((ratio) => ratio.toFixed(1)).join(", ")})`,
  );
}

// Of made tissue, which needs no decoder here.
async function timeWasm(build: string): Promise<void> {
  const module = await WebAssembly.compile(
    readFileSync(join(root, `build/wasm-${build}/scan.wasm`)),
  );
  const scanner = await Scanner.create(module, readFileSync(options.model));
  const image = tissue(1200, 900, 1);
  for (const stride of [0, ...options.strides.split(",").map(Number)]) {
    const facts = {
      width: 1200,
      height: 900,
      channels: 3 as const,
      umPerPixel: Number(options.um),
    };
    const plan = scanner.plan(facts, stride);
    const times: number[] = [];
    for (const [index, block] of plan.blocks.entries()) {
      const pixels = new Uint8Array(block.width * block.height * 3);
      for (let y = 0; y < block.height; y++) {
        const from = ((block.y + y) * 1200 + block.x) * 3;
        pixels.set(image.rgb.subarray(from, from + block.width * 3), y * block.width * 3);
      }
      const start = performance.now();
      scanner.run(index, pixels);
      times.push(performance.now() - start);
    }
    const all = times.reduce((sum, time) => sum + time, 0);
    console.log(
      `wasm-${build}, 1200 x 900 px of made tissue, stride ${plan.stride}, ` +
        `${plan.dense ? "dense" : "patch by patch"}: ${seconds(all)}, a block at most ` +
        `${Math.max(...times).toFixed(0)} ms; memory ${(scanner.memoryBytes / 2 ** 20).toFixed(0)} MiB`,
    );
  }
}

try {
  let image = options.image;
  if (image === undefined) {
    image = join(work, "tissue.png");
    writeFileSync(image, png(tissue(1200, 900, 1)));
  }
  const tiles = scan(image, 0, "best");
  console.log(`patches side by side: ${seconds(tiles.ms.scan)} (${options.threads} threads)`);
  for (const stride of options.strides.split(",").map(Number)) compare(image, stride);
  if (options.wasm !== undefined) await timeWasm(options.wasm);
} finally {
  rmSync(work, { recursive: true });
}
