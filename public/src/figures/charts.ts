// The charts of an evaluation, each with what it says in words and its numbers as a table.
import type { CurvePoint, MeasuredPoint, Preset } from "../operating-point.ts";
import { decimal, wholeNumber } from "../wording.ts";
import { chartFigure, table } from "./build.ts";
import { Plot, type Point } from "./plot.ts";
import { casesByAuc, type CaseMeasures, type Report } from "./report.ts";
import * as wording from "./wording.ts";

export interface Chart {
  element: HTMLElement;
  follow?: (point: MeasuredPoint) => void; // the point that is looked at
}

const TABLE_POINTS = 25; // of the curve's about 200
const NAMED_CASES = 3;
const MOST_ROWS = 200;

const known = <T>(values: (T | null)[]): T[] => values.filter((value) => value !== null);

// About so many of a list, with both ends.
function some<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  const step = (all.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => all[Math.round(i * step)]).filter(
    (value) => value !== undefined,
  );
}

function curveTable(caption: string, curve: readonly CurvePoint[]): HTMLElement {
  const head = ["Threshold", "Sensitivity", "95 %", "Specificity", "95 %", "Precision", "95 %"];
  const rows = some(curve, TABLE_POINTS).map((point) => [
    decimal(point.threshold, 4),
    wording.measure(point.sensitivity),
    wording.span(point.sensitivity_interval),
    wording.measure(point.specificity),
    wording.span(point.specificity_interval),
    wording.measure(point.precision),
    wording.span(point.precision_interval),
  ]);
  const part = curve.length > TABLE_POINTS ? `, ${rows.length} of ${curve.length} thresholds` : "";
  return table(`${caption}${part}`, head, rows);
}

const rocPoint = ({ sensitivity, specificity }: CurvePoint): Point | null =>
  sensitivity === null || specificity === null ? null : [1 - specificity, sensitivity];

const prPoint = ({ sensitivity, precision }: CurvePoint): Point | null =>
  sensitivity === null || precision === null ? null : [sensitivity, precision];

// Marks the points of a curve that have names, and one that moves.
function markPoints(
  plot: Plot,
  { curve }: Report,
  presets: readonly Preset[],
  place: (point: CurvePoint) => Point | null,
): (point: MeasuredPoint) => void {
  const at = (threshold: number) => {
    const found = curve.find((point) => point.threshold === threshold);
    return found === undefined ? null : place(found);
  };
  for (const { name, threshold } of presets) {
    const point = at(threshold);
    if (point === null) continue;
    plot.mark("ring", point, "plot-ring");
    plot.note(wording.PRESET_NAMES[name].toLowerCase(), point, "below");
  }
  const mark = plot.mark("diamond", [0, 0], "plot-chosen", 4.5);
  return ({ measuredAt }) => {
    const point = at(measuredAt);
    mark.toggleAttribute("hidden", point === null);
    if (point !== null) plot.move(mark, "diamond", point, 4.5);
  };
}

const FOLLOWED =
  "The filled diamond is the operating point chosen above; rings are the named ones.";

export function rocChart(report: Report, presets: readonly Preset[]): Chart {
  const { pooled, intervals, curve } = report;
  const auc = `AUC ${wording.measure(pooled.auc)} (${wording.span(intervals.auc)})`;
  const plot = new Plot({
    label: `ROC curve: sensitivity against 1 − specificity. ${auc}.`,
    xTitle: "1 − specificity",
    yTitle: "Sensitivity",
  });
  plot.line(
    [
      [0, 0],
      [1, 1],
    ],
    "plot-chance",
  );
  const band = curve.flatMap(({ sensitivity_interval: sen, specificity_interval: spe }) =>
    sen === null || spe === null
      ? []
      : [{ best: [1 - spe[1], sen[1]], worst: [1 - spe[0], sen[0]] }],
  ) as { best: Point; worst: Point }[];
  const edge = [...band.map(({ best }) => best), ...band.map(({ worst }) => worst).reverse()];
  if (edge.length > 0) plot.area(edge, "plot-band");
  plot.line(known(curve.map(rocPoint)), "plot-line");
  const follow = markPoints(plot, report, presets, rocPoint);
  const words = `${auc}. Dashed: chance. Band: between the better and the worse ends of both 95 % intervals at each threshold. ${FOLLOWED}`;
  const numbers = curveTable("Sensitivity, specificity and precision by threshold", curve);
  return { element: chartFigure("ROC curve", words, plot.element, numbers), follow };
}

export function precisionRecallChart(report: Report, presets: readonly Preset[]): Chart {
  const { curve, data } = report;
  const share = data.positives / data.patches;
  const plot = new Plot({
    label: `Precision-recall curve at a prevalence of ${wording.percent(share)}.`,
    xTitle: "Recall (sensitivity)",
    yTitle: "Precision",
  });
  plot.line(
    [
      [0, share],
      [1, share],
    ],
    "plot-chance",
  );
  const banded = curve.filter(
    ({ sensitivity, precision_interval }) => sensitivity !== null && precision_interval != null,
  );
  const edge = (end: 0 | 1) =>
    banded.map(({ sensitivity, precision_interval }): Point => [
      sensitivity ?? 0,
      precision_interval?.[end] ?? 0,
    ]);
  if (banded.length > 0) plot.area([...edge(0), ...edge(1).reverse()], "plot-band");
  plot.line(known(curve.map(prPoint)), "plot-line");
  const follow = markPoints(plot, report, presets, prPoint);
  const words = `At the prevalence of these images, ${wording.percent(share)}; where positives are rarer, precision is lower. Dashed: all called positive. Band: 95 % of precision at each threshold. ${FOLLOWED}`;
  const numbers = curveTable("Precision and recall by threshold", curve);
  return { element: chartFigure("Precision and recall", words, plot.element, numbers), follow };
}

export function reliabilityChart(report: Report): Chart {
  const bins = report.reliability;
  const most = Math.max(1, ...bins.map(({ n }) => n));
  const plot = new Plot({
    label: `Reliability diagram: observed share against stated probability, in ${bins.length} bins.`,
    xTitle: "Stated probability",
    yTitle: "Observed share",
  });
  const BAR_TOP = 0.18; // of the height, for the fullest bin
  for (const { low, high, n } of bins) {
    const top = (n / most) * BAR_TOP;
    const [left, right] = [low + 0.006, high - 0.006];
    if (n > 0)
      plot.area(
        [
          [left, 0],
          [left, top],
          [right, top],
          [right, 0],
        ],
        "plot-bar",
      );
  }
  plot.line(
    [
      [0, 0],
      [1, 1],
    ],
    "plot-chance",
  );
  for (const { mean_probability: x, observed, interval } of bins) {
    if (x === null || observed === null) continue;
    if (interval !== null)
      plot.line(
        [
          [x, interval[0]],
          [x, interval[1]],
        ],
        "plot-whisker",
      );
    plot.mark("disc", [x, observed], "plot-dot", 3.5);
  }
  const { pooled, intervals } = report;
  const words =
    `ECE ${wording.measure(pooled.ece)} (${wording.span(intervals.ece)}). Dashed: where probability and ` +
    `observed share agree; a point below it says that the probability is too high. ` +
    `Bars at the foot: how many images lie in each bin, ${wholeNumber(most)} in the fullest.`;
  const head = ["Probability", "Images", "Mean probability", "Observed share", "95 %"];
  const rows = bins.map((bin) => [
    `${decimal(bin.low, 2)} to ${decimal(bin.high, 2)}`,
    wholeNumber(bin.n),
    wording.measure(bin.mean_probability),
    wording.measure(bin.observed),
    wording.span(bin.interval),
  ]);
  const numbers = table("Stated probability and observed share", head, rows);
  return { element: chartFigure("Reliability", words, plot.element, numbers) };
}

const LANES: {
  name: "auc" | "balanced_accuracy" | "sensitivity";
  label: string;
  inSentence: string;
}[] = [
  { name: "auc", label: "AUC", inSentence: "AUC" },
  { name: "balanced_accuracy", label: "Balanced accuracy", inSentence: "balanced accuracy" },
  { name: "sensitivity", label: "Sensitivity", inSentence: "sensitivity" },
];

export function caseTable(cases: readonly CaseMeasures[]): HTMLElement {
  const head = ["Case", "Images", "Positive", "AUC", "Bal. acc.", "Sensitivity", "Specificity"];
  const rows = cases
    .slice(0, MOST_ROWS)
    .map((one) => [
      one.id,
      wholeNumber(one.n),
      wholeNumber(one.confusion.tp + one.confusion.fn),
      wording.measure(one.auc),
      wording.measure(one.balanced_accuracy),
      wording.measure(one.sensitivity),
      wording.measure(one.specificity),
    ]);
  const rest = cases.length > MOST_ROWS ? `, the first ${MOST_ROWS} of ${cases.length}` : "";
  return table(`Cases, the lowest AUC first${rest}`, head, rows);
}

const worstBy = (cases: readonly CaseMeasures[], name: (typeof LANES)[number]["name"]) =>
  cases
    .filter((one) => one[name] !== null)
    .sort((a, b) => (a[name] ?? 0) - (b[name] ?? 0))
    .slice(0, NAMED_CASES);

// A strip a measure: a dot a case, its area as its number of images.
export function caseChart(report: Report): Chart {
  const cases = casesByAuc(report);
  const plot = new Plot({
    label: `AUC, balanced accuracy and sensitivity of each of ${cases.length} cases.`,
    xTitle: "Measure of the case",
    yTitle: "",
    yTicks: [],
    yTop: LANES.length,
  });
  const most = Math.max(1, ...cases.map(({ n }) => n));
  LANES.forEach(({ name, label }, index) => {
    const base = LANES.length - index - 0.62;
    plot.line(
      [
        [0, base],
        [1, base],
      ],
      "plot-grid",
    );
    plot.note(label, [0, base + 0.42]);
    const [lowest] = worstBy(cases, name);
    const placed: number[] = [];
    for (const one of cases) {
      const value = one[name];
      if (value === null) continue;
      // Dots that would lie over each other are put above and below in turn.
      const near = placed.filter((other) => Math.abs(other - value) < 0.012).length;
      placed.push(value);
      const shift = Math.min(0.3, Math.ceil(near / 2) * 0.09) * (near % 2 === 0 ? 1 : -1);
      plot.mark("disc", [value, base + shift], "plot-case", 1.6 + 3.4 * Math.sqrt(one.n / most));
      if (one === lowest && cases.length > 1) plot.note(one.id, [value, base + shift + 0.14]);
    }
  });
  const worst = LANES.map(({ name, inSentence }) => {
    const named = worstBy(cases, name).map((one) => `${one.id} (${wording.measure(one[name])})`);
    return named.length === 0 ? "" : `Lowest ${inSentence}: ${named.join(", ")}.`;
  });
  const words = `${wording.casesSentence(report)} ${worst.join(" ")} A dot is a case, the larger the more images it has.`;
  return { element: chartFigure("Case by case", words, plot.element, caseTable(cases)) };
}
