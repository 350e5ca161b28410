// From navigation to the first prediction, what came over the wire for it, and the memory that it takes
// afterwards: a page for each engine with the model seed.
import { setTimeout as wait } from "node:timers/promises";
import type { Browser, BrowserContext } from "playwright-core";
import { launch } from "../../page/harness.ts";
import type { FirstPrediction } from "../pages/first_prediction.ts";
import { ownBytes, processOf } from "./processes.ts";
import { MAX_DIFFERENCE } from "./rounds.ts";
import { ENGINES, type BenchServer, type EngineName } from "./site.ts";
import { maxDifference } from "./statistics.ts";

const LINE = { megabits: 10, latencyMs: 40 };
export const LINE_TEXT = { speed: `${LINE.megabits} Mbit/s`, latency: `${LINE.latencyMs} ms` };

export const WAYS = ["cold", "warm", "coldOverLine"] as const;
export type Way = (typeof WAYS)[number];

export interface Start {
  engine: EngineName;
  ms: Record<Way, number[]>;
  bytes: { withoutModel: number; withModel: number }; // brotli, of all that the page fetched
}

export interface Rest {
  engine: EngineName | "empty";
  bytes: number[];
}

const PACKING_MS = 600_000; // that the first page may wait for what the server packs

type FirstWindow = typeof globalThis & { first?: FirstPrediction; failed?: string };

async function predict(
  context: BrowserContext,
  url: string,
  engine: EngineName,
  overLine = false,
): Promise<FirstPrediction> {
  const page = await context.newPage();
  if (overLine) {
    const session = await context.newCDPSession(page);
    const bytesASecond = (LINE.megabits * 1e6) / 8;
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: LINE.latencyMs,
      downloadThroughput: bytesASecond,
      uploadThroughput: bytesASecond,
    });
  }
  await page.goto(`${url}first_${engine}.html`);
  const isDone = "globalThis.first !== undefined || globalThis.failed !== undefined";
  await page.waitForFunction(isDone, null, { timeout: PACKING_MS });
  const { first, failed } = await page.evaluate(() => {
    const { first, failed } = globalThis as FirstWindow;
    return { first, failed };
  });
  if (first === undefined) throw new Error(`${engine}: ${failed}`);
  await page.close();
  return first;
}

// Theirs are the network's, ours are calibrated: by the model's temperature.
function calibrated(probabilities: readonly number[], temperature: number): number[] {
  const powers = probabilities.map((probability) => probability ** (1 / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function check(predictions: Map<EngineName, FirstPrediction>, temperature: number): void {
  const ours = predictions.get("insitu")?.probabilities ?? [];
  for (const [engine, { probabilities }] of predictions) {
    const theirs = engine === "insitu" ? ours : calibrated(probabilities, temperature);
    const difference = maxDifference(ours, theirs);
    if (difference > MAX_DIFFERENCE)
      throw new Error(`first prediction: ${engine} differs from InSitu by ${difference}`);
  }
}

const isModel = (path: string) => path.startsWith("/networks/");
const isGiven = (path: string) => path.startsWith("/given/");

function bytesSent(server: BenchServer): Start["bytes"] {
  const sent = [...server.sent()].filter(([path]) => !isGiven(path) && !path.endsWith(".ico"));
  const sum = (some: [string, number][]) => some.reduce((total, [, bytes]) => total + bytes, 0);
  return { withoutModel: sum(sent.filter(([path]) => !isModel(path))), withModel: sum(sent) };
}

// server: one that packs. temperature: of the model.
export async function timeStarts(
  browser: Browser,
  server: BenchServer,
  { rounds, temperature }: { rounds: number; temperature: number },
): Promise<Start[]> {
  const starts = ENGINES.map((engine): Start => {
    const ms = { cold: [], warm: [], coldOverLine: [] };
    return { engine, ms, bytes: { withoutModel: 0, withModel: 0 } };
  });
  const inContext = async (run: (context: BrowserContext) => Promise<void>) => {
    const context = await browser.newContext();
    await run(context);
    await context.close();
  };
  for (let round = 0; round <= rounds; round++) {
    const isWarmUp = round === 0; // the server packs, the disk reads
    const predictions = new Map<EngineName, FirstPrediction>();
    for (const { engine, ms, bytes } of starts) {
      await inContext(async (context) => {
        server.sent();
        const cold = await predict(context, server.url, engine);
        Object.assign(bytes, bytesSent(server));
        await predict(context, server.url, engine);
        const warm = await predict(context, server.url, engine);
        predictions.set(engine, cold);
        if (isWarmUp) return;
        ms.cold.push(cold.ms);
        ms.warm.push(warm.ms);
      });
      if (isWarmUp) continue;
      await inContext(async (context) => {
        ms.coldOverLine.push((await predict(context, server.url, engine, true)).ms);
      });
    }
    check(predictions, temperature);
  }
  return starts;
}

const SETTLE_MS = 3000;

// A browser of its own for each page, so that no engine is in another's process; the page keeps its
// model. What the process of the page has of memory that is no file's, garbage collected, some seconds
// after its first prediction.
export async function memoryAtRest(server: BenchServer, rounds: number): Promise<Rest[]> {
  const rests: Rest[] = [...ENGINES, "empty" as const].map((engine) => ({ engine, bytes: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const { engine, bytes } of rests) {
      const browser = await launch();
      const page = await browser.newPage();
      await page.goto(`${server.url}${engine === "empty" ? engine : `first_${engine}`}.html`);
      const isDone = "globalThis.first !== undefined";
      if (engine !== "empty") await page.waitForFunction(isDone, null, { timeout: PACKING_MS });
      await wait(SETTLE_MS);
      const pid = await processOf(browser, page);
      const session = await page.context().newCDPSession(page);
      await session.send("HeapProfiler.collectGarbage");
      await wait(SETTLE_MS);
      bytes.push(ownBytes(pid));
      await browser.close();
    }
  }
  return rests;
}
