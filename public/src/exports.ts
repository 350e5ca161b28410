// The results as files to keep: the same facts as CSV and as JSON. No DOM.
import { uncertainAt, type Judge, type Judgement } from "./judgement.ts";
import type { ModelFacts } from "./messages.ts";
import type { ImageEntry } from "./session.ts";
import { SLIDE_COLUMNS, type SlideRow } from "./slide-record.ts";
import { NOTICE, verdict } from "./wording.ts";

export type Cell = string | number | boolean | null;

const SETTLED = new Set(["done", "failed"]);

// Empty for an image that could not be read.
export function judgedCells(judgement: Judgement | null): Record<string, Cell> {
  const band = judgement === null ? null : uncertainAt(judgement.model, judgement.point);
  return {
    model_id: judgement?.model.id ?? null,
    model_version: judgement?.model.version ?? null,
    model_sha256: judgement?.model.sha256 ?? null,
    operating_point: judgement?.point.name ?? null,
    threshold: judgement?.point.threshold ?? null,
    uncertain_from: band?.low ?? null,
    uncertain_below: band?.high ?? null,
  };
}

const NO_SLIDE = Object.fromEntries(SLIDE_COLUMNS.map((name) => [name, null]));

function resultCells(
  judgement: Judgement | null,
  entry: ImageEntry,
  slide: SlideRow | null,
): Record<string, Cell> {
  const { reading } = entry;
  return {
    file: entry.name,
    file_sha256: reading?.sha256 ?? null,
    verdict: judgement === null ? (slide?.verdict ?? null) : verdict(judgement),
    answer: judgement?.answer ?? null,
    probability: judgement?.probability ?? null,
    probability_low: reading?.interval?.[0] ?? null,
    probability_high: reading?.interval?.[1] ?? null,
    image_width: reading?.imageWidth ?? slide?.width ?? null,
    image_height: reading?.imageHeight ?? slide?.height ?? null,
    region_left: reading?.region.left ?? null,
    region_top: reading?.region.top ?? null,
    region_width: reading?.region.width ?? null,
    region_height: reading?.region.height ?? null,
    scale: reading?.scale ?? null,
    gate_reason: (reading?.gate ?? entry.error?.gate)?.reason ?? null,
    judged_anyway: reading?.gate?.judgedAnyway ?? slide?.anyJudgedAnyway ?? null,
    error_code: entry.error?.code ?? null,
    error: entry.error?.message ?? null,
    ...(slide?.cells ?? NO_SLIDE),
  };
}

// All that a row says: of a patch by its reading, of a slide by its summary.
function cellsOf(judge: Judge, entry: ImageEntry): Record<string, Cell> {
  const slide = entry.slide?.row() ?? null;
  const judgement = judge.of(entry);
  const judged = judgedCells(judgement);
  if (slide === null) return { ...resultCells(judgement, entry, null), ...judged };
  const { model, point, threshold, uncertain } = slide;
  return {
    ...resultCells(null, entry, slide),
    ...judged,
    model_id: model?.id ?? null,
    model_version: model?.version ?? null,
    model_sha256: model?.sha256 ?? null,
    operating_point: point,
    threshold,
    uncertain_from: uncertain?.low ?? null,
    uncertain_below: uncertain?.high ?? null,
  };
}

// A file name may begin with what a spreadsheet takes for a formula.
function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "string") return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// RFC 4180, UTF-8 with a byte order mark, which spreadsheets need to see that it is UTF-8. All rows
// have the same cells; without rows there is no text.
export function csvText(rows: readonly Record<string, Cell>[]): string {
  const [first] = rows;
  if (first === undefined) return "";
  const lines = [Object.keys(first), ...rows.map((row) => Object.values(row))];
  return `\uFEFF${lines.map((line) => line.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

export function resultsCsv(judge: Judge, entries: readonly ImageEntry[]): string {
  return csvText(
    entries
      .filter((entry) => SETTLED.has(entry.state))
      .map((entry) => ({ ...cellsOf(judge, entry), notice: NOTICE })),
  );
}

function modelJson(model: ModelFacts): object {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    id: model.id,
    version: model.version,
    kind: model.kind,
    sha256: model.sha256,
    threshold: model.threshold,
    threshold_sensitivity: finite(model.sensitivity),
    threshold_specificity: finite(model.specificity),
    uncertain: model.uncertain,
    um_per_pixel: model.umPerPixel,
    training_data: model.trainingData,
    warning: model.warning,
  };
}

// models: what each image's model_sha256 refers to.
export function resultsJson(judge: Judge, entries: readonly ImageEntry[], written: Date): string {
  const settled = entries.filter((entry) => SETTLED.has(entry.state));
  const models = new Map(
    settled.flatMap((entry) => {
      const model = entry.slide?.row().model ?? entry.model;
      return model === null ? [] : [[model.sha256, modelJson(model)]];
    }),
  );
  const results = {
    notice: NOTICE,
    program: "InSitu",
    written: written.toISOString(),
    models: [...models.values()],
    images: settled.map((entry) => ({
      ...cellsOf(judge, entry),
      ...(entry.slide !== null && { slide: entry.slide.json() }),
    })),
  };
  return `${JSON.stringify(results, null, 2)}\n`;
}
