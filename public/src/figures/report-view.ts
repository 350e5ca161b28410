// An evaluation as a page reads it: of a model's stored report, or of a person's own images.
import type { MeasuredPoint } from "../operating-point.ts";
import { presetsOf } from "../operating-point.ts";
import { decimal, plural, wholeNumber } from "../wording.ts";
import { fold, make, paragraph, section, table, type Cell, type Child } from "./build.ts";
import {
  caseChart,
  precisionRecallChart,
  reliabilityChart,
  rocChart,
  type Chart,
} from "./charts.ts";
import { filmSection } from "./films.ts";
import { OperatingPointView } from "./operating-point-view.ts";
import type { GateReport, GateRow, Published, Report, SectionReport, Share } from "./report.ts";
import { wholeSection } from "./whole-section.ts";
import * as wording from "./wording.ts";

export interface ReportExtras {
  published?: Published | null;
  section?: SectionReport | null; // of a whole section
  gate?: GateReport | "unreadable" | null;
}

// A figure with what belongs to it, smaller, below.
function noted(text: string, note: string): HTMLElement {
  return make("span", {}, text, note === "" ? null : make("span", { class: "figures-note" }, note));
}

function measuresTable(report: Report): HTMLElement {
  const { pooled, intervals } = report;
  const rows: Cell[][] = wording.MEASURES.map(({ name, label, meaning }) => [
    noted(label, meaning),
    wording.measure(pooled[name]),
    wording.span(intervals[name]),
  ]);
  const mean = `mean of ${plural(report.cases_with_auc, "case")}, each by itself`;
  rows.splice(1, 0, [
    noted("AUC within a case", mean),
    wording.measure(report.mean_case_auc),
    wording.span(intervals.mean_case_auc),
  ]);
  const caption = `All images together, ${wording.thresholdText(report)}`;
  return table(caption, ["Measure", "Value", "95 %"], rows);
}

function prevalencePart({ at_prevalence: at, positive_class, threshold }: Report): HTMLElement[] {
  if (at === undefined) return [];
  const rows = wording.AT_PREVALENCE.flatMap(({ name, label, meaning }): Cell[][] => {
    const value = at[name];
    if (value === undefined) return [];
    return [[noted(label, meaning), wording.measure(value), wording.span(at.intervals?.[name])]];
  });
  const caption =
    `The same where ${wording.percent(at.prevalence)} of the images are ${positive_class}, ` +
    `at threshold ${decimal(threshold, 4)}`;
  return [table(caption, ["Measure", "Value", "95 %"], rows)];
}

function publishedSection(report: Report, { figures, notes }: Published): HTMLElement {
  const { pooled, intervals, data, model } = report;
  const rows: Cell[][] = [
    [
      noted(`This model, ${model.id}`, `${data.cases} cases, ${data.name}`),
      noted(wording.measure(pooled.balanced_accuracy), wording.span(intervals.balanced_accuracy)),
      noted(wording.measure(pooled.f1), wording.span(intervals.f1)),
    ],
    ...figures.map(({ who, model: kind, bac, f1, f1_note = "" }) => [
      noted(who, kind),
      wording.measure(bac),
      noted(wording.measure(f1), f1_note),
    ]),
  ];
  const head = ["Who, on what", "Balanced accuracy", "F1"];
  return section(
    "Beside published figures",
    table("Published figures are of other cases", head, rows),
    ...notes.map((note) => paragraph(note, "small")),
  );
}

// Counts at a point of the curve: its shares are exact to six digits, the counts whole.
function confusionAt(report: Report, point: MeasuredPoint): HTMLElement {
  const { positives, patches } = report.data;
  const negatives = patches - positives;
  const tp = Math.round((point.sensitivity?.value ?? 0) * positives);
  const tn = Math.round((point.specificity?.value ?? 0) * negatives);
  const cell = (n: number, of: number) =>
    of > 0 ? noted(wholeNumber(n), wording.percent(n / of)) : wholeNumber(n);
  const name = report.positive_class;
  return table(
    `Confusion matrix at threshold ${decimal(point.measuredAt, 4)}`,
    ["In truth", `Called ${name}`, `Not called ${name}`, "All"],
    [
      [name, cell(tp, positives), cell(positives - tp, positives), wholeNumber(positives)],
      [`Not ${name}`, cell(negatives - tn, negatives), cell(tn, negatives), wholeNumber(negatives)],
    ],
  );
}

const ABSTENTION = [
  ["share_abstained", "Answered “uncertain”, of all images"],
  ["error_kept", "Answered wrongly, of the others"],
  ["covered", "Answered rightly or “uncertain”, of all images"],
  ["covered_negative", "The same of the negative images, mean of the cases"],
  ["covered_positive", "The same of the positive images, mean of the cases"],
] as const;

function uncertainPart(report: Report): Child[] {
  const band = report.uncertain;
  if (band === undefined) return [];
  const { intervals = {} } = band;
  const row = (label: string, name: (typeof ABSTENTION)[number][0]): Cell[][] => {
    const value = band[name];
    if (value === undefined) return [];
    return [[label, wording.measure(value), wording.span(intervals[name])]];
  };
  const rows = ABSTENTION.flatMap(([name, label]) => row(label, name));
  return [table(wording.bandText(report, band), ["Share", "Value", "95 %"], rows)];
}

const MOST_OPEN_ROWS = 12; // a longer table is under a fold

function gateRowName({ family, variant }: GateRow): string {
  const name =
    variant.startsWith(family) || variant === "" ? variant || family : `${family}, ${variant}`;
  return name.replaceAll("_", " ");
}

// The worst on either side: what a gate that had not seen the family lets through counts.
function gateSentences(rows: readonly GateRow[]): string[] {
  const heldOut = (row: GateRow) => (row.refused_held_out ?? row.refused).share;
  const most = (some: GateRow[], of: (row: GateRow) => number) =>
    [...some].sort((a, b) => of(b) - of(a))[0];
  const right = rows.filter((row) => row.right);
  const wrong = rows.filter((row) => !row.right);
  const refused = most(right, (row) => row.refused.share);
  const missed = most(wrong, (row) => 1 - heldOut(row));
  const said: string[] = [];
  if (refused !== undefined)
    said.push(
      `Of ${plural(right.length, "kind")} of images that it should accept, ${gateRowName(refused)} are refused most often: ${wording.percent(refused.refused.share)}.`,
    );
  if (missed !== undefined)
    said.push(
      `Of ${plural(wrong.length, "kind")} that it should refuse, ${gateRowName(missed)} are refused least often: ${wording.percent(heldOut(missed))}.`,
    );
  return said;
}

function gateTable(kind: string, rows: readonly GateRow[]): Child[] {
  const share = (one: Share | undefined) =>
    one === undefined ? null : noted(wording.percent(one.share), wording.percentSpan(one.interval));
  const lines = rows.map((row): Cell[] => {
    const { images, groups, right, reason_right: reason } = row;
    const size = `${plural(images, "image")} of ${plural(groups, "group")}`;
    return [
      noted(gateRowName(row), size),
      right ? "accepted" : "refused",
      share(row.refused),
      share(row.refused_held_out),
      reason === undefined ? null : wording.percent(reason),
    ];
  });
  const head = ["Family", "Should be", "Refused", "Refused, held out", "For the right reason"];
  const all = table(`Images refused by the gate of ${kind} models, by family`, head, lines);
  const short = rows.length <= MOST_OPEN_ROWS;
  const title = `The gate of ${kind} models, by family`;
  return [...gateSentences(rows).map((one) => paragraph(one)), short ? all : fold(title, all)];
}

// kind: of the model; every kind's table where it is not known.
function gateSection(gate: GateReport | "unreadable", kind: string | undefined): HTMLElement {
  const title = "The gate";
  const what = paragraph(
    "Before an image is read, the gate judges whether the model can read it at all. Held out: by a gate that was made without that family. Intervals are 95 %.",
    "small",
  );
  if (gate === "unreadable")
    return section(title, paragraph("The gate's report is of another make than this page reads."));
  const kinds = Object.keys(gate).filter((one) => kind === undefined || one === kind);
  return section(title, what, ...kinds.flatMap((one) => gateTable(one, gate[one] ?? [])));
}

function notes(report: Report): Child[] {
  const { errors, missing_cases, duplicates, ignored_files } = report;
  const said: string[] = [];
  const files = (count: number) => plural(count, "file");
  if (duplicates > 0) said.push(`Stored twice, and counted once: ${files(duplicates)}.`);
  if (ignored_files > 0)
    said.push(`No image in a folder of a class, and not counted: ${files(ignored_files)}.`);
  if (missing_cases.length > 0) said.push(`Cases without images: ${missing_cases.join(", ")}.`);
  if (errors.length > 0) said.push(`Could not be evaluated: ${files(errors.length)}.`);
  return said.map((sentence) => paragraph(sentence, "small"));
}

// The sections of a report, one after the other.
export function reportSections(report: Report, extras: ReportExtras = {}): HTMLElement[] {
  const { published = null, section: scanned = null, gate = null } = extras;
  const { kind, operating_points: stated = [] } = report.model;
  const presets = presetsOf(report, stated);
  const roc = rocChart(report, presets);
  const charts: Chart[] = [roc, precisionRecallChart(report, presets)];
  const confusion = make("div", {});
  const panel = new OperatingPointView({
    measured: report,
    source: wording.sourceText(report),
    stated,
    onChange: (point) => {
      confusion.replaceChildren(confusionAt(report, point));
      for (const { follow } of charts) follow?.(point);
    },
  });
  const made = [
    section(
      "Measures",
      paragraph(wording.intervalSentence(report), "small"),
      make("div", { class: "figures-pair" }, measuresTable(report), ...prevalencePart(report)),
      ...notes(report),
    ),
    filmSection(report),
    scanned === null ? null : wholeSection(scanned, report.positive_class),
    published === null || published.figures.length === 0
      ? null
      : publishedSection(report, published),
    section(
      "Operating point",
      make("div", { class: "figures-pair" }, panel.element, confusion),
      make("div", { class: "figures-charts" }, ...charts.map(({ element }) => element)),
    ),
    section(
      "Calibration and cases",
      make(
        "div",
        { class: "figures-charts" },
        reliabilityChart(report).element,
        caseChart(report).element,
      ),
      ...uncertainPart(report),
    ),
    gate === null ? null : gateSection(gate, kind),
  ];
  return made.filter((one) => one !== null);
}
