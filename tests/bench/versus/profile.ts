// Which of our steps takes what share of a run, and what share of the peak it reaches: in the page that
// the rounds time, since another V8 may compile the steps, and the peak, quite otherwise.
import type { Browser, Page } from "playwright-core";
import type { ProfiledStep } from "../pages/network_wasm.ts";
import type { BenchPage, LoadRequest, OwnPage } from "../pages/protocol.ts";
import type { WrittenNetwork } from "./networks.ts";
import { median } from "./statistics.ts";

export interface Profile {
  title: string;
  batch: number;
  steps: {
    name: string;
    share: number; // of the time of all steps, medians over the slices
    ofPeak: number | null; // its multiply-adds, as the definition has them; null where it has none
  }[];
}

interface Slice {
  steps: ProfiledStep[]; // of one run
  peak: number; // just after it, since what else the machine does meets both
}

const WARM_UP_MS = 1000;
const PROFILE_MS = 2000;
const LEAST_SLICES = 3;
const SLICE_MS = 50; // more than a hundred runs of seed
const PEAK_MS = 10;

type OwnWindow = typeof globalThis & { bench: BenchPage } & OwnPage;

async function slicesFor(page: Page, ms: number): Promise<Slice[]> {
  const slices: Slice[] = [];
  for (const end = performance.now() + ms; slices.length < LEAST_SLICES || performance.now() < end;)
    slices.push(
      await page.evaluate(
        ({ sliceMs, peakMs }) => {
          const own = globalThis as OwnWindow;
          return { steps: own.profile(sliceMs), peak: own.peak("madd", peakMs) };
        },
        { sliceMs: SLICE_MS, peakMs: PEAK_MS },
      ),
    );
  return slices;
}

export async function profileNetwork(
  browser: Browser,
  url: string,
  network: WrittenNetwork,
  batch: number,
): Promise<Profile> {
  const page = await browser.newPage();
  await page.goto(`${url}insitu.html`);
  const request: LoadRequest = { network: network.name, batch, threads: 1, build: "relaxed" };
  await page.evaluate((asked) => (globalThis as OwnWindow).bench.load(asked), request);
  await slicesFor(page, WARM_UP_MS); // V8 has compiled by the end of it what it will optimise
  const slices = await slicesFor(page, PROFILE_MS);
  await page.close();
  const times = (slices[0]?.steps ?? []).map((step, index) => {
    const operations = 2 * step.multiplyAdds * batch;
    const ms = slices.map(({ steps }) => steps[index]?.ms ?? NaN);
    const ofPeak = slices.map(({ peak }, slice) => operations / (ms[slice] ?? NaN) / peak);
    return {
      name: step.name,
      ms: median(ms),
      ofPeak: operations === 0 ? null : median(ofPeak),
    };
  });
  const all = times.reduce((sum, { ms }) => sum + ms, 0);
  return {
    title: network.title,
    batch,
    steps: times.map(({ name, ms, ofPeak }) => ({ name, share: ms / all, ofPeak })),
  };
}
