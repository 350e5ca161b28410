// What the bench says of many times: medians, ranges, ratios, and whether outputs agree.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { goals, ranged } from "./bench/versus/goals.ts";
import type { Results } from "./bench/versus/results.ts";
import type { EngineTimes, Group } from "./bench/versus/rounds.ts";
import { maxDifference, median, ratios, spread } from "./bench/versus/statistics.ts";
import { tableOf } from "./bench/versus/table.ts";

function times(engine: EngineTimes["engine"], label: string, ms: number[]): EngineTimes {
  const nothing = { threadsSaid: 1, cpu: null, cpuShare: null, instructions: null, failure: null };
  return { label, engine, build: "relaxed", ms, cpuMs: ms, difference: 1e-7, ...nothing };
}

function group(engines: EngineTimes[], changes: Partial<Group> = {}): Group {
  const seed = { network: "seed", title: "seed", batch: 1, threads: 1, isOfSquares: true };
  return { ...seed, multiplyAdds: 6e6, load: [0, 0], peak: [], peakInTwo: [], engines, ...changes };
}

function resultsOf(groups: Group[]): Results {
  return {
    command: "",
    machine: { processor: "a processor", cores: 2, chromium: "1", load: [0, 0] },
    versions: {},
    rounds: 3,
    sliceMs: 250,
    notCounted: "there is no counter",
    groups,
    starts: [],
    memory: [],
    dense: null,
    profiles: [],
  };
}

describe("statistics of the bench", () => {
  test("a median is the middle value, or the mean of the two in the middle", () => {
    assert.equal(median([5, 1, 3]), 3);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.equal(median([7]), 7);
    assert.throws(() => median([]), /no values/);
  });

  test("numbers are ordered as numbers, and the list given stays as it was", () => {
    const values = [100, 9, 20];
    assert.equal(median(values), 20);
    assert.deepEqual(values, [100, 9, 20]);
  });

  test("a spread has the least and the most beside the median", () => {
    assert.deepEqual(spread([3, 1, 2]), { median: 2, least: 1, most: 3 });
  });

  test("a ratio is taken round by round, so that what slows a round down leaves it as it is", () => {
    const [ours, theirs] = [
      [1, 10, 1],
      [2, 20, 2],
    ];
    assert.deepEqual(ratios(theirs, ours), { median: 2, least: 2, most: 2 });
    assert.throws(() => ratios([1], [1, 2]), /same rounds/);
  });

  test("outputs differ by the largest difference, and without end where they are not comparable", () => {
    assert.equal(maxDifference([1, 2, 3], [1, 2.5, 2.75]), 0.5);
    assert.equal(maxDifference([1, 2], [1]), Infinity);
    assert.equal(maxDifference([1, NaN], [1, 2]), Infinity);
    assert.equal(maxDifference([NaN, 1], [1, 1]), Infinity);
  });
});

describe("goals of the bench", () => {
  const fast = group([
    times("insitu", "InSitu", [1, 1, 2]),
    times("tfjs", "TensorFlow.js", [3.5, 3, 8]),
    times("litert", "LiteRT.js", [2, 2.2, 4.2]),
  ]);

  test("a goal is met by the median, and only if it was measured", () => {
    const verdicts = new Map(goals(resultsOf([fast])).map((one) => [one.goal, one]));
    const of = (start: string) =>
      [...verdicts.values()].find(({ goal }) => goal.startsWith(start)) ?? assert.fail(start);
    assert.equal(of("seed, batch 1, one thread: at least 3× TensorFlow.js").met, true);
    assert.equal(of("seed, batch 1, one thread: at least 2.3× LiteRT.js").met, false);
    assert.equal(of("seed, batch 1, one thread: at least 3× ONNX").met, null);
    const fastest = of("seed, batch 1, one thread: at least 2× the fastest rival");
    assert.match(fastest.measured, /^2\.10 \[2\.00\.\.2\.20\]× LiteRT\.js$/);
    assert.equal(fastest.met, true);
    assert.equal(of("dense map").met, null);
  });

  test("a network that is not of 3x3 convolutions has the lower goal", () => {
    const other = { ...fast, isOfSquares: false, title: "best", network: "best" };
    const verdict = goals(resultsOf([other])).find(({ goal }) => goal.startsWith("best, batch 1"));
    assert.match(verdict?.goal ?? "", /at least 1\.5×/);
  });

  test("the share of the peak counts a multiply-add as two operations", () => {
    const batch = 16;
    const ms = (2 * 6e6 * batch) / 45e6;
    const full = group([times("insitu", "InSitu", [ms])], { batch, peak: [50e6] });
    const verdict = goals(resultsOf([full])).find(({ goal }) => goal.includes("relaxed peak"));
    assert.match(verdict?.measured ?? "", /^90 % /);
    assert.equal(verdict?.met, true);
  });

  test("the table has the ratios with their range, the load, and says where one thread ran", () => {
    const two = group(fast.engines, { batch: 64, threads: 2, load: [0.25, 1.75] });
    const text = tableOf(resultsOf([two]));
    assert.ok(text.includes(`${ranged(ratios([3.5, 3, 8], [1, 1, 2]))} (1 thread)`), text);
    assert.ok(text.includes("| 0.3 to 1.8 |"), text);
    assert.ok(text.includes("Not counted here: there is no counter."), text);
  });
});
