// Our engine beside those that a page could take instead, in one Chromium: make bench, or
//   node --disable-warning=ExperimentalWarning tests/bench/engines.ts [--networks seed,best]
//     [--batches 1,16] [--rounds 7] [--slice 250] [--parts one,two,start,memory,dense,profile]
//
// Writes build/bench/results.json and build/bench/table.md. With some networks or batches only, the
// parts are `one` and `two` unless they are named.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { brotli } from "../../public/brotli.mjs";
import { png, tissue } from "../made_images.ts";
import { section } from "../made_section.ts";
import { launch, root } from "../page/harness.ts";
import { readOnnx } from "./graph/onnx_file.ts";
import { timeDenseMap } from "./versus/dense_map.ts";
import { memoryAtRest, timeStarts } from "./versus/first_prediction.ts";
import { ranged, versus } from "./versus/goals.ts";
import { whyNotCounted } from "./versus/instructions.ts";
import {
  NETWORKS,
  writeNetwork,
  type BenchNetwork,
  type WrittenNetwork,
} from "./versus/networks.ts";
import { profileNetwork } from "./versus/profile.ts";
import type { Results } from "./versus/results.ts";
import { runGroup, type Contestant, type Group } from "./versus/rounds.ts";
import { bundlePages, ENGINES, serveBench, TITLES, type Paths } from "./versus/site.ts";
import { tableOf } from "./versus/table.ts";

const PARTS = ["one", "two", "start", "memory", "dense", "profile"] as const;
const START_ROUNDS = 7;
const MEMORY_ROUNDS = 3;
const DENSE_ROUNDS = 3;
const DENSE_SLICE_MS = 1000;
const MOST_PROFILED = 16; // a larger batch's profile is the same

const { values: options } = parseArgs({
  options: {
    networks: { type: "string" },
    batches: { type: "string" },
    rounds: { type: "string", default: "7" },
    slice: { type: "string", default: "250" },
    parts: { type: "string" },
  },
});

const paths: Paths = {
  root,
  bench: join(root, "build/bench"),
  rivals: join(root, "build/rivals"),
};
const packages = join(paths.rivals, "package.json");
const words = (list: string | undefined) => list?.split(",").map((word) => word.trim());
const isNarrowed = options.networks !== undefined || options.batches !== undefined;
const parts = words(options.parts) ?? (isNarrowed ? ["one", "two"] : [...PARTS]);
const [rounds, sliceMs] = [Number(options.rounds), Number(options.slice)];

const about = readOnnx(readFileSync(join(root, "model/seed.onnx"))).metadata; // of seed

const started = performance.now();
function say(text: string): void {
  const seconds = Math.round((performance.now() - started) / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  console.log(`[${clock}, load ${(loadavg()[0] ?? NaN).toFixed(1)}] ${text}`);
}

function checkArguments(): void {
  const known: [string, string[] | undefined, readonly string[]][] = [
    ["network", words(options.networks), NETWORKS.map(({ name }) => name)],
    [
      "batch",
      words(options.batches),
      [...new Set(NETWORKS.flatMap(({ batches }) => batches))].map(String),
    ],
    ["part", parts, PARTS],
  ];
  for (const [what, given = [], all] of known) {
    const strange = given.filter((word) => !all.includes(word));
    if (strange.length > 0)
      throw new Error(`There is no ${what} ${strange.join(", ")}; there is ${all.join(", ")}.`);
  }
  if (!(rounds >= 1 && sliceMs >= 1)) throw new Error("Rounds and slice are at least 1.");
}

function written(network: BenchNetwork): WrittenNetwork {
  const folder = join(paths.bench, "networks");
  return writeNetwork(network, { root, folder, packages });
}

function chosenNetworks(): WrittenNetwork[] {
  const names = words(options.networks);
  const batches = words(options.batches)?.map(Number);
  return NETWORKS.filter(({ name }) => names?.includes(name) ?? true).map((network) => {
    say(`writing ${network.title} for every engine`);
    const files = written(network);
    const some = files.batches.filter((batch) => batches?.includes(batch) ?? true);
    return { ...files, batches: some };
  });
}

// What pages are given beside the networks.
function writeGiven(): void {
  const given = join(paths.bench, "given");
  mkdirSync(given, { recursive: true });
  const patch = tissue(50, 50, 1);
  writeFileSync(join(given, "patch.png"), png(patch));
  writeFileSync(join(given, "patch.rgb"), patch.rgb);
  if (parts.includes("dense")) writeFileSync(join(given, "section.rgb"), section().rgb);
}

function copyEngines(): void {
  mkdirSync(join(paths.bench, "engine"), { recursive: true });
  for (const build of ["relaxed", "simd"]) {
    const wasm = join(root, `build/wasm-${build}/network_bench.wasm`);
    if (!existsSync(wasm)) throw new Error(`${wasm} is not there. Run make bench.`);
    copyFileSync(wasm, join(paths.bench, `engine/${build}.wasm`));
  }
}

function versions(): Record<string, string> {
  const places = {
    "TensorFlow.js": join(paths.rivals, "node_modules/@tensorflow/tfjs-backend-wasm"),
    "ONNX Runtime Web": join(root, "node_modules/onnxruntime-web"),
    "LiteRT.js": join(paths.rivals, "node_modules/@litertjs/core"),
  };
  const read = (folder: string) =>
    (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
  return Object.fromEntries(Object.entries(places).map(([name, at]) => [name, read(at)]));
}

const numbers = (text: string | undefined) => (text ?? "").split(",").map(Number);

function contestants(threads: number): Contestant[] {
  const all: Contestant[] = ENGINES.map((engine) => ({ engine, build: "relaxed" }));
  if (threads > 1) return all;
  const natives: Contestant[] = (["native", "nativeOnnxruntime"] as const).map((engine) => ({
    engine,
    build: "relaxed",
  }));
  return [...all, { engine: "insitu", build: "simd" }, ...natives];
}

function sayGroup(group: Group): void {
  const beside = versus(group).map(({ engine, ratio }) => `${TITLES[engine]} ${ranged(ratio)}`);
  const most = Math.max(...group.engines.map(({ difference }) => difference ?? 0));
  const what = `${group.title}, batch ${group.batch}, ${group.threads} thread(s)`;
  say(`${what}: ${beside.join(", ")}; outputs differ by ${most.toExponential(1)} at most`);
  for (const { label, failure } of group.engines)
    if (failure !== null) say(`  ${label} did not run: ${failure}`);
}

function save(results: Results): void {
  results.machine.load[1] = loadavg()[0] ?? NaN;
  writeFileSync(join(paths.bench, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(paths.bench, "table.md"), tableOf(results));
}

async function timeNetworks(browser: Browser, results: Results, threads: number): Promise<void> {
  const networks = chosenNetworks();
  const server = await serveBench(paths);
  for (const network of networks) {
    for (const batch of network.batches) {
      const group = await runGroup({
        browser,
        url: server.url,
        root,
        bench: paths.bench,
        packages,
        network,
        batch,
        threads,
        contestants: contestants(threads),
        rounds,
        sliceMs,
        countInstructions: results.notCounted === null && threads === 1,
      });
      results.groups.push(group);
      sayGroup(group);
      save(results);
    }
  }
  await server.close();
}

async function profileNetworks(browser: Browser, results: Results): Promise<void> {
  say("where our time goes");
  const server = await serveBench(paths);
  for (const network of chosenNetworks()) {
    for (const batch of network.batches.filter((size) => size <= MOST_PROFILED))
      results.profiles.push(await profileNetwork(browser, server.url, network, batch));
  }
  await server.close();
  save(results);
}

async function run(browser: Browser, results: Results): Promise<void> {
  if (parts.includes("one")) await timeNetworks(browser, results, 1);
  if (parts.includes("two")) await timeNetworks(browser, results, 2);
  await aroundSeed(browser, results);
  if (parts.includes("profile")) await profileNetworks(browser, results);
}

// What is measured with the model seed alone.
async function aroundSeed(browser: Browser, results: Results): Promise<void> {
  for (const network of NETWORKS.filter(({ name }) => name === "seed")) written(network);
  const packing = await serveBench(paths, (path) =>
    brotli(readFileSync(path), join(root, "build/brotli")),
  );
  const plain = await serveBench(paths);
  if (parts.includes("start")) {
    say("navigation to first prediction; the first time, packing takes a minute or two");
    const temperature = Number(about.get("insitu.temperature") ?? 1);
    results.starts = await timeStarts(browser, packing, { rounds: START_ROUNDS, temperature });
    save(results);
  }
  if (parts.includes("memory")) {
    say("memory at rest");
    results.memory = await memoryAtRest(packing, MEMORY_ROUNDS);
    save(results);
  }
  if (parts.includes("dense")) {
    say("the map of a whole section");
    const dense = { rounds: DENSE_ROUNDS, sliceMs: DENSE_SLICE_MS };
    results.dense = await timeDenseMap(browser, plain.url, dense);
    save(results);
  }
  await packing.close();
  await plain.close();
}

checkArguments();
mkdirSync(paths.bench, { recursive: true });
copyEngines();
writeGiven();
const scripts = ["insitu", "insitu_worker", "tfjs", "onnxruntime", "litert", "dense"];
await bundlePages(paths, [...scripts, ...ENGINES.map((engine) => `first_${engine}`)], {
  MODEL_MEAN: JSON.stringify(numbers(about.get("insitu.mean"))),
  MODEL_STD: JSON.stringify(numbers(about.get("insitu.std"))),
});
const browser = await launch();
const load = loadavg()[0] ?? NaN;
const results: Results = {
  command: process.argv.slice(2).join(" "),
  machine: {
    processor: cpus()[0]?.model ?? "an unknown processor",
    cores: cpus().length,
    chromium: browser.version(),
    load: [load, load],
  },
  versions: versions(),
  rounds,
  sliceMs,
  notCounted: whyNotCounted(),
  groups: [],
  starts: [],
  memory: [],
  dense: null,
  profiles: [],
};
try {
  await run(browser, results);
} finally {
  await browser.close();
}
save(results);
say("build/bench/results.json and build/bench/table.md are written");
