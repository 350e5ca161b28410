// The results as files to keep: the same facts as CSV and as JSON. No DOM.
import type { ModelFacts } from "./messages.ts";
import type { ImageEntry } from "./session.ts";
import { NOTICE, positiveProbability, verdict } from "./wording.ts";

type Cell = string | number | boolean | null;

const SETTLED = new Set(["done", "failed"]);

function modelCells(model: ModelFacts): Record<string, Cell> {
  return {
    model_id: model.id,
    model_version: model.version,
    model_sha256: model.sha256,
    threshold: model.threshold,
  };
}

function resultCells(model: ModelFacts, entry: ImageEntry): Record<string, Cell> {
  const { reading } = entry;
  return {
    file: entry.name,
    file_sha256: reading?.sha256 ?? null,
    verdict: reading === null ? null : verdict(model, reading),
    positive: reading?.isPositive ?? null,
    probability: reading === null ? null : positiveProbability(model, reading),
    image_width: reading?.imageWidth ?? null,
    image_height: reading?.imageHeight ?? null,
    region_left: reading?.region.left ?? null,
    region_top: reading?.region.top ?? null,
    region_width: reading?.region.width ?? null,
    region_height: reading?.region.height ?? null,
    scale: reading?.scale ?? null,
    error_code: entry.error?.code ?? null,
    error: entry.error?.message ?? null,
  };
}

// A file name may begin with what a spreadsheet takes for a formula.
function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "string") return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// RFC 4180, UTF-8 with a byte order mark, which spreadsheets need to see that it is UTF-8.
export function resultsCsv(model: ModelFacts, entries: readonly ImageEntry[]): string {
  const rows = entries
    .filter((entry) => SETTLED.has(entry.state))
    .map((entry) => {
      const judge = entry.judgedBy ?? model;
      return { ...resultCells(judge, entry), ...modelCells(judge), notice: NOTICE };
    });
  const [first] = rows;
  if (first === undefined) return "";
  const lines = [Object.keys(first), ...rows.map((row) => Object.values(row))];
  return `\uFEFF${lines.map((line) => line.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

function modelJson(model: ModelFacts): Record<string, Cell> {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    id: model.id,
    version: model.version,
    sha256: model.sha256,
    threshold: model.threshold,
    threshold_sensitivity: finite(model.sensitivity),
    threshold_specificity: finite(model.specificity),
    um_per_pixel: model.umPerPixel,
    training_data: model.trainingData,
  };
}

// An image that was judged by another model than the page's says by which.
function imageJson(model: ModelFacts, entry: ImageEntry): object {
  const { judgedBy } = entry;
  if (judgedBy === null) return resultCells(model, entry);
  return { ...resultCells(judgedBy, entry), model: modelJson(judgedBy) };
}

export function resultsJson(
  model: ModelFacts,
  entries: readonly ImageEntry[],
  written: Date,
): string {
  const results = {
    notice: NOTICE,
    program: "InSitu",
    written: written.toISOString(),
    model: modelJson(model),
    images: entries
      .filter((entry) => SETTLED.has(entry.state))
      .map((entry) => imageJson(model, entry)),
  };
  return `${JSON.stringify(results, null, 2)}\n`;
}
