// The engine over its C ABI (wasm/engine_api.h): the only file that touches WebAssembly pointers.
// Runs in a worker and in node; knows neither DOM nor network.
import {
  EngineError,
  GATE_REASONS,
  type Explanation,
  type GateFacts,
  type ImageKind,
  type ModelFacts,
  type OperatingPoint,
  type Prediction,
  type Preview,
} from "./messages.ts";
import { asFailure, hostImports, textAt, textOf, type HostState } from "./wasm-host.ts";

// Keys of insitu_text and insitu_number.
const TEXT = {
  modelId: 0,
  modelVersion: 1,
  modelKind: 2,
  modelSha256: 3,
  modelLabel: 4,
  positiveVerdict: 5,
  negativeVerdict: 6,
  trainingData: 7,
  pointName: 16,
  warning: 17,
  gateKind: 32,
  gateReason: 33,
} as const;

const NUMBER = {
  labelCount: 0,
  positiveLabel: 1,
  threshold: 2,
  thresholdSensitivity: 3,
  thresholdSpecificity: 4,
  inputWidth: 5,
  inputHeight: 6,
  umPerPixel: 7,
  uncertainLow: 16,
  uncertainHigh: 17,
  uncertainCoverage: 18,
  pointCount: 19,
  pointThreshold: 20,
  pointSensitivity: 21,
  pointSpecificity: 22,
  probability: 32,
  isPositive: 33,
  imageWidth: 34,
  imageHeight: 35,
  regionLeft: 36,
  regionTop: 37,
  regionWidth: 38,
  regionHeight: 39,
  scale: 40,
  decodeMs: 41,
  preprocessMs: 42,
  networkMs: 43,
  previewWidth: 44,
  previewHeight: 45,
  probabilityLow: 64,
  probabilityHigh: 65,
  gateMs: 46,
  gateAccepted: 72,
  gateScore: 73,
  judgedAnyway: 74,
  mapWidth: 80,
  mapHeight: 81,
  mapProbability: 82,
  mapLeft: 83,
  mapTop: 84,
  mapRegionWidth: 85,
  mapRegionHeight: 86,
} as const;

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
  readonly #host: HostState;
  #classifier = 0;

  private constructor(exports: Exports, host: HostState, model: Uint8Array) {
    this.#exports = exports;
    this.#host = host;
    this.#guard(() => exports._initialize());
    this.#classifier = this.#withBytes(model, (at) => exports.insitu_create(at, model.length));
    if (this.#classifier === 0) throw this.#failure();
    this.model = this.#guard(() => this.#readModel());
  }

  // model: an ONNX file; not referred to afterwards. Rejects with an EngineError.
  static async create(module: WebAssembly.Module, model: Uint8Array): Promise<Engine> {
    const host: HostState = { memory: null, stderr: "" };
    let instance: WebAssembly.Instance;
    try {
      instance = await WebAssembly.instantiate(module, hostImports(module, host));
    } catch (error) {
      throw new EngineError("engine_start", `The engine could not be started: ${textOf(error)}.`);
    }
    const exports = instance.exports as unknown as Exports;
    host.memory = exports.memory;
    try {
      return new Engine(exports, host, model);
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
      throw asFailure(this.#host, "The engine", error);
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
    const labels = Array.from({ length: this.#number(NUMBER.labelCount) }, (_, index) =>
      this.#text(TEXT.modelLabel, index),
    );
    return {
      id: this.#text(TEXT.modelId),
      version: this.#text(TEXT.modelVersion),
      kind: this.#text(TEXT.modelKind),
      sha256: this.#text(TEXT.modelSha256),
      labels,
      positive: this.#number(NUMBER.positiveLabel),
      positiveVerdict: this.#text(TEXT.positiveVerdict),
      negativeVerdict: this.#text(TEXT.negativeVerdict),
      threshold: this.#number(NUMBER.threshold),
      sensitivity: this.#number(NUMBER.thresholdSensitivity),
      specificity: this.#number(NUMBER.thresholdSpecificity),
      operatingPoints: this.#readPoints(),
      uncertain: this.#readUncertain(),
      inputWidth: this.#number(NUMBER.inputWidth),
      inputHeight: this.#number(NUMBER.inputHeight),
      umPerPixel: this.#number(NUMBER.umPerPixel),
      trainingData: this.#text(TEXT.trainingData),
      warning: this.#text(TEXT.warning),
    };
  }

  #readPoints(): OperatingPoint[] {
    return Array.from({ length: this.#number(NUMBER.pointCount) }, (_, index) => ({
      name: this.#text(TEXT.pointName, index),
      threshold: this.#number(NUMBER.pointThreshold, index),
      sensitivity: this.#number(NUMBER.pointSensitivity, index),
      specificity: this.#number(NUMBER.pointSpecificity, index),
    }));
  }

  #readUncertain(): ModelFacts["uncertain"] {
    const low = this.#number(NUMBER.uncertainLow);
    const high = this.#number(NUMBER.uncertainHigh);
    const coverage = this.#number(NUMBER.uncertainCoverage);
    return Number.isNaN(low) ? null : { low, high, coverage };
  }

  #readInterval(): Prediction["interval"] {
    const low = this.#number(NUMBER.probabilityLow);
    return Number.isNaN(low) ? null : [low, this.#number(NUMBER.probabilityHigh)];
  }

  #readPrediction(): Prediction {
    const number = (key: number) => this.#number(key);
    return {
      probabilities: this.model.labels.map((_, index) => this.#number(NUMBER.probability, index)),
      interval: this.#readInterval(),
      isPositive: number(NUMBER.isPositive) === 1,
      imageWidth: number(NUMBER.imageWidth),
      imageHeight: number(NUMBER.imageHeight),
      region: {
        left: number(NUMBER.regionLeft),
        top: number(NUMBER.regionTop),
        width: number(NUMBER.regionWidth),
        height: number(NUMBER.regionHeight),
      },
      scale: number(NUMBER.scale),
      gate: this.#readGate(),
      decodeMs: number(NUMBER.decodeMs),
      gateMs: number(NUMBER.gateMs),
      preprocessMs: number(NUMBER.preprocessMs),
      networkMs: number(NUMBER.networkMs),
      preview: this.#readPreview(),
    };
  }

  #readGate(): GateFacts {
    const reason = this.#text(TEXT.gateReason);
    return {
      kind: this.#text(TEXT.gateKind) as ImageKind,
      accepted: this.#number(NUMBER.gateAccepted) === 1,
      reason: GATE_REASONS.find((code) => code === reason) ?? null,
      score: this.#number(NUMBER.gateScore),
      judgedAnyway: this.#number(NUMBER.judgedAnyway) === 1,
    };
  }

  #readExplanation(): Explanation {
    const number = (key: number) => this.#number(key);
    const [width, height] = [number(NUMBER.mapWidth), number(NUMBER.mapHeight)];
    const at = this.#exports.insitu_map(this.#classifier) >>> 0;
    return {
      width,
      height,
      values: new Float32Array(this.#exports.memory.buffer, at, width * height).slice(),
      probability: number(NUMBER.mapProbability),
      region: {
        left: number(NUMBER.mapLeft),
        top: number(NUMBER.mapTop),
        width: number(NUMBER.mapRegionWidth),
        height: number(NUMBER.mapRegionHeight),
      },
    };
  }

  #readPreview(): Preview | null {
    const at = this.#exports.insitu_preview(this.#classifier) >>> 0;
    if (at === 0) return null;
    const width = this.#number(NUMBER.previewWidth);
    const height = this.#number(NUMBER.previewHeight);
    const rgba = this.#bytes().slice(at, at + width * height * 4);
    return { width, height, rgba: new Uint8ClampedArray(rgba.buffer) };
  }
}
