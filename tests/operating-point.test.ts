// The arithmetic behind the operating point's panel.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  asOperatingPoint,
  defaultPrevalence,
  isPrevalence,
  LEAST_PREVALENCE,
  nearestPoint,
  measuredPoint,
  predictiveValues,
  presetsOf,
  type CurvePoint,
  type Interval,
  type Measured,
} from "../public/src/operating-point.ts";

function point(
  threshold: number,
  sensitivity: number | null,
  specificity: number | null,
  halfWidth: number | null = 0.02,
): CurvePoint {
  const around = (value: number | null): Interval | null =>
    value === null || halfWidth === null
      ? null
      : [Math.max(0, value - halfWidth), Math.min(1, value + halfWidth)];
  return {
    threshold,
    sensitivity,
    specificity,
    precision: null,
    sensitivity_interval: around(sensitivity),
    specificity_interval: around(specificity),
  };
}

const measured: Measured = {
  threshold: 0.5,
  curve: [
    point(0, 1, 0),
    point(0.2, 0.97, 0.5),
    point(0.3, 0.95, 0.7),
    point(0.5, 0.85, 0.85),
    point(0.7, 0.6, 0.95),
    point(0.8, 0.5, 0.98),
    point(1, 0, 1),
  ],
  data: { patches: 400, positives: 100 },
};

const near = (actual: number | null | undefined, expected: number) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-12, `${actual} is not ${expected}`);

test("Predictive values are those of a hand-worked table", () => {
  // Of 1,000: 100 positive, 90 of them called; 900 negative, 180 of them called.
  const { ppv, npv } = predictiveValues(0.9, 0.8, 0.1);
  near(ppv, 90 / 270);
  near(npv, 720 / 730);
});

test("A predictive value that divides by nothing is absent", () => {
  assert.equal(predictiveValues(0, 1, 0.3).ppv, null);
  assert.equal(predictiveValues(1, 0, 0.3).npv, null);
});

test("A point has the curve's figures with the curve's intervals", () => {
  const at = measuredPoint(measured, 0.5, 0.25);
  assert.deepEqual(at.sensitivity, { value: 0.85, interval: [0.85 - 0.02, 0.85 + 0.02] });
  assert.deepEqual(at.specificity, { value: 0.85, interval: [0.85 - 0.02, 0.85 + 0.02] });
  near(at.ppv?.value, (0.25 * 0.85) / (0.25 * 0.85 + 0.75 * 0.15));
});

test("The interval of a predictive value joins the ends of both and holds the value", () => {
  const { ppv, npv } = measuredPoint(measured, 0.5, 0.25);
  const [low, high] = [predictiveValues(0.83, 0.83, 0.25), predictiveValues(0.87, 0.87, 0.25)];
  for (const [found, from, to] of [
    [ppv, low.ppv, high.ppv],
    [npv, low.npv, high.npv],
  ] as const) {
    near(found?.interval?.[0], from ?? Number.NaN);
    near(found?.interval?.[1], to ?? Number.NaN);
    assert.ok(found && found.interval && found.interval[0] < found.value);
    assert.ok(found.interval[1] > found.value);
  }
});

test("Without intervals in the report there are none for the predictive values", () => {
  const bare = { ...measured, curve: [point(0.5, 0.8, 0.9, null)] };
  const at = measuredPoint(bare, 0.5, 0.25);
  assert.equal(at.sensitivity?.interval, null);
  assert.equal(at.ppv?.interval, null);
  assert.ok(at.ppv.value > 0);
});

test("Without one of the classes the point has no predictive values", () => {
  const one = { ...measured, curve: [point(0.5, null, 0.9)] };
  const at = measuredPoint(one, 0.5, 0.25);
  assert.deepEqual([at.sensitivity, at.ppv, at.npv], [null, null, null]);
});

test("A threshold between two of the curve's has the figures of the nearest, and says so", () => {
  assert.equal(nearestPoint(measured.curve, 0.42), 3);
  const halves = [point(0.25, 1, 0), point(0.75, 0, 1)];
  assert.equal(nearestPoint(halves, 0.5), 0, "the lower one of two equally near");
  const at = measuredPoint(measured, 0.42, 0.25);
  assert.equal(at.threshold, 0.42);
  assert.equal(at.measuredAt, 0.5);
});

test("Screen is the greatest threshold with sensitivity .95, confirm the least with specificity .95", () => {
  assert.deepEqual(presetsOf(measured), [
    { name: "screen", threshold: 0.3, from: "evaluation" },
    { name: "balanced", threshold: 0.5, from: "model" },
    { name: "confirm", threshold: 0.7, from: "evaluation" },
  ]);
});

test("The points that a model states come before those of the evaluation", () => {
  const stated = [{ name: "screen", threshold: 0.25, sensitivity: 0.96, specificity: 0.6 }];
  const presets = presetsOf(measured, stated);
  assert.deepEqual(presets[0], { name: "screen", threshold: 0.25, from: "model" });
  assert.equal(presets[2]?.from, "evaluation");
  assert.equal(measuredPoint(measured, 0.25, 0.5, presets).preset, "screen");
  assert.equal(measuredPoint(measured, 0.26, 0.5, presets).preset, null);
});

test("A chosen point becomes part of a result by its name and its figures", () => {
  const at = (threshold: number) =>
    asOperatingPoint(measuredPoint(measured, threshold, 0.25, presetsOf(measured)));
  assert.deepEqual(at(0.7), {
    name: "confirm",
    threshold: 0.7,
    sensitivity: 0.6,
    specificity: 0.95,
  });
  assert.equal(at(0.8).name, "own");
});

test("A preset that no threshold reaches is left out", () => {
  const poor = { ...measured, curve: [point(0.4, 0.9, 0.6), point(0.5, 0.8, 0.7)] };
  assert.deepEqual(
    presetsOf(poor).map(({ name }) => name),
    ["balanced"],
  );
});

test("A prevalence leaves room for both classes", () => {
  for (const share of [LEAST_PREVALENCE, 0.5, 1 - LEAST_PREVALENCE]) assert.ok(isPrevalence(share));
  for (const share of [0, LEAST_PREVALENCE / 2, 1, 1.5, -0.1, Number.NaN]) {
    assert.ok(!isPrevalence(share), String(share));
  }
});

test("The prevalence to begin with is the report's, else the images' own, else one half", () => {
  assert.equal(defaultPrevalence({ ...measured, at_prevalence: { prevalence: 0.284 } }), 0.284);
  assert.equal(defaultPrevalence(measured), 0.25);
  assert.equal(defaultPrevalence({ ...measured, data: { patches: 10, positives: 10 } }), 0.5);
  assert.equal(defaultPrevalence({ ...measured, data: { patches: 0, positives: 0 } }), 0.5);
});

test("The seed model's own report has its threshold in the curve, and predictive values that agree with its own", () => {
  const path = join(import.meta.dirname, "../model/seed.report.json");
  const report = JSON.parse(readFileSync(path, "utf8")) as Measured & {
    at_prevalence: {
      prevalence: number;
      ppv: number;
      npv: number;
      intervals: Record<string, Interval>;
    };
  };
  const { prevalence, ppv, npv, intervals } = report.at_prevalence;
  const at = measuredPoint(report, report.threshold, prevalence);
  assert.equal(at.measuredAt, report.threshold);
  for (const [name, own] of [
    ["ppv", ppv],
    ["npv", npv],
  ] as const) {
    assert.ok(Math.abs((at[name]?.value ?? 0) - own) < 2e-6, name);
    const [low, high] = at[name]?.interval ?? [1, 0];
    const [ownLow = 0, ownHigh = 1] = intervals[name] ?? [];
    assert.ok(low <= ownLow && high >= ownHigh, `${name}'s is not narrower than the bootstrap's`);
  }
});
