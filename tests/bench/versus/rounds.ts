// Engines beside each other on one network: outputs first, then times in turns.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import type {
  BenchPage,
  Loaded,
  LoadRequest,
  OwnPage,
  PeakKernel,
  Slice,
} from "../pages/protocol.ts";
import type { WrittenNetwork } from "./networks.ts";
import { instructionsOf } from "./instructions.ts";
import { cpuUse, processOf, processorMs, type CpuUse } from "./processes.ts";
import { TITLES, type EngineName } from "./site.ts";
import { maxDifference } from "./statistics.ts";

export const MAX_DIFFERENCE = 1e-5; // between outputs after softmax

export interface Contestant {
  engine: EngineName | "native" | "nativeOnnxruntime";
  build: "relaxed" | "simd"; // of ours
}

export interface EngineTimes {
  label: string; // TITLES and the build that is not the usual
  engine: Contestant["engine"];
  build: Contestant["build"];
  ms: number[]; // of one run of the batch, in each round
  cpuMs: number[]; // likewise, that all threads of its process were on a processor
  difference: number | null; // of its output from ours; null where it has other inputs
  threadsSaid: number | null; // by the engine
  cpu: CpuUse | null; // over one slice
  cpuShare: number | null; // processor time to time by the clock, of that slice
  instructions: number | null; // of one run of the batch, where perf counts them
  failure: string | null; // why it has no times
}

export interface Group {
  network: string;
  title: string;
  batch: number;
  threads: number;
  multiplyAdds: number; // of one item
  isOfSquares: boolean; // see WrittenNetwork
  load: [before: number, after: number]; // of the machine, one minute's average
  // Operations a millisecond of the peak kernel, in each round; none: not measured. Of relaxed
  // multiply-add, and of multiplying and then adding.
  peak: number[];
  peakInTwo: number[];
  engines: EngineTimes[];
}

export interface GroupOptions {
  browser: Browser;
  url: string;
  root: string;
  bench: string;
  packages: string; // see tfliteFile
  network: WrittenNetwork;
  batch: number;
  threads: number;
  contestants: Contestant[];
  rounds: number;
  sliceMs: number;
  countInstructions: boolean;
}

// One engine that can be asked for a slice of time.
interface Runner {
  times: EngineTimes;
  pid: number; // of its process
  output: number[] | null;
  slice(ms: number): Promise<Slice>;
  peak?: (kernel: PeakKernel, ms: number) => Promise<number>;
  close(): Promise<void>;
}

type BenchWindow = typeof globalThis & { bench: BenchPage } & OwnPage;

export function labelOf({ engine, build }: Contestant): string {
  if (engine === "native") return "InSitu, native";
  if (engine === "nativeOnnxruntime") return "ONNX Runtime, native";
  return engine === "insitu" && build === "simd" ? "InSitu, plain SIMD" : TITLES[engine];
}

const LOAD_TIMEOUT_MS = 180_000;

async function openPage(
  options: GroupOptions,
  contestant: Contestant & { engine: EngineName },
  times: EngineTimes,
): Promise<Runner> {
  const { browser, url, network, batch, threads } = options;
  const page = await browser.newPage();
  page.setDefaultTimeout(LOAD_TIMEOUT_MS);
  const broken = new Promise<never>((_, reject) => page.once("pageerror", reject));
  broken.catch(() => undefined); // heard below, or too late to matter
  await page.goto(`${url}${contestant.engine}.html`);
  await Promise.race([broken, page.waitForFunction("globalThis.bench !== undefined")]);
  const request: LoadRequest = { network: network.name, batch, threads, build: contestant.build };
  const loaded = await Promise.race([
    page.evaluate((asked) => (globalThis as BenchWindow).bench.load(asked), request),
    new Promise<Loaded>((_, reject) => {
      const late = () => reject(new Error(`it did not load within ${LOAD_TIMEOUT_MS / 1000} s`));
      setTimeout(late, LOAD_TIMEOUT_MS).unref();
    }),
  ]);
  times.threadsSaid = loaded.threads;
  const isPeakPage = contestant.engine === "insitu" && threads === 1;
  return {
    times,
    pid: await processOf(browser, page),
    output: await page.evaluate(() => (globalThis as BenchWindow).bench.output()),
    async slice(ms) {
      await page.bringToFront();
      return page.evaluate((span) => (globalThis as BenchWindow).bench.run(span), ms);
    },
    ...(isPeakPage && contestant.build === "relaxed"
      ? { peak: (kernel, ms) => peakOf(page, kernel, ms) }
      : {}),
    close: () => page.close(),
  };
}

async function peakOf(page: Page, kernel: PeakKernel, ms: number): Promise<number> {
  await page.bringToFront();
  return page.evaluate((asked) => (globalThis as BenchWindow).peak(asked.kernel, asked.ms), {
    kernel,
    ms,
  });
}

function lines(child: ChildProcessWithoutNullStreams): () => Promise<string> {
  const reader: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[
    Symbol.asyncIterator
  ]();
  return async () => {
    const { value } = await reader.next();
    if (value === undefined) throw new Error("the native program has ended");
    return value;
  };
}

const nativeBench = ({ root }: GroupOptions) => join(root, "build/native/network_bench");

// A native program with one thread: ours is network_bench.
function openNative(options: GroupOptions, times: EngineTimes): Runner {
  const { bench, network, batch, packages } = options;
  const words = [join(bench, "networks", `${network.name}.onnx`), `${batch}`];
  const script = join(import.meta.dirname, "onnxruntime_native.ts");
  const child =
    times.engine === "native"
      ? spawn(nativeBench(options), words)
      : spawn(process.execPath, [
          "--disable-warning=ExperimentalWarning",
          script,
          ...words,
          packages,
        ]);
  const line = lines(child);
  times.threadsSaid = 1;
  return {
    times,
    pid: child.pid ?? 0,
    output: null,
    async slice(ms) {
      child.stdin.write(`${ms}\n`);
      const [runs = NaN, passed = NaN] = (await line()).split(" ").map(Number);
      return { runs, ms: passed };
    },
    close: () => {
      child.stdin.end();
      return Promise.resolve();
    },
  };
}

function unmeasured(contestant: Contestant): EngineTimes {
  const { engine, build } = contestant;
  const nothing = { difference: null, threadsSaid: null, cpu: null, cpuShare: null };
  const label = labelOf(contestant);
  return { label, engine, build, ms: [], cpuMs: [], ...nothing, instructions: null, failure: null };
}

async function open(options: GroupOptions, contestant: Contestant): Promise<Runner | EngineTimes> {
  const times = unmeasured(contestant);
  const { engine, build } = contestant;
  if (engine === "native" && !existsSync(nativeBench(options)))
    return { ...times, failure: "build/native/network_bench is not built" };
  if (engine === "native" || engine === "nativeOnnxruntime") return openNative(options, times);
  try {
    return await openPage(options, { engine, build }, times);
  } catch (error) {
    if (engine === "insitu") throw error; // ours has to run
    times.failure = String(error).split("\n")[0] ?? "";
    return times;
  }
}

// A softmax of nothing but one number would agree with anything.
function checkOutputs(runners: Runner[], where: string): void {
  const ours = runners.find(({ times }) => times.engine === "insitu")?.output;
  if (ours == null) throw new Error(`${where}: our own engine gave no output`);
  if (!ours.every(Number.isFinite) || new Set(ours).size < 2)
    throw new Error(`${where}: the output is no distribution`);
  for (const { output, times } of runners) {
    if (output === null) continue;
    times.difference = maxDifference(ours, output);
    if (times.difference > MAX_DIFFERENCE)
      throw new Error(`${where}: ${times.label} differs from InSitu by ${times.difference}`);
  }
}

async function warmUp(options: GroupOptions, runner: Runner): Promise<void> {
  const { sliceMs } = options;
  await runner.slice(sliceMs); // V8 has compiled by the end of it what it will optimise
  if (runner.output === null) return; // no page
  let slice: Slice = { runs: 0, ms: NaN };
  const cpu = await cpuUse(runner.pid, async () => {
    slice = await runner.slice(sliceMs);
  });
  runner.times.cpu = cpu;
  runner.times.cpuShare = cpu.milliseconds / slice.ms;
}

async function countInstructions(runner: Runner, sliceMs: number): Promise<void> {
  let runs = 0;
  const count = await instructionsOf(runner.pid, async () => {
    runs = (await runner.slice(sliceMs)).runs;
  });
  runner.times.instructions = count / runs;
}

const PEAK_MS = 30;
const PAUSE_MS = 30; // threads of the engine before go on spinning for a while

async function takeTurns(
  runners: Runner[],
  options: GroupOptions,
): Promise<Pick<Group, "peak" | "peakInTwo">> {
  const peaks: Pick<Group, "peak" | "peakInTwo"> = { peak: [], peakInTwo: [] };
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < runners.length; turn++) {
      const runner = runners[(turn + round) % runners.length]; // none is always the first
      if (runner === undefined) continue;
      await wait(PAUSE_MS);
      const before = processorMs(runner.pid);
      const { runs, ms } = await runner.slice(options.sliceMs);
      runner.times.ms.push(ms / runs);
      runner.times.cpuMs.push((processorMs(runner.pid) - before) / runs);
      if (runner.peak === undefined) continue;
      peaks.peak.push(await runner.peak("madd", PEAK_MS));
      peaks.peakInTwo.push(await runner.peak("multiplyAndAdd", PEAK_MS));
    }
  }
  return peaks;
}

export async function runGroup(options: GroupOptions): Promise<Group> {
  const { network, batch, threads, contestants } = options;
  const before = loadavg()[0] ?? NaN;
  const opened: (Runner | EngineTimes)[] = [];
  const isRunner = (one: Runner | EngineTimes): one is Runner => "slice" in one;
  try {
    for (const contestant of contestants) opened.push(await open(options, contestant));
    const runners = opened.filter(isRunner);
    checkOutputs(runners, `${network.title}, batch ${batch}`);
    for (const runner of runners) await warmUp(options, runner);
    const peaks = await takeTurns(runners, options);
    if (options.countInstructions) {
      for (const runner of runners) await countInstructions(runner, options.sliceMs);
    }
    return {
      network: network.name,
      title: network.title,
      batch,
      threads,
      multiplyAdds: network.multiplyAdds,
      isOfSquares: network.isOfSquares,
      load: [before, loadavg()[0] ?? NaN],
      ...peaks,
      engines: opened.map((one) => (isRunner(one) ? one.times : one)),
    };
  } finally {
    for (const runner of opened.filter(isRunner)) await runner.close();
  }
}
