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

// As wasm/engine_api.h counts them. They are constants, since the names of an object (as in
// slide/scanner.ts) would stay in the script, whose bytes every visitor waits for (tests/site.test.ts).

// Keys of insitu_text; those before the first are the model's own texts, in the order of #readModel.
const MODEL_LABEL = 8;
const POINT_NAME = 9;
const GATE_KIND = 10;
const GATE_REASON = 11;

// Where in insitu_numbers each group begins; the model's own is the first.
const PREDICTION = 12;
const PREVIEW = 26;
const GATE = 28;
const MAP = 31;
const POINTS = 38;

type Tuple<T, Length extends number, Begun extends T[] = []> = Begun["length"] extends Length
  ? Begun
  : Tuple<T, Length, [...Begun, T]>;
// A Float64Array of which as many are there as are read at a time: none of them may be undefined.
type Numbers = Tuple<number, 14> & Pick<Float64Array, "subarray">;

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
  insitu_numbers(classifier: number): number;
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

  // From that place on, to the end of the memory: what is beyond them is never read.
  #numbers(from = 0): Numbers {
    const at = this.#exports.insitu_numbers(this.#classifier) >>> 0;
    return new Float64Array(
      this.#exports.memory.buffer,
      at + from * Float64Array.BYTES_PER_ELEMENT,
    ) as unknown as Numbers;
  }

  #readModel(): ModelFacts {
    const texts = Array.from({ length: MODEL_LABEL }, (_, key) => this.#text(key));
    const [id, version, kind, sha256, positiveVerdict, negativeVerdict, trainingData, warning] =
      texts as Tuple<string, typeof MODEL_LABEL>;
    const [
      labels,
      positive,
      threshold,
      sensitivity,
      specificity,
      inputWidth,
      inputHeight,
      umPerPixel,
      low,
      high,
      coverage,
      points,
    ] = this.#numbers();
    return {
      id,
      version,
      kind,
      sha256,
      labels: Array.from({ length: labels }, (_, index) => this.#text(MODEL_LABEL, index)),
      positive,
      positiveVerdict,
      negativeVerdict,
      threshold,
      sensitivity,
      specificity,
      operatingPoints: Array.from({ length: points }, (_, index) => this.#readPoint(index)),
      uncertain: Number.isNaN(low) ? null : { low, high, coverage },
      inputWidth,
      inputHeight,
      umPerPixel,
      trainingData,
      warning,
    };
  }

  #readPoint(index: number): OperatingPoint {
    const [threshold, sensitivity, specificity] = this.#numbers(POINTS + 3 * index);
    return { name: this.#text(POINT_NAME, index), threshold, sensitivity, specificity };
  }

  #readPrediction(): Prediction {
    const { labels, operatingPoints } = this.model;
    const [
      isPositive,
      imageWidth,
      imageHeight,
      left,
      top,
      width,
      height,
      scale,
      decodeMs,
      gateMs,
      preprocessMs,
      networkMs,
      low,
      high,
    ] = this.#numbers(PREDICTION);
    const probabilities = this.#numbers(POINTS + 3 * operatingPoints.length);
    return {
      probabilities: [...probabilities.subarray(0, labels.length)],
      interval: Number.isNaN(low) ? null : [low, high],
      isPositive: isPositive === 1,
      imageWidth,
      imageHeight,
      region: { left, top, width, height },
      scale,
      gate: this.#readGate(),
      decodeMs,
      gateMs,
      preprocessMs,
      networkMs,
      preview: this.#readPreview(),
    };
  }

  #readGate(): GateFacts {
    const [accepted, score, judgedAnyway] = this.#numbers(GATE);
    const reason = this.#text(GATE_REASON);
    return {
      kind: this.#text(GATE_KIND) as ImageKind,
      accepted: accepted === 1,
      reason: GATE_REASONS.find((code) => code === reason) ?? null,
      score,
      judgedAnyway: judgedAnyway === 1,
    };
  }

  #readExplanation(): Explanation {
    const [columns, rows, probability, left, top, width, height] = this.#numbers(MAP);
    const at = this.#exports.insitu_map(this.#classifier) >>> 0;
    return {
      width: columns,
      height: rows,
      values: new Float32Array(this.#exports.memory.buffer, at, columns * rows).slice(),
      probability,
      region: { left, top, width, height },
    };
  }

  #readPreview(): Preview | null {
    const at = this.#exports.insitu_preview(this.#classifier) >>> 0;
    if (at === 0) return null;
    const [width, height] = this.#numbers(PREVIEW);
    const rgba = this.#bytes().slice(at, at + width * height * 4);
    return { width, height, rgba: new Uint8ClampedArray(rgba.buffer) };
  }
}
