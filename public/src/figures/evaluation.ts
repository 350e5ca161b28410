// Evaluating over its C ABI (wasm/evaluation_api.h): the only file that touches that file's
// pointers. Runs in a worker and in node; knows neither DOM nor network.
import { hostImports, textAt } from "../wasm-host.ts";

export interface EvaluationRequest {
  model: { id: string; sha256: string };
  positiveClass: string;
  threshold: number;
  points: readonly number[]; // other thresholds that the curve has in any case
  dataName: string;
  duplicates: number;
  ignored: number;
  uncertain?: { low: number; high: number; coverage: number };
  cases: readonly EvaluatedCase[]; // each with an image
  samples: number; // of the bootstrap over cases
  seed: number;
}

export interface EvaluatedCase {
  id: string;
  images: readonly { probability: number; truth: boolean }[]; // of the positive class
}

// As `insitu evaluate` takes them.
export const BOOTSTRAP = { samples: 2000, seed: 1 };

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  insitu_alloc(size: number): number;
  insitu_free(memory: number): void;
  insitu_evaluation_create(threshold: number): number;
  insitu_evaluation_destroy(evaluation: number): void;
  insitu_evaluation_set_text(evaluation: number, key: number, text: number, size: number): void;
  insitu_evaluation_set_counts(evaluation: number, duplicates: number, ignored: number): void;
  insitu_evaluation_add_threshold(evaluation: number, threshold: number): void;
  insitu_evaluation_set_uncertain(
    evaluation: number,
    low: number,
    high: number,
    coverage: number,
  ): void;
  insitu_evaluation_begin_case(evaluation: number, id: number, size: number): void;
  insitu_evaluation_add(evaluation: number, probability: number, truth: number): number;
  insitu_evaluation_json(evaluation: number, samples: number, seed: number): number;
}

const TEXT_KEYS = { modelId: 0, modelSha256: 1, positiveClass: 2, dataName: 3 };

// Gives the C ABI a text, and takes its room back.
function withText(wasm: Exports, text: string, use: (at: number, size: number) => void): void {
  const bytes = new TextEncoder().encode(text);
  const at = wasm.insitu_alloc(Math.max(1, bytes.length)) >>> 0;
  if (at === 0) throw new Error("there is no memory left to evaluate with");
  new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
  use(at, bytes.length);
  wasm.insitu_free(at);
}

function fill(wasm: Exports, evaluation: number, request: EvaluationRequest): void {
  const { model, positiveClass, dataName, uncertain } = request;
  const texts: [keyof typeof TEXT_KEYS, string][] = [
    ["modelId", model.id],
    ["modelSha256", model.sha256],
    ["positiveClass", positiveClass],
    ["dataName", dataName],
  ];
  for (const [key, text] of texts) {
    withText(wasm, text, (at, size) =>
      wasm.insitu_evaluation_set_text(evaluation, TEXT_KEYS[key], at, size),
    );
  }
  wasm.insitu_evaluation_set_counts(evaluation, request.duplicates, request.ignored);
  for (const threshold of request.points) {
    wasm.insitu_evaluation_add_threshold(evaluation, threshold);
  }
  if (uncertain !== undefined) {
    const { low, high, coverage } = uncertain;
    wasm.insitu_evaluation_set_uncertain(evaluation, low, high, coverage);
  }
  for (const { id, images } of request.cases) {
    withText(wasm, id, (at, size) => wasm.insitu_evaluation_begin_case(evaluation, at, size));
    for (const { probability, truth } of images) {
      if (wasm.insitu_evaluation_add(evaluation, probability, Number(truth)) !== 0)
        throw new Error(`${probability} is no probability`);
    }
  }
}

// The report as `insitu evaluate --json` prints it, without errors.
export async function evaluateJson(
  module: WebAssembly.Module,
  request: EvaluationRequest,
): Promise<string> {
  const instance = await WebAssembly.instantiate(module, hostImports(module));
  const wasm = instance.exports as unknown as Exports;
  wasm._initialize();
  const evaluation = wasm.insitu_evaluation_create(request.threshold) >>> 0;
  fill(wasm, evaluation, request);
  const json = wasm.insitu_evaluation_json(evaluation, request.samples, request.seed) >>> 0;
  if (json === 0) throw new Error("there are too many cases to evaluate at once");
  const text = textAt(wasm.memory, json);
  wasm.insitu_evaluation_destroy(evaluation);
  return text;
}
