// The goals, each with what this run measured of it.
import { LINE_TEXT, type Rest, type Way } from "./first_prediction.ts";
import type { Results } from "./results.ts";
import type { EngineTimes, Group } from "./rounds.ts";
import { RIVALS, TITLES, type EngineName } from "./site.ts";
import { median, ratios, spread, type Spread } from "./statistics.ts";

export interface Verdict {
  goal: string;
  measured: string;
  met: boolean | null; // null: not measured in this run
}

export const number = (value: number) => value.toFixed(value < 0.1 ? 3 : 2);

export function ranged({ median, least, most }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} [${least.toFixed(digits)}..${most.toFixed(digits)}]`;
}

export function timesOf(group: Group, engine: EngineTimes["engine"], build = "relaxed") {
  const found = group.engines.find((one) => one.engine === engine && one.build === build);
  return found === undefined || found.ms.length === 0 ? null : found;
}

export interface Versus {
  engine: EngineName;
  ratio: Spread; // how many times as long as ours
}

// Each rival that has times, the fastest first.
export function versus(group: Group): Versus[] {
  const ours = timesOf(group, "insitu");
  if (ours === null) return [];
  return RIVALS.flatMap((engine) => {
    const theirs = timesOf(group, engine);
    return theirs === null ? [] : [{ engine, ratio: ratios(theirs.ms, ours.ms) }];
  }).sort((a, b) => a.ratio.median - b.ratio.median);
}

// By the time on a processor: what else runs on it is no share of what the engine could have done.
export function sharesOfPeak(group: Group, { cpuMs }: EngineTimes): Spread {
  const operations = 2 * group.multiplyAdds * group.batch;
  return spread(cpuMs.map((time, round) => operations / time / (group.peak[round] ?? NaN)));
}

const find = (results: Results, network: string, batch: number, threads: number) =>
  results.groups.find(
    (group) => group.network === network && group.batch === batch && group.threads === threads,
  );

const unmeasured = (goal: string): Verdict => ({
  goal,
  measured: "not measured in this run",
  met: null,
});

function seedGoals(results: Results): Verdict[] {
  const least: Record<string, number> = { tfjs: 3, onnxruntime: 3, litert: 2.3 };
  const group = find(results, "seed", 1, 1);
  return RIVALS.map((engine) => {
    const needed = least[engine] ?? NaN;
    const goal = `seed, batch 1, one thread: at least ${needed}× ${TITLES[engine]}`;
    const found =
      group === undefined ? undefined : versus(group).find((one) => one.engine === engine);
    if (found === undefined) return unmeasured(goal);
    return { goal, measured: `${ranged(found.ratio)}×`, met: found.ratio.median >= needed };
  });
}

function everyNetworkGoals(results: Results): Verdict[] {
  return results.groups
    .filter(({ threads }) => threads === 1)
    .map((group) => {
      const needed = group.isOfSquares ? 2 : 1.5;
      const goal = `${group.title}, batch ${group.batch}, one thread: at least ${needed}× the fastest rival`;
      return beside(goal, group, needed);
    });
}

function beside(goal: string, group: Group, needed: number): Verdict {
  const [fastest] = versus(group);
  if (fastest === undefined) return unmeasured(goal);
  const measured = `${ranged(fastest.ratio)}× ${TITLES[fastest.engine]}`;
  return { goal, measured, met: fastest.ratio.median >= needed };
}

function twoThreadGoals(results: Results): Verdict[] {
  return results.groups
    .filter(({ threads, batch }) => threads === 2 && batch === 64)
    .map((group) =>
      beside(`${group.title}, 64 patches, 2 threads: at least 3× the fastest rival at 2`, group, 3),
    );
}

function peakGoal(results: Results): Verdict {
  const goal = "share of the relaxed peak, seed, batch 16: at least 85 %";
  const group = find(results, "seed", 16, 1);
  const ours = group === undefined ? null : timesOf(group, "insitu");
  if (group === undefined || ours === null || group.peak.length === 0) return unmeasured(goal);
  const { median, least, most } = sharesOfPeak(group, ours);
  const percent = (share: number) => (100 * share).toFixed(0);
  const measured = `${percent(median)} % [${percent(least)}..${percent(most)}]`;
  return { goal, measured, met: median >= 0.85 };
}

const startOf = (results: Results, engine: EngineName) =>
  results.starts.find((start) => start.engine === engine);

function sizeGoals(results: Results): Verdict[] {
  const ours = startOf(results, "insitu")?.bytes.withoutModel;
  const small = "engine with decoders and glue, brotli: at most 64 KB (65,536 bytes)";
  const parts: [EngineName, number, string][] = [
    ["tfjs", 2 / 5, "2/5"],
    ["onnxruntime", 1 / 30, "1/30"],
    ["litert", 1 / 30, "1/30"],
  ];
  const first: Verdict =
    ours === undefined
      ? unmeasured(small)
      : { goal: small, measured: `${ours} bytes`, met: ours <= 65_536 };
  return [
    first,
    ...parts.map(([engine, needed, text]) => {
      const goal = `the same: at most ${text} of ${TITLES[engine]}`;
      const theirs = startOf(results, engine)?.bytes.withoutModel;
      if (ours === undefined || theirs === undefined) return unmeasured(goal);
      const share = ours / theirs;
      return { goal, measured: `1/${(1 / share).toFixed(1)}`, met: share <= needed };
    }),
  ];
}

function startGoals(results: Results): Verdict[] {
  const ours = startOf(results, "insitu");
  const compare = (goal: string, engine: EngineName, way: Way, needed: number): Verdict => {
    const theirs = startOf(results, engine);
    if (ours === undefined || theirs === undefined) return unmeasured(goal);
    const ratio = ratios(theirs.ms[way], ours.ms[way]);
    return { goal, measured: `${ranged(ratio)}×`, met: ratio.median >= needed };
  };
  const warm = "navigation to first prediction, warm, loopback: no slower than TensorFlow.js";
  return [
    compare(warm, "tfjs", "warm", 1),
    ...RIVALS.map((engine) =>
      compare(
        `the same, cold, at ${LINE_TEXT.speed} with ${LINE_TEXT.latency}: at least 3× ${TITLES[engine]}`,
        engine,
        "coldOverLine",
        3,
      ),
    ),
  ];
}

// Bytes of a page beyond those of an empty one.
export function beyondEmpty(memory: readonly Rest[], engine: Rest["engine"]): number {
  const of = (name: Rest["engine"]) =>
    median(memory.find((rest) => rest.engine === name)?.bytes ?? [NaN]);
  return of(engine) - of("empty");
}

function memoryGoal({ memory }: Results): Verdict {
  const goal =
    "memory at rest with one model, beyond an empty page: at most 1/3 of the leanest rival";
  if (memory.length === 0) return unmeasured(goal);
  const leanest = RIVALS.reduce((a, b) =>
    beyondEmpty(memory, b) < beyondEmpty(memory, a) ? b : a,
  );
  const share = beyondEmpty(memory, "insitu") / beyondEmpty(memory, leanest);
  const measured = `${number(share)} of ${TITLES[leanest]}`;
  return { goal, measured, met: share <= 1 / 3 };
}

function denseGoal({ dense }: Results): Verdict {
  const goal = "dense map of a whole section: at least 20× tile by tile with the fastest rival";
  if (dense === null) return unmeasured(goal);
  const { fastest, ratio } = denseRatio(dense, dense.judged);
  return { goal, measured: `${ranged(ratio, 1)}× ${TITLES[fastest]}`, met: ratio.median >= 20 };
}

export function denseRatio(dense: NonNullable<Results["dense"]>, places: number) {
  const [fastest = "tfjs"] = [...RIVALS].sort(
    (a, b) => median(dense.patchMs[a] ?? [NaN]) - median(dense.patchMs[b] ?? [NaN]),
  );
  const whole = (dense.patchMs[fastest] ?? []).map((ms) => ms * places);
  return { fastest, ratio: ratios(whole, dense.ms) };
}

export function goals(results: Results): Verdict[] {
  return [
    ...seedGoals(results),
    ...everyNetworkGoals(results),
    ...twoThreadGoals(results),
    peakGoal(results),
    ...sizeGoals(results),
    ...startGoals(results),
    memoryGoal(results),
    denseGoal(results),
  ];
}
