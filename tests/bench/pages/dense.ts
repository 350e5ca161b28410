// The map of a whole section by our scan, as the page's workers make it, on this thread.
import { Scanner, type ScanPlan } from "../../../public/src/slide/scanner.ts";
import { VERDICT } from "../../../public/src/slide/verdicts.ts";
import { fetched } from "./page.ts";

export interface DensePass {
  ms: number;
  places: number; // of the map
  judged: number; // of them, those that the network answered for
}

const UM_PER_PIXEL = 4;

export interface DensePage {
  load(width: number, height: number, stride: number): Promise<void>;
  pass(): DensePass;
}

let scanner: Scanner | null = null;
let plan: ScanPlan | null = null;
let section = new Uint8Array();
let across = 0;

function cut(block: { x: number; y: number; width: number; height: number }): Uint8Array {
  const row = block.width * 3;
  const pixels = new Uint8Array(row * block.height);
  for (let y = 0; y < block.height; y++) {
    const from = ((block.y + y) * across + block.x) * 3;
    pixels.set(section.subarray(from, from + row), y * row);
  }
  return pixels;
}

const page: DensePage = {
  async load(width, height, stride) {
    const [wasm, model, pixels] = await Promise.all([
      fetched("/shipped/scan.wasm"),
      fetched("/networks/seed.onnx"),
      fetched("/given/section.rgb"),
    ]);
    section = new Uint8Array(pixels);
    across = width;
    scanner = await Scanner.create(await WebAssembly.compile(wasm), new Uint8Array(model));
    plan = scanner.plan({ width, height, channels: 3, umPerPixel: UM_PER_PIXEL }, stride);
    if (!plan.dense) throw new Error(`stride ${stride} is not read in one pass`);
  },
  pass() {
    if (scanner === null || plan === null) throw new Error("nothing has been loaded");
    const start = performance.now();
    let judged = 0;
    for (const [index, block] of plan.blocks.entries()) {
      const { verdicts } = scanner.run(index, cut(block));
      judged += verdicts.reduce((sum, verdict) => sum + Number(verdict === VERDICT.judged), 0);
    }
    const ms = performance.now() - start;
    return { ms, places: plan.columns * plan.rows, judged };
  },
};

Object.assign(globalThis, { dense: page });
