// The engine over its C ABI (wasm/engine_api.h): the only file that touches WebAssembly pointers.
// Runs in a worker and in node; knows neither DOM nor network.
import {
  EngineError,
  GATE_REASONS,
  textOf,
  type Explanation,
  type GateFacts,
  type ImageKind,
  type ModelFacts,
  type OperatingPoint,
  type Prediction,
  type Preview,
} from "./messages.ts";
import { asFailure, hostImports, textAt } from "./wasm-host.ts";

// Keys of insitu_text. Each is a constant, which esbuild puts in where it is used, since the names of an
// object (as in slide/scanner.ts) would stay in the script, whose bytes every visitor waits for
// (tests/site.test.ts).
const MODEL_ID = 0;
const MODEL_VERSION = 1;
const MODEL_KIND = 2;
const MODEL_SHA256 = 3;
const MODEL_LABEL = 4;
const POSITIVE_VERDICT = 5;
const NEGATIVE_VERDICT = 6;
const TRAINING_DATA = 7;
const POINT_NAME = 16;
const WARNING = 17;
const GATE_KIND = 32;
const GATE_REASON = 33;

// Keys of insitu_number.
const LABEL_COUNT = 0;
const POSITIVE_LABEL = 1;
const THRESHOLD = 2;
const THRESHOLD_SENSITIVITY = 3;
const THRESHOLD_SPECIFICITY = 4;
const INPUT_WIDTH = 5;
const INPUT_HEIGHT = 6;
const UM_PER_PIXEL = 7;
const UNCERTAIN_LOW = 16;
const UNCERTAIN_HIGH = 17;
const UNCERTAIN_COVERAGE = 18;
const POINT_COUNT = 19;
const POINT_THRESHOLD = 20;
const POINT_SENSITIVITY = 21;
const POINT_SPECIFICITY = 22;
const PROBABILITY = 32;
const IS_POSITIVE = 33;
const IMAGE_WIDTH = 34;
const IMAGE_HEIGHT = 35;
const REGION_LEFT = 36;
const REGION_TOP = 37;
const REGION_WIDTH = 38;
const REGION_HEIGHT = 39;
const SCALE = 40;
const DECODE_MS = 41;
const PREPROCESS_MS = 42;
const NETWORK_MS = 43;
const PREVIEW_WIDTH = 44;
const PREVIEW_HEIGHT = 45;
const PROBABILITY_LOW = 64;
const PROBABILITY_HIGH = 65;
const GATE_MS = 46;
const GATE_ACCEPTED = 72;
const GATE_SCORE = 73;
const JUDGED_ANYWAY = 74;
const MAP_WIDTH = 80;
const MAP_HEIGHT = 81;
const MAP_PROBABILITY = 82;
const MAP_LEFT = 83;
const MAP_TOP = 84;
const MAP_REGION_WIDTH = 85;
const MAP_REGION_HEIGHT = 86;

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  insitu_alloc(size: number): number;
  insitu_free(memory: number): void;
  insitu_create(model: number, size: number): number;
  insitu_destroy(classifier: number): void;
  insitu_read(
    classifier: number,
    image: number,
    size: number,
    previewSide: number,
    judgeAnyway: number,
  ): number;
  insitu_explain(classifier: number, image: number, size: number, judgeAnyway: number): number;
  insitu_map(classifier: number): number;
  insitu_text(classifier: number, key: number, index: number): number;
  insitu_number(classifier: number, key: number, index: number): number;
  insitu_preview(classifier: number): number;
  insitu_error_name(): number;
  insitu_error_message(): number;
}

// One model in one WebAssembly instance. After an EngineError with the code "engine_trap" the
// instance is broken: discard it.
export class Engine {
  readonly model: ModelFacts;
  readonly #exports: Exports;
  #classifier = 0;

  private constructor(exports: Exports, model: Uint8Array) {
    this.#exports = exports;
    this.#guard(() => exports._initialize());
    this.#classifier = this.#withBytes(model, (at) => exports.insitu_create(at, model.length));
    if (this.#classifier === 0) throw this.#failure();
    this.model = this.#guard(() => this.#readModel());
  }

  // model: an ONNX file; not referred to afterwards. Rejects with an EngineError.
  static async create(module: WebAssembly.Module, model: Uint8Array): Promise<Engine> {
    let instance: WebAssembly.Instance;
    try {
      instance = await WebAssembly.instantiate(module, hostImports(module));
    } catch (error) {
      throw new EngineError("engine_start", `The engine could not be started: ${textOf(error)}.`);
    }
    const exports = instance.exports as unknown as Exports;
    try {
      return new Engine(exports, model);
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== "engine_trap") throw error;
      throw new EngineError("engine_start", `${error.message} Reload the page.`);
    }
  }

  // image: the bytes of an image file. previewSide: 0, or the longer side of the preview in pixels.
  // An image that the gate refuses is an EngineError "image_refused" with the gate's facts, unless
  // judgeAnyway is true.
  classify(image: Uint8Array, previewSide: number, judgeAnyway = false): Prediction {
    const code = this.#withBytes(image, (at) =>
      this.#exports.insitu_read(
        this.#classifier,
        at,
        image.length,
        previewSide,
        Number(judgeAnyway),
      ),
    );
    if (code !== 0) throw this.#failure();
    return this.#guard(() => this.#readPrediction());
  }

  // Which parts of the image moved the probability, for positive and negative answers alike. Takes
  // some 170 times as long as reading it. Refuses as classify does.
  explain(image: Uint8Array, judgeAnyway = false): Explanation {
    const code = this.#withBytes(image, (at) =>
      this.#exports.insitu_explain(this.#classifier, at, image.length, Number(judgeAnyway)),
    );
    if (code !== 0) throw this.#failure();
    return this.#guard(() => this.#readExplanation());
  }

  destroy(): void {
    this.#guard(() => this.#exports.insitu_destroy(this.#classifier));
    this.#classifier = 0;
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  // Any call may grow the memory and detach older views, so each view is made afresh.
  #bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#exports.memory.buffer);
  }

  // Lends the bytes to a call.
  #withBytes(bytes: Uint8Array, call: (at: number) => number): number {
    return this.#guard(() => {
      const at = this.#exports.insitu_alloc(Math.max(bytes.length, 1)) >>> 0;
      if (at === 0) {
        throw new EngineError(
          "out_of_memory",
          "The file does not fit the memory of the engine. Use a smaller one.",
        );
      }
      this.#bytes().set(bytes, at);
      const result = call(at) >>> 0;
      this.#exports.insitu_free(at);
      return result;
    });
  }

  // Whatever WebAssembly throws of its own (a trap, an abort) becomes an EngineError.
  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw asFailure("The engine", error);
    }
  }

  #failure(): EngineError {
    const exports = this.#exports;
    return this.#guard(() => {
      const name = this.#textAt(exports.insitu_error_name());
      const message = this.#textAt(exports.insitu_error_message());
      return new EngineError(name, message, name === "image_refused" ? this.#readGate() : null);
    });
  }

  #textAt(pointer: number): string {
    const at = pointer >>> 0;
    if (at === 0) throw new EngineError("invalid_argument", "The engine has no such text.");
    return textAt(this.#exports.memory, at);
  }

  #text(key: number, index = 0): string {
    return this.#textAt(this.#exports.insitu_text(this.#classifier, key, index));
  }

  #number(key: number, index = 0): number {
    return this.#exports.insitu_number(this.#classifier, key, index);
  }

  #readModel(): ModelFacts {
    const labels = Array.from({ length: this.#number(LABEL_COUNT) }, (_, index) =>
      this.#text(MODEL_LABEL, index),
    );
    return {
      id: this.#text(MODEL_ID),
      version: this.#text(MODEL_VERSION),
      kind: this.#text(MODEL_KIND),
      sha256: this.#text(MODEL_SHA256),
      labels,
      positive: this.#number(POSITIVE_LABEL),
      positiveVerdict: this.#text(POSITIVE_VERDICT),
      negativeVerdict: this.#text(NEGATIVE_VERDICT),
      threshold: this.#number(THRESHOLD),
      sensitivity: this.#number(THRESHOLD_SENSITIVITY),
      specificity: this.#number(THRESHOLD_SPECIFICITY),
      operatingPoints: this.#readPoints(),
      uncertain: this.#readUncertain(),
      inputWidth: this.#number(INPUT_WIDTH),
      inputHeight: this.#number(INPUT_HEIGHT),
      umPerPixel: this.#number(UM_PER_PIXEL),
      trainingData: this.#text(TRAINING_DATA),
      warning: this.#text(WARNING),
    };
  }

  #readPoints(): OperatingPoint[] {
    return Array.from({ length: this.#number(POINT_COUNT) }, (_, index) => ({
      name: this.#text(POINT_NAME, index),
      threshold: this.#number(POINT_THRESHOLD, index),
      sensitivity: this.#number(POINT_SENSITIVITY, index),
      specificity: this.#number(POINT_SPECIFICITY, index),
    }));
  }

  #readUncertain(): ModelFacts["uncertain"] {
    const low = this.#number(UNCERTAIN_LOW);
    const high = this.#number(UNCERTAIN_HIGH);
    const coverage = this.#number(UNCERTAIN_COVERAGE);
    return Number.isNaN(low) ? null : { low, high, coverage };
  }

  #readInterval(): Prediction["interval"] {
    const low = this.#number(PROBABILITY_LOW);
    return Number.isNaN(low) ? null : [low, this.#number(PROBABILITY_HIGH)];
  }

  #readPrediction(): Prediction {
    const number = (key: number) => this.#number(key);
    return {
      probabilities: this.model.labels.map((_, index) => this.#number(PROBABILITY, index)),
      interval: this.#readInterval(),
      isPositive: number(IS_POSITIVE) === 1,
      imageWidth: number(IMAGE_WIDTH),
      imageHeight: number(IMAGE_HEIGHT),
      region: {
        left: number(REGION_LEFT),
        top: number(REGION_TOP),
        width: number(REGION_WIDTH),
        height: number(REGION_HEIGHT),
      },
      scale: number(SCALE),
      gate: this.#readGate(),
      decodeMs: number(DECODE_MS),
      gateMs: number(GATE_MS),
      preprocessMs: number(PREPROCESS_MS),
      networkMs: number(NETWORK_MS),
      preview: this.#readPreview(),
    };
  }

  #readGate(): GateFacts {
    const reason = this.#text(GATE_REASON);
    return {
      kind: this.#text(GATE_KIND) as ImageKind,
      accepted: this.#number(GATE_ACCEPTED) === 1,
      reason: GATE_REASONS.find((code) => code === reason) ?? null,
      score: this.#number(GATE_SCORE),
      judgedAnyway: this.#number(JUDGED_ANYWAY) === 1,
    };
  }

  #readExplanation(): Explanation {
    const number = (key: number) => this.#number(key);
    const [width, height] = [number(MAP_WIDTH), number(MAP_HEIGHT)];
    const at = this.#exports.insitu_map(this.#classifier) >>> 0;
    return {
      width,
      height,
      values: new Float32Array(this.#exports.memory.buffer, at, width * height).slice(),
      probability: number(MAP_PROBABILITY),
      region: {
        left: number(MAP_LEFT),
        top: number(MAP_TOP),
        width: number(MAP_REGION_WIDTH),
        height: number(MAP_REGION_HEIGHT),
      },
    };
  }

  #readPreview(): Preview | null {
    const at = this.#exports.insitu_preview(this.#classifier) >>> 0;
    if (at === 0) return null;
    const width = this.#number(PREVIEW_WIDTH);
    const height = this.#number(PREVIEW_HEIGHT);
    const rgba = this.#bytes().slice(at, at + width * height * 4);
    return { width, height, rgba: new Uint8ClampedArray(rgba.buffer) };
  }
}
