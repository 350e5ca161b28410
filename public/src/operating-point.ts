// A model's figures at every threshold, from its stored evaluation. Pure: no DOM, no storage.
import type { OperatingPoint } from "./messages.ts";

export type Interval = [low: number, high: number];

// As `insitu evaluate --json` writes it; null where there is nothing to divide by.
export interface CurvePoint {
  threshold: number;
  sensitivity: number | null;
  specificity: number | null;
  precision: number | null;
  sensitivity_interval: Interval | null;
  specificity_interval: Interval | null;
  precision_interval?: Interval | null;
}

// What of an evaluation an operating point is read from.
export interface Measured {
  threshold: number; // in force
  curve: readonly CurvePoint[]; // by ascending threshold
  data: { patches: number; positives: number };
  at_prevalence?: { prevalence: number };
}

export type PresetName = "screen" | "balanced" | "confirm";

export interface Preset {
  name: PresetName;
  threshold: number;
  from: "model" | "evaluation"; // who chose the threshold
}

export interface Estimate {
  value: number;
  interval: Interval | null; // 95 %
}

// A threshold with what it means.
export interface MeasuredPoint {
  threshold: number;
  measuredAt: number; // the threshold of the curve that the figures are of, the nearest one
  preset: PresetName | null;
  prevalence: number;
  sensitivity: Estimate | null;
  specificity: Estimate | null;
  ppv: Estimate | null; // of what is called positive, the share that is, at the prevalence
  npv: Estimate | null;
}

export const SCREEN_SENSITIVITY = 0.95;
export const CONFIRM_SPECIFICITY = 0.95;

// Both classes have to be there for a predictive value to mean something.
export const LEAST_PREVALENCE = 0.0001;

export function isPrevalence(value: number): boolean {
  return value >= LEAST_PREVALENCE && value <= 1 - LEAST_PREVALENCE; // false for NaN
}

// The index of the curve's point whose threshold is nearest; the lower one of two.
export function nearestPoint(curve: readonly CurvePoint[], threshold: number): number {
  let nearest = 0;
  const distance = (index: number) => Math.abs((curve[index]?.threshold ?? NaN) - threshold);
  for (let i = 1; i < curve.length; i++) if (distance(i) < distance(nearest)) nearest = i;
  return nearest;
}

function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

// Bayes. Null where nobody is called positive (negative).
export function predictiveValues(
  sensitivity: number,
  specificity: number,
  prevalence: number,
): { ppv: number | null; npv: number | null } {
  const tp = prevalence * sensitivity;
  const fn = prevalence * (1 - sensitivity);
  const tn = (1 - prevalence) * specificity;
  const fp = (1 - prevalence) * (1 - specificity);
  return { ppv: ratio(tp, tp + fp), npv: ratio(tn, tn + fn) };
}

const estimate = (value: number | null, interval: Interval | null): Estimate | null =>
  value === null ? null : { value, interval };

// Both predictive values rise with sensitivity and with specificity, so that the ends of the two
// intervals together give ends for them: never too narrow an interval, mostly a wider one than the
// bootstrap's of the predictive value itself.
function predictiveEstimates(
  { sensitivity, specificity, sensitivity_interval, specificity_interval }: CurvePoint,
  prevalence: number,
): { ppv: Estimate | null; npv: Estimate | null } {
  if (sensitivity === null || specificity === null) return { ppv: null, npv: null };
  const at = predictiveValues(sensitivity, specificity, prevalence);
  if (sensitivity_interval === null || specificity_interval === null)
    return { ppv: estimate(at.ppv, null), npv: estimate(at.npv, null) };
  const [low, high] = [0, 1].map((end) =>
    predictiveValues(
      sensitivity_interval[end] ?? NaN,
      specificity_interval[end] ?? NaN,
      prevalence,
    ),
  );
  const ends = (name: "ppv" | "npv"): Interval | null => {
    const [from, to] = [low?.[name] ?? null, high?.[name] ?? null];
    return from === null || to === null ? null : [from, to];
  };
  return { ppv: estimate(at.ppv, ends("ppv")), npv: estimate(at.npv, ends("npv")) };
}

// threshold: need not be one of the curve's; the figures are those of the nearest one that is.
export function measuredPoint(
  { curve }: Pick<Measured, "curve">,
  threshold: number,
  prevalence: number,
  presets: readonly Preset[] = [],
): MeasuredPoint {
  const point = curve[nearestPoint(curve, threshold)];
  if (point === undefined) throw new RangeError("an evaluation without a curve");
  return {
    threshold,
    measuredAt: point.threshold,
    preset: presets.find((preset) => preset.threshold === threshold)?.name ?? null,
    prevalence,
    sensitivity: estimate(point.sensitivity, point.sensitivity_interval),
    specificity: estimate(point.specificity, point.specificity_interval),
    ...predictiveEstimates(point, prevalence),
  };
}

// Screen: the greatest threshold with a sensitivity of at least .95. Confirm: the least with a
// specificity of at least .95. Balanced: the threshold in force. stated: the model's own, measured on
// the folds that it was made with; they come first. One that there is no threshold for is left out.
export function presetsOf(measured: Measured, stated: readonly OperatingPoint[] = []): Preset[] {
  const { curve, threshold } = measured;
  const screen = curve.findLast(({ sensitivity }) => (sensitivity ?? 0) >= SCREEN_SENSITIVITY);
  const confirm = curve.find(({ specificity }) => (specificity ?? 0) >= CONFIRM_SPECIFICITY);
  const own: [PresetName, number | undefined][] = [
    ["screen", screen?.threshold],
    ["balanced", threshold],
    ["confirm", confirm?.threshold],
  ];
  return own.flatMap(([name, computed]): Preset[] => {
    const said = stated.find((point) => point.name === name);
    if (said !== undefined) return [{ name, threshold: said.threshold, from: "model" }];
    if (computed === undefined) return [];
    return [{ name, threshold: computed, from: name === "balanced" ? "model" : "evaluation" }];
  });
}

// What Judge.choose takes: the point as part of every result.
export function asOperatingPoint(point: MeasuredPoint): OperatingPoint {
  const { preset, threshold, sensitivity, specificity } = point;
  return {
    name: preset ?? "own",
    threshold,
    sensitivity: sensitivity?.value ?? Number.NaN,
    specificity: specificity?.value ?? Number.NaN,
  };
}

// The prevalence that the evaluation was asked about, or else that of its own images.
export function defaultPrevalence({ data, at_prevalence }: Measured): number {
  const share = at_prevalence?.prevalence ?? data.positives / data.patches;
  return isPrevalence(share) ? share : 0.5;
}
