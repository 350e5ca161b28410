// What the pages about figures say. No DOM.
import type { Estimate, Interval, MeasuredPoint, Preset } from "../operating-point.ts";
import type { Abstention, FilmFigures, MeasureName, Report, SectionReport } from "./report.ts";
import { decimal, plural, wholeNumber } from "../wording.ts";

export const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits)}\u00a0%`;

export const percentSpan = ([low, high]: Interval) =>
  `${(100 * low).toFixed(1)} to ${percent(high)}`;

export const measure = (value: number | null | undefined) =>
  value === null || value === undefined ? "–" : value.toFixed(3);

export const span = (interval: Interval | null | undefined) =>
  interval === null || interval === undefined
    ? "–"
    : `${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}`;

export function estimateText(estimate: Estimate | null): string {
  if (estimate === null) return "not defined here";
  const { value, interval } = estimate;
  return interval === null
    ? `${measure(value)}, no interval`
    : `${measure(value)} (${span(interval)})`;
}

export const MEASURES: { name: MeasureName; label: string; meaning: string }[] = [
  {
    name: "auc",
    label: "AUC",
    meaning: "chance that a positive image scores above a negative one",
  },
  {
    name: "balanced_accuracy",
    label: "Balanced accuracy",
    meaning: "mean of sensitivity and specificity",
  },
  {
    name: "sensitivity",
    label: "Sensitivity",
    meaning: "share of the positive images that is called positive",
  },
  {
    name: "specificity",
    label: "Specificity",
    meaning: "share of the negative images that is not",
  },
  { name: "precision", label: "Precision", meaning: "share of what is called positive that is" },
  { name: "f1", label: "F1", meaning: "harmonic mean of precision and sensitivity" },
  { name: "accuracy", label: "Accuracy", meaning: "share of all images called rightly" },
  { name: "brier", label: "Brier score", meaning: "mean squared error; 0 is best" },
  { name: "nll", label: "Log loss", meaning: "in nats; 0 is best" },
  {
    name: "ece",
    label: "Calibration error (ECE)",
    meaning: "mean distance of probability from observed share; 0 is best",
  },
];

export const AT_PREVALENCE = [
  { name: "ppv", label: "PPV", meaning: "share of what is called positive that is" },
  { name: "npv", label: "NPV", meaning: "share of what is called negative that is" },
  ...MEASURES.filter(({ name }) => ["f1", "brier", "nll", "ece"].includes(name)),
] as { name: "ppv" | "npv" | "f1" | "brier" | "nll" | "ece"; label: string; meaning: string }[];

export function dataSentence({ data, positive_class }: Report): string {
  const { cases, patches, positives, name } = data;
  const share = patches > 0 ? ` (${percent(positives / patches)})` : "";
  return (
    `${wholeNumber(patches)} ${patches === 1 ? "image" : "images"} of ${wholeNumber(cases)} ` +
    `${cases === 1 ? "case" : "cases"} (${name}), of which ${wholeNumber(positives)} are ` +
    `${positive_class}${share}.`
  );
}

export function sectionSentence(report: SectionReport, positiveClass: string): string {
  const { file, image, stride, summary, labels } = report;
  const { judged, positive, not_judged: left } = labels;
  const apart = decimal(stride * summary.cell.um_per_pixel, 1);
  const notJudged = left.negative + left.positive;
  return (
    `${file}, ${wholeNumber(image.width)}×${wholeNumber(image.height)} px at ${decimal(image.um_per_pixel)} µm/px, ` +
    `a place every ${apart} µm: ${wholeNumber(judged)} places judged, ${wholeNumber(positive)} of ` +
    `them ${positiveClass} by the label image; ${wholeNumber(notJudged)} labelled places not judged, ` +
    `${wholeNumber(left.positive)} of them ${positiveClass}. It is one section, so there is no interval; ` +
    "it tells nothing of how much sections differ."
  );
}

export function intervalSentence({ bootstrap, data }: Report): string {
  if (data.cases < 2) {
    return "There is one case only, so that no interval can be given: chance in the choice of cases is what it would tell.";
  }
  return (
    `Intervals are 95 %, by a bootstrap over cases of ${wholeNumber(bootstrap.samples)} samples ` +
    "(images of one case look alike and are never drawn singly). Where too few of the samples have a figure, it has no interval."
  );
}

export const PRESET_NAMES: Record<Preset["name"], string> = {
  screen: "Screen",
  balanced: "Balanced",
  confirm: "Confirm",
};

const PRESET_MEANINGS: Record<Preset["name"], string> = {
  screen: "the greatest threshold with a sensitivity of at least 0.95",
  balanced: "the model's own threshold",
  confirm: "the least threshold with a specificity of at least 0.95",
};

export function presetSentence({ name, threshold, from }: Preset): string {
  const chosen =
    from === "model"
      ? "stated by the model, from the folds that it was made with"
      : "computed from this evaluation's own cases, so its figures flatter a little";
  return `${PRESET_NAMES[name]}: ${PRESET_MEANINGS[name]}, ${decimal(threshold, 4)}; ${chosen}.`;
}

export const PREDICTIVE_NOTE =
  "Predictive values are worked out from sensitivity and specificity at the prevalence given here; their intervals join the ends of those two intervals, and are rather too wide than too narrow.";

// For a slider, whose position alone says nothing.
export function pointSentence(point: MeasuredPoint): string {
  const { threshold, sensitivity, specificity } = point;
  return (
    `threshold ${decimal(threshold, 4)}: sensitivity ${measure(sensitivity?.value)}, ` +
    `specificity ${measure(specificity?.value)}`
  );
}

// What was measured. Folds that are repeated judge every image as often.
export function sourceText({ data, protocol }: Report): string {
  const repeats = protocol?.repeats ?? 1;
  const images = `${wholeNumber(data.patches / repeats)} images of ${data.cases} cases (${data.name})`;
  return repeats === 1 ? images : `${images}, each judged ${repeats} times, by other folds' models`;
}

// What a figure of all images together is of: where folds judged, each image at its judge's own.
export function thresholdText({ threshold, protocol }: Report): string {
  const own = protocol?.judged_by === "folds" ? protocol.thresholds : undefined;
  if (own === undefined) return `at threshold ${decimal(threshold, 4)}`;
  const [least, greatest] = own;
  return `each at the threshold of the model that judged it, ${decimal(least, 4)} to ${decimal(greatest, 4)}`;
}

export function bandText({ protocol }: Report, { low, high, coverage_stated }: Abstention): string {
  const covered = `made to cover ${percent(coverage_stated, 0)}`;
  const band = `probabilities from ${decimal(low, 4)} to ${decimal(high, 4)}`;
  return protocol?.judged_by === "folds"
    ? `Uncertain band: of the model itself ${band}; here of each model that judged its own, ${covered}`
    : `Uncertain band: ${band}, ${covered}`;
}

export function casesSentence(report: Report): string {
  const { mean_case_auc, cases_with_auc, intervals, data } = report;
  if (mean_case_auc === null) {
    return "No case has both classes, so that no case has an AUC of its own.";
  }
  const without = data.cases - cases_with_auc;
  const rest =
    without > 0 ? ` ${plural(without, "case has", "cases have")} one class only, and no AUC.` : "";
  const interval = intervals.mean_case_auc;
  const range = interval ? ` (${span(interval)})` : "";
  return `Mean AUC of ${plural(cases_with_auc, "case")}: ${measure(mean_case_auc)}${range}.${rest}`;
}

// The abbreviations of mini-MIAS.
const FINDING_KINDS: Record<string, string> = {
  ARCH: "Architectural distortion",
  ASYM: "Asymmetry",
  CALC: "Calcifications",
  CIRC: "Well-defined mass",
  MISC: "Other, ill-defined mass",
  SPIC: "Spiculated mass",
  benign: "Benign",
  malignant: "Malignant",
};

export const findingKind = (name: string): string => FINDING_KINDS[name] ?? name;

export function filmsSentence({ films, protocol }: FilmFigures): string {
  const { abnormal_films: abnormal, findings, findings_with_place: placed } = films;
  const repeats = plural(protocol.repeats, "repeat");
  return (
    `${wholeNumber(films.films)} films of ${wholeNumber(films.women)} women, ${wholeNumber(abnormal)} of them with a ` +
    `finding; ${wholeNumber(placed)} of ${wholeNumber(findings)} findings have a place. Every film is read by a ` +
    `model that no film of the same woman trained; figures are the mean of ${repeats} of the folds, ` +
    "intervals 95 %, by a bootstrap over women."
  );
}
