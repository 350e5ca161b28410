// Which of our steps takes what share of a run, and what share of the peak it reaches: in this process,
// whose clock is finer than a page's.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NetworkWasm } from "../pages/network_wasm.ts";
import type { WrittenNetwork } from "./networks.ts";
import { median } from "./statistics.ts";

export interface Profile {
  title: string;
  batch: number;
  steps: {
    name: string;
    share: number; // of the time of all steps, medians over the runs
    ofPeak: number | null; // its multiply-adds, as the definition has them; null where it has none
  }[];
}

const PROFILE_MS = 1000;
const PEAK_MS = 200;

export async function profileNetwork(
  bench: string,
  network: WrittenNetwork,
  batch: number,
): Promise<Profile> {
  const module = await WebAssembly.compile(readFileSync(join(bench, "engine/relaxed.wasm")));
  const model = readFileSync(join(bench, `networks/${network.name}.onnx`));
  const wasm = await NetworkWasm.create(module, model, batch);
  const runFor = (ms: number) => {
    const runs: number[][] = []; // of each run, what each step took
    let before = wasm.profile(0);
    for (const end = performance.now() + ms; performance.now() < end;) {
      const after = wasm.profile(1);
      runs.push(after.map((step, i) => step.ms - (before[i]?.ms ?? 0)));
      before = after;
    }
    return runs;
  };
  runFor(PROFILE_MS); // optimised by then
  const peak = wasm.peak("madd", PEAK_MS);
  const runs = runFor(PROFILE_MS);
  const steps = wasm
    .profile(0)
    .map((step, i) => ({ ...step, ms: median(runs.map((run) => run[i] ?? NaN)) }));
  const all = steps.reduce((sum, { ms }) => sum + ms, 0);
  return {
    title: network.title,
    batch,
    steps: steps.map(({ name, ms, multiplyAdds }) => ({
      name,
      share: ms / all,
      ofPeak: multiplyAdds === 0 ? null : (2 * multiplyAdds * batch) / ms / peak,
    })),
  };
}
