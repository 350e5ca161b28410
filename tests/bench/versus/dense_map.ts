// The map of a whole section: our pass over all of it beside what the rivals take for one patch, times
// the number of places. That product is computed; nobody waits for it.
import type { Browser } from "playwright-core";
import { SECTION } from "../../made_section.ts";
import type { DensePage, DensePass } from "../pages/dense.ts";
import type { BenchPage } from "../pages/protocol.ts";
import { RIVALS, type EngineName } from "./site.ts";

const BATCH = 64;
export const DENSE_STRIDE = 6; // pixels; the finest that seed's map has in one pass

export interface DenseMap {
  stride: number;
  places: number; // of the map
  judged: number; // of them, those that the gate let through to the network
  ms: number[]; // of our pass, in each round
  patchMs: Record<string, number[]>; // of each rival, for one patch of a batch of 64
}

type DenseWindow = typeof globalThis & { dense: DensePage; bench: BenchPage };

export async function timeDenseMap(
  browser: Browser,
  url: string,
  { rounds, sliceMs }: { rounds: number; sliceMs: number },
): Promise<DenseMap> {
  const dense = await browser.newPage();
  await dense.goto(`${url}dense.html`);
  await dense.evaluate(
    ({ width, height, stride }) => (globalThis as DenseWindow).dense.load(width, height, stride),
    { ...SECTION, stride: DENSE_STRIDE },
  );
  const rivals = [];
  for (const engine of RIVALS) {
    const page = await browser.newPage();
    await page.goto(`${url}${engine}.html`);
    const request = { network: "seed", batch: BATCH, threads: 1, build: "relaxed" as const };
    await page.evaluate((asked) => (globalThis as DenseWindow).bench.load(asked), request);
    const slice = () => page.evaluate((ms) => (globalThis as DenseWindow).bench.run(ms), sliceMs);
    await slice();
    rivals.push({ engine, page, slice });
  }
  const pass = (): Promise<DensePass> =>
    dense.evaluate(() => (globalThis as DenseWindow).dense.pass());
  const { places, judged } = await pass();
  const map: DenseMap = {
    stride: DENSE_STRIDE,
    places,
    judged,
    ms: [],
    patchMs: {},
  };
  for (let round = 0; round < rounds; round++) {
    await dense.bringToFront();
    map.ms.push((await pass()).ms);
    for (const { engine, page, slice } of rivals) {
      await page.bringToFront();
      const { runs, ms } = await slice();
      (map.patchMs[engine satisfies EngineName] ??= []).push(ms / runs / BATCH);
    }
  }
  for (const page of [dense, ...rivals.map((rival) => rival.page)]) await page.close();
  return map;
}
