// What `insitu evaluate --json` writes, as the page reads it. No DOM.
import type { OperatingPoint } from "../messages.ts";
import type { CurvePoint, Interval } from "../operating-point.ts";

export interface Confusion {
  tn: number;
  fp: number;
  fn: number;
  tp: number;
}

export type MeasureName =
  | "accuracy"
  | "balanced_accuracy"
  | "sensitivity"
  | "specificity"
  | "precision"
  | "f1"
  | "auc"
  | "brier"
  | "nll"
  | "ece";

// A measure is null where its denominator is 0.
export type Measures = Record<MeasureName, number | null> & { n: number; confusion: Confusion };

export interface ReliabilityBin {
  low: number;
  high: number;
  n: number;
  mean_probability: number | null;
  observed: number | null;
  interval: Interval | null;
}

export interface Abstention {
  low: number;
  high: number;
  coverage_stated: number;
  share_abstained: number | null;
  error_kept: number | null;
  covered: number | null;
  covered_negative?: number | null; // mean over the cases, of their negative images
  covered_positive?: number | null;
  intervals?: Record<string, Interval | null>;
}

// The same behaviour in either class where the positives have another share.
export type AtPrevalence = { prevalence: number } & Partial<
  Record<"ppv" | "npv" | "f1" | "brier" | "nll" | "ece", number | null>
> & { intervals?: Record<string, Interval | null> };

export interface FileFailure {
  file: string;
  code: string;
  message: string;
}

export interface Estimate {
  value: number;
  interval: Interval | null;
}

// What `insitu evaluate-films` adds: whole films, and the marks on them.
export interface FilmFigures {
  protocol: {
    judged_by: string;
    repeats: number;
    thresholds?: Interval; // the least and the greatest of the models that judged, at their own
  };
  films: {
    films: number;
    women: number;
    abnormal_films: number;
    findings: number;
    findings_with_place: number;
    auc: Estimate;
    always_negative: { accuracy: number };
  };
  froc: {
    false_marks_a_film: number;
    on_normal_films: Estimate;
    on_all_films: Estimate;
    chance_on_normal_films: Estimate;
  }[];
  found_by_kind: {
    false_marks_a_film: number;
    kinds: Record<string, { findings: number; found: number }>;
  };
}

export interface Report extends Partial<FilmFigures> {
  model: { id: string; sha256: string; kind?: string; operating_points?: OperatingPoint[] };
  data: { name: string; cases: number; patches: number; positives: number };
  threshold: number;
  positive_class: string;
  pooled: Measures;
  mean_case_auc: number | null;
  cases_with_auc: number;
  intervals: Partial<Record<MeasureName | "mean_case_auc", Interval | null>>;
  bootstrap: { samples: number; seed: number };
  at_prevalence?: AtPrevalence;
  uncertain?: Abstention;
  reliability: ReliabilityBin[];
  cases: Record<string, Measures>;
  curve: CurvePoint[];
  missing_cases: string[];
  duplicates: number;
  ignored_files: number;
  errors: FileFailure[];
}

// A report of another make than this page's says so here, not by a chart that is wrong.
export function asReport(value: unknown): Report {
  const report = value as Partial<Report> | null;
  const whole =
    report?.model !== undefined &&
    report.data !== undefined &&
    report.pooled !== undefined &&
    report.intervals !== undefined &&
    report.cases !== undefined &&
    Array.isArray(report.reliability) &&
    Array.isArray(report.curve) &&
    report.curve.length > 0;
  if (!whole) throw new Error("it is no report of insitu evaluate");
  return report as Report;
}

export interface CaseMeasures extends Measures {
  id: string;
}

// The hardest first: by AUC, then balanced accuracy; cases that have neither are last.
export function casesByAuc({ cases }: Report): CaseMeasures[] {
  const rank = ({ auc, balanced_accuracy }: Measures) => auc ?? balanced_accuracy ?? 2;
  return Object.entries(cases)
    .map(([id, measures]) => ({ id, ...measures }))
    .sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id, "en", { numeric: true }));
}

// What `insitu scan --labels --json` says of a section whose places are labelled.
export interface SectionReport {
  file: string;
  model: { id: string; sha256: string };
  image: { width: number; height: number; um_per_pixel: number };
  stride: number; // px at the model's scale
  operating_point: { threshold: number };
  summary: { cell: { um_per_pixel: number } }; // the model's scale
  labels: {
    judged: number; // places
    positive: number; // of those
    not_judged: { negative: number; positive: number };
  } & Record<"auc" | "balanced_accuracy" | "sensitivity" | "specificity", number | null>;
}

// null: of another make than this page reads.
export function asSectionReport(value: unknown): SectionReport | null {
  const report = value as Partial<SectionReport> | null;
  const labels = report?.labels as Partial<SectionReport["labels"]> | undefined;
  const summary = report?.summary as { cell?: { um_per_pixel?: number } } | undefined;
  const numbers: unknown[] = [
    ...[
      labels?.judged,
      labels?.positive,
      labels?.not_judged?.positive,
      labels?.not_judged?.negative,
    ],
    ...[report?.image?.width, report?.image?.height, report?.image?.um_per_pixel],
    ...[summary?.cell?.um_per_pixel, report?.operating_point?.threshold, report?.stride],
  ];
  const whole =
    typeof report?.file === "string" && numbers.every((value) => typeof value === "number");
  return whole ? (report as SectionReport) : null;
}

// Figures of others, of other cases: what a card's facts say of them.
export interface PublishedFigure {
  who: string;
  model: string;
  bac?: number;
  f1?: number;
  f1_note?: string;
}

export interface Published {
  figures: PublishedFigure[];
  notes: string[];
}

// The gate's report (insitu-fit-gate --report): for each kind of model, how often images of each
// family are refused.
export interface Share {
  share: number;
  interval: Interval; // 95 %
}

export interface GateRow {
  family: string;
  variant: string;
  right: boolean; // it should be accepted
  images: number;
  groups: number; // of images that are not independent
  refused: Share; // by the gate as it is
  refused_held_out?: Share; // by one that was made without the family
  reason_right?: number; // of the refused, the share refused for the right reason
}

export type GateReport = Record<string, GateRow[]>;

function isShare(value: unknown): value is Share {
  const share = value as Partial<Share> | undefined;
  return typeof share?.share === "number" && share.interval?.length === 2;
}

// null: of another make than this page reads.
export function asGateReport(value: unknown): GateReport | null {
  if (typeof value !== "object" || value === null) return null;
  const rows = Object.values(value).flat() as Partial<GateRow>[];
  const whole = rows.every(({ family, images, refused }) => {
    return typeof family === "string" && typeof images === "number" && isShare(refused);
  });
  return whole ? (value as GateReport) : null;
}
