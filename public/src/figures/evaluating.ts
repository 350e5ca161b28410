// From a labelled folder to its report: reads every image with the page's own workers, then
// evaluates what they answered. No DOM.
import { MAX_IN_FLIGHT, MAX_WORKERS, type ClassifyOptions } from "../engine-pool.ts";
import { csvText, judgedCells, type Cell } from "../exports.ts";
import { answerAt, ownPoint, positiveProbability } from "../judgement.ts";
import type { ModelFacts, Reading } from "../messages.ts";
import { NOTICE, positiveLabel } from "../wording.ts";
import { BOOTSTRAP, type EvaluatedCase, type EvaluationRequest } from "./evaluation.ts";
import type { LabelledFile, LabelledFolder } from "./labelled.ts";
import { ruleSentence } from "./labelled.ts";
import { asReport, type FileFailure, type Report } from "./report.ts";

// As many as the workers hold at most, so that none of them waits; not all, so that a cancel is quick.
const IN_FLIGHT = MAX_WORKERS * MAX_IN_FLIGHT;

// Rejects with an EngineError.
export type ReadImage = (file: Blob, options: ClassifyOptions) => Promise<Reading>;

export interface Outcome {
  of: LabelledFile;
  reading: Reading | null;
  error: FileFailure | null;
}

// In the order of the files. Rejects where the signal is aborted. onDone: after each image.
export async function readAll(
  files: readonly LabelledFile[],
  read: ReadImage,
  signal: AbortSignal,
  onDone: (done: number) => void,
): Promise<Outcome[]> {
  const outcomes = new Array<Outcome>(files.length);
  let next = 0;
  let done = 0;
  const work = async () => {
    for (let at = next++; at < files.length; at = next++) {
      signal.throwIfAborted();
      const of = files[at];
      if (of === undefined) return;
      outcomes[at] = await readOne(of, read, signal);
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  signal.throwIfAborted();
  return outcomes;
}

async function readOne(of: LabelledFile, read: ReadImage, signal: AbortSignal): Promise<Outcome> {
  try {
    // Also what the gate refuses, as the program does: it is measured what the model says of them.
    const reading = await read(of.file, { previewSide: 0, signal, judgeAnyway: true });
    return { of, reading, error: null };
  } catch (error) {
    return { of, reading: null, error: { file: of.name, ...failureOf(error) } };
  }
}

// By its shape: the class EngineError of the page's script is another one than this script's.
function failureOf(error: unknown): { code: string; message: string } {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string" && typeof message === "string") return { code, message };
  return { code: "engine_trap", message: String(error) };
}

export function requestOf(
  model: ModelFacts,
  folder: LabelledFolder,
  outcomes: readonly Outcome[],
): EvaluationRequest {
  const cases: (EvaluatedCase & { images: { probability: number; truth: boolean }[] })[] = [];
  for (const { of, reading } of outcomes) {
    if (reading === null) continue;
    let last = cases.at(-1);
    if (last?.id !== of.caseId) cases.push((last = { id: of.caseId, images: [] }));
    last.images.push({ probability: positiveProbability(model, reading), truth: of.truth });
  }
  return {
    model: { id: model.id, sha256: model.sha256 },
    positiveClass: positiveLabel(model),
    threshold: model.threshold,
    points: model.operatingPoints.map(({ threshold }) => threshold),
    dataName: folder.name,
    duplicates: folder.duplicates,
    ignored: folder.ignored,
    cases,
    ...(model.uncertain === null ? {} : { uncertain: model.uncertain }),
    ...BOOTSTRAP,
  };
}

export function finishReport(
  json: string,
  { id, sha256, kind, operatingPoints }: ModelFacts,
  folder: LabelledFolder,
  outcomes: readonly Outcome[],
): Report {
  const read = outcomes.flatMap(({ error }) => (error === null ? [] : [error]));
  // As the program tells it: from the folder on.
  const below = (text: string) => text.replaceAll(`${folder.name}/`, "");
  const errors = [...folder.errors, ...read].map(({ file, code, message }) => ({
    file: below(file),
    code,
    message: below(message),
  }));
  const model = { id, sha256, kind, operating_points: [...operatingPoints] };
  return { ...asReport(JSON.parse(json)), model, errors };
}

// Two levels indented, what is deeper in one line: as `insitu evaluate --json` writes it.
function reportText(value: unknown, depth = 0): string {
  if (typeof value !== "object" || value === null || depth >= 2) return JSON.stringify(value);
  const inner = Array.isArray(value)
    ? value.map((one) => reportText(one, depth + 1))
    : Object.entries(value).map(
        ([key, one]) => `${JSON.stringify(key)}: ${reportText(one, depth + 1)}`,
      );
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (inner.length === 0) return open + close;
  const indent = "\n" + "  ".repeat(depth);
  return `${open}${indent}  ${inner.join(`,${indent}  `)}${indent}${close}`;
}

// The report in the schema of `insitu evaluate --json`, and what it was made by.
export function reportJson(report: Report, folder: LabelledFolder, written: Date): string {
  const made = {
    notice: NOTICE,
    program: "InSitu",
    written: written.toISOString(),
    case_rule: { name: folder.rule, meaning: ruleSentence(folder.rule) },
  };
  return `${reportText({ ...report, ...made })}\n`;
}

// One row an image, those that could not be read among them.
export function imagesCsv(
  model: ModelFacts,
  folder: LabelledFolder,
  outcomes: readonly Outcome[],
): string {
  const point = ownPoint(model);
  const cells = (
    file: string,
    of: LabelledFile | null,
    reading: Reading | null,
    error: FileFailure | null,
  ): Record<string, Cell> => {
    const probability = reading === null ? null : positiveProbability(model, reading);
    const answer = probability === null ? null : answerAt(model, point, probability);
    return {
      file,
      file_sha256: reading?.sha256 ?? null,
      case: of?.caseId ?? null,
      truth: of === null ? null : Number(of.truth),
      probability,
      called_positive: probability === null ? null : Number(probability >= point.threshold),
      answer,
      gate_refuses: reading?.gate == null ? null : Number(reading.gate.judgedAnyway),
      scale: reading?.scale ?? null,
      error_code: error?.code ?? null,
      error: error?.message ?? null,
      ...judgedCells(
        probability === null || answer === null ? null : { model, point, probability, answer },
      ),
      notice: NOTICE,
    };
  };
  return csvText([
    ...outcomes.map(({ of, reading, error }) => cells(of.name, of, reading, error)),
    ...folder.errors.map((error) => cells(error.file, null, null, error)),
  ]);
}
