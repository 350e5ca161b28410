// What crosses between the page, the pool and the worker. Types and names only.

// An image beyond this many bytes is refused before it is read; the engine has the same limit
// (kMaxImageBytes of shared/limits.h).
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

// A failure with a stable code (those of shared/result.h and the ones below) and one sentence for a
// person that says what is wrong and what to do.
//   download         the engine or the model did not arrive
//   no_simd          the browser lacks what the engine needs
//   engine_start     the engine could not be started at all
//   engine_trap      the engine broke off in the middle; its instance is not used again
//   file_unreadable  the browser could not read the file
//   image_unsupported  a format that is read, kept in a way that is not
//   image_refused    the gate does not let the image be read; gate tells why
//   image_unsupported a sound file of a kind that is not read; it says what to do instead
//   cancelled        the person asked to stop
//   pool_closed      the page is going away
export class EngineError extends Error {
  readonly code: string;
  readonly gate: GateFacts | null; // of a refused image

  constructor(code: string, message: string, gate: GateFacts | null = null) {
    super(message);
    this.name = "EngineError";
    this.code = code;
    this.gate = gate;
  }
}

// What was thrown, in words.
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// What speaks against an image: the codes of GateReason in shared/gate.h.
export const GATE_REASONS = [
  "glass",
  "pen",
  "blur",
  "compression",
  "scale",
  "other_stain",
  "photograph",
  "drawing",
  "grey_not_film",
  "colour_not_histology",
  "histology_not_film",
  "film_not_histology",
  "too_small",
] as const;
export type GateReason = (typeof GATE_REASONS)[number];

export type ImageKind = "histology" | "mammogram" | "other";

// What the gate says of an image before it is read.
export interface GateFacts {
  kind: ImageKind; // what it looks like
  accepted: boolean; // accepted with a reason: read, but with a warning
  reason: GateReason | null;
  score: number; // 0..1, how sure the gate is that the model can judge the image
  judgedAnyway: boolean; // refused, and read because somebody asked for it
}

export interface OperatingPoint {
  name: string; // of one that the model brings: "screen", "balanced", "confirm"; else "own"
  threshold: number; // positive at or above it
  sensitivity: number; // measured; NaN if not given
  specificity: number;
}

// What the model says of itself, with the SHA-256 of its file as the engine computed it.
export interface ModelFacts {
  id: string;
  version: string;
  kind: string;
  sha256: string; // 64 hexadecimal digits
  labels: string[];
  positive: number; // index into labels
  positiveVerdict: string;
  negativeVerdict: string;
  threshold: number;
  sensitivity: number; // at the threshold, measured on what trainingData says; NaN if not given
  specificity: number;
  operatingPoints: OperatingPoint[]; // others that it brings
  // A probability in [low, high) is no answer; the others hold for this share of the patches.
  uncertain: { low: number; high: number; coverage: number } | null;
  inputWidth: number; // pixels
  inputHeight: number;
  umPerPixel: number;
  trainingData: string;
  warning: string; // to stand beside every answer; "" if there is none
}

// In pixels of the image; left and top are negative where the input was padded.
export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Preview {
  width: number;
  height: number;
  rgba: Uint8ClampedArray<ArrayBuffer>; // (height, width, 4), opaque
}

export interface Prediction {
  probabilities: number[]; // one a label, sum 1
  interval: [low: number, high: number] | null; // 95 %, of the positive label's; null: not known
  isPositive: boolean;
  imageWidth: number; // pixels, after EXIF orientation
  imageHeight: number;
  region: Region; // what the network saw
  scale: number; // input pixels per image pixel
  gate: GateFacts | null; // null: read before there was a gate (a record kept long ago)
  decodeMs: number;
  gateMs: number;
  preprocessMs: number;
  networkMs: number;
  preview: Preview | null;
}

// A prediction bound to the file it was made from and the model that made it.
export interface Reading extends Prediction {
  sha256: string | null; // of the file; null where the browser offers no SHA-256 (plain http)
}

// Which parts of an image moved the probability (shared/explanation.h).
export interface Explanation {
  width: number; // cells
  height: number;
  values: Float32Array<ArrayBuffer>; // (height, width): above 0, what is there raised the probability
  probability: number; // of the positive label, of the whole input
  region: Region; // that the cells divide evenly
}

export interface StartRequest {
  id: number;
  op: "start";
  module: WebAssembly.Module;
  model: ArrayBuffer; // an ONNX file, copied to the worker
  sha256: string; // what the site was built with
}

export interface ClassifyRequest {
  id: number;
  op: "classify";
  file: Blob; // read by the worker, so that its bytes never pass through the page
  previewSide: number; // 0: no preview
  judgeAnyway: boolean; // read it even where the gate refuses it
}

export interface ExplainRequest {
  id: number;
  op: "explain";
  file: Blob;
  judgeAnyway: boolean;
}

export type WorkerRequest = StartRequest | ClassifyRequest | ExplainRequest;

// A network request as the browser's resource timing shows it.
export interface NetworkRequest {
  url: string;
  receivedBytes: number; // of head and body; 0 from the cache
}

// Every reply tells the state of its worker too.
export interface WorkerState {
  memoryBytes: number; // size of the WebAssembly memory, 0 before it starts
  requests: NetworkRequest[]; // made by the worker itself since its last reply; there should be none
}

export type WorkerReply = WorkerState & { id: number } & (
    | { ok: true; value: ModelFacts | Reading | Explanation }
    // fatal: discard the worker
    | { ok: false; code: string; message: string; gate: GateFacts | null; fatal: boolean }
  );
