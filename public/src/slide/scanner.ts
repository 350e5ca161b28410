// The scan over its C ABI (wasm/scan_api.h): the only file that touches that file's pointers. Runs in
// a worker and in node; knows neither DOM nor network.
import { EngineError, textOf, type GateReason } from "../messages.ts";
import { asFailure, hostImports, textAt } from "../wasm-host.ts";

// Keys of insitu_scanner_text and insitu_scanner_number.
const TEXT = { modelId: 0, modelVersion: 1, modelKind: 2, modelSha256: 3 } as const;

const NUMBER = {
  umPerPixel: 0,
  patchWidth: 1,
  patchHeight: 2,
  channels: 3,
  threshold: 4,
  naturalStride: 5,
  strideCount: 6,
  strideOffered: 7,
  warnMagnification: 8,
  mostMagnification: 9,
  columns: 32,
  rows: 33,
  stride: 34,
  scaledWidth: 35,
  scaledHeight: 36,
  magnification: 37,
  isDense: 38,
  blockCount: 39,
  multiplyAdds: 40,
  blockX: 64,
  blockY: 65,
  blockWidth: 66,
  blockHeight: 67,
  blockColumn: 68,
  blockRow: 69,
  blockColumns: 70,
  blockRows: 71,
} as const;

// Flags of insitu_scanner_plan.
const GATE = { saysFilm: 1, judgeAnyway: 2 } as const;

export interface ScanModel {
  readonly id: string;
  readonly version: string;
  readonly kind: string; // "histology" or "mammogram"
  readonly sha256: string;
  readonly umPerPixel: number;
  readonly patchWidth: number; // pixels at the model's scale
  readonly patchHeight: number;
  readonly channels: number;
  readonly threshold: number;
  // Strides that one pass or a few give, finest first, the last in one; none: patch by patch only.
  readonly denseStrides: readonly number[];
  readonly warnMagnification: number; // an image enlarged by more gets a warning,
  readonly mostMagnification: number; // by more than this the error "scale_too_coarse"
}

// How far the gate is heeded.
export interface ScanGate {
  readonly saysFilm: boolean; // the file says that it is a mammogram: its looks are not asked about
  readonly judgeAnyway: boolean; // a person asks for what is refused; not for glass
}

export const FULL_GATE: ScanGate = { saysFilm: false, judgeAnyway: false };

// The image, or the level of it, whose pixels are scanned.
export interface ScanImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly umPerPixel: number;
}

export interface ScanBlock {
  readonly x: number; // pixels of the image
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly column: number; // cells of the map
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
}

// The cell (column, row) stands for the patch whose top left is (column, row) * stride in pixels at
// the model's scale; it is drawn as the square of side `stride` around that patch's centre.
export interface ScanPlan {
  readonly columns: number;
  readonly rows: number;
  readonly stride: number;
  readonly scaledWidth: number; // of the image at the model's scale
  readonly scaledHeight: number;
  readonly magnification: number; // pixels at the model's scale for one of the image
  readonly dense: boolean;
  readonly multiplyAdds: number; // of a cell
  readonly blocks: readonly ScanBlock[];
}

// (block.rows, block.columns) each. Values are NaN where nothing was judged.
export interface BlockResult {
  readonly values: Float32Array<ArrayBuffer>; // calibrated probability of the positive label
  readonly verdicts: Uint8Array<ArrayBuffer>; // verdicts.ts
}

export interface ScanPlace {
  readonly column: number;
  readonly row: number;
  readonly x: number; // centre of its patch, pixels at the model's scale
  readonly y: number;
  readonly probability: number;
  readonly interval: readonly [number, number] | null;
}

// As shared/scan_summary.h describes it.
export interface ScanSummary {
  readonly threshold: number;
  readonly gate: { readonly says_film: boolean; readonly judge_anyway: boolean };
  readonly cell: { columns: number; rows: number; stride: number; um_per_pixel: number };
  readonly area_mm2: {
    readonly image: number;
    readonly rim: number;
    readonly judged: number;
    readonly judged_anyway: Readonly<Partial<Record<GateReason, number>>>; // of judged
    readonly no_tissue: number;
    readonly outside_region: number;
    readonly refused: Readonly<Partial<Record<GateReason, number>>>;
  };
  readonly positive: {
    readonly cells: number;
    readonly area_mm2: number;
    readonly fraction: number | null;
    readonly interval: readonly [number, number] | null;
  };
  readonly uncertain: {
    readonly cells: number;
    readonly area_mm2: number;
    readonly fraction: number | null;
    readonly low: number;
    readonly high: number;
    readonly coverage: number;
  } | null;
  readonly largest_focus: {
    readonly cells: number;
    readonly area_mm2: number;
    readonly x: number;
    readonly y: number;
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  } | null;
  readonly suspicious: readonly ScanPlace[];
  readonly film: { score: number | null; marks: readonly ScanPlace[] } | null;
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  insitu_scanner_alloc(size: number): number;
  insitu_scanner_free(memory: number): void;
  insitu_scanner_create(model: number, size: number): number;
  insitu_scanner_destroy(scanner: number): void;
  insitu_scanner_plan(
    scanner: number,
    width: number,
    height: number,
    channels: number,
    umPerPixel: number,
    stride: number,
    gate: number,
  ): number;
  insitu_scanner_pixels(scanner: number, block: number): number;
  insitu_scanner_run(scanner: number, block: number): number;
  insitu_scanner_values(scanner: number): number;
  insitu_scanner_verdicts(scanner: number): number;
  insitu_scanner_summary(
    scanner: number,
    values: number,
    verdicts: number,
    threshold: number,
  ): number;
  insitu_scanner_text(scanner: number, key: number, index: number): number;
  insitu_scanner_number(scanner: number, key: number, index: number): number;
  insitu_scanner_error_name(): number;
  insitu_scanner_error_message(): number;
}

// One model in one WebAssembly instance. After an EngineError with the code "engine_trap" the
// instance is broken: discard it.
export class Scanner {
  readonly model: ScanModel;
  readonly #wasm: Exports;
  #scanner = 0;
  #plan: ScanPlan | null = null;
  #channels = 0; // of the image that is planned

  private constructor(wasm: Exports, model: Uint8Array) {
    this.#wasm = wasm;
    this.#guard(() => {
      wasm._initialize();
    });
    this.#scanner = this.#lend([model], (at) => wasm.insitu_scanner_create(at, model.length));
    if (this.#scanner === 0) throw this.#failure();
    this.model = this.#guard(() => this.#readModel());
  }

  // model: an ONNX file; not referred to afterwards. Rejects with an EngineError.
  static async create(module: WebAssembly.Module, model: Uint8Array): Promise<Scanner> {
    let instance: WebAssembly.Instance;
    try {
      instance = await WebAssembly.instantiate(module, hostImports(module));
    } catch (error) {
      throw new EngineError("engine_start", `The engine could not be started: ${textOf(error)}.`);
    }
    const wasm = instance.exports as unknown as Exports;
    return new Scanner(wasm, model);
  }

  // stride: pixels at the model's scale; 0: patches side by side or, of a film, the stride that its
  // marks are made for. Throws an EngineError: scale_too_coarse, scale_too_fine, image_too_small,
  // image_too_large, invalid_argument.
  plan(image: ScanImage, stride: number, gate = FULL_GATE): ScanPlan {
    this.#plan = null;
    const heeded = (gate.saysFilm ? GATE.saysFilm : 0) + (gate.judgeAnyway ? GATE.judgeAnyway : 0);
    const code = this.#guard(() =>
      this.#wasm.insitu_scanner_plan(
        this.#scanner,
        image.width,
        image.height,
        image.channels,
        image.umPerPixel,
        stride,
        heeded,
      ),
    );
    if (code !== 0) throw this.#failure();
    this.#channels = image.channels;
    this.#plan = this.#guard(() => this.#readPlan());
    return this.#plan;
  }

  // pixels: (height, width, channels) u8 of the block's rectangle. What a block gives depends neither
  // on the scanner nor on the blocks before it.
  run(index: number, pixels: Uint8Array): BlockResult {
    const block = this.#planned().blocks[index];
    const size = block === undefined ? 0 : block.width * block.height * this.#channels;
    if (block === undefined || pixels.length !== size) {
      throw new EngineError(
        "invalid_argument",
        `Block ${index} takes ${size} samples, not ${pixels.length}.`,
      );
    }
    return this.#guard(() => {
      const at = this.#wasm.insitu_scanner_pixels(this.#scanner, index) >>> 0;
      if (at === 0) throw this.#failure();
      new Uint8Array(this.#wasm.memory.buffer).set(pixels, at);
      if (this.#wasm.insitu_scanner_run(this.#scanner, index) !== 0) throw this.#failure();
      const cells = block.columns * block.rows;
      const values = this.#wasm.insitu_scanner_values(this.#scanner) >>> 0;
      const verdicts = this.#wasm.insitu_scanner_verdicts(this.#scanner) >>> 0;
      const { buffer } = this.#wasm.memory;
      return {
        values: new Float32Array(buffer, values, cells).slice(),
        verdicts: new Uint8Array(buffer, verdicts, cells).slice(),
      };
    });
  }

  // values, verdicts: (rows, columns) of the whole map as it is planned. A cell whose verdict is
  // VERDICT.outside, which only the caller sets, counts as outside of the region.
  summary(values: Float32Array, verdicts: Uint8Array, threshold: number): ScanSummary {
    const { columns, rows } = this.#planned();
    if (values.length !== columns * rows || verdicts.length !== columns * rows) {
      throw new EngineError("invalid_argument", "The map is not of the size that was planned.");
    }
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const text = this.#lend([bytes, verdicts], (first, second) =>
      this.#wasm.insitu_scanner_summary(this.#scanner, first, second, threshold),
    );
    if (text === 0) throw this.#failure();
    return JSON.parse(this.#guard(() => this.#textAt(text))) as ScanSummary;
  }

  destroy(): void {
    this.#guard(() => {
      this.#wasm.insitu_scanner_destroy(this.#scanner);
    });
    this.#scanner = 0;
    this.#plan = null;
  }

  get memoryBytes(): number {
    return this.#wasm.memory.buffer.byteLength;
  }

  #planned(): ScanPlan {
    if (this.#plan === null) {
      throw new EngineError("invalid_argument", "There is no plan to scan by.");
    }
    return this.#plan;
  }

  // Lends one or two runs of bytes to a call that returns a pointer or a code.
  #lend(parts: readonly Uint8Array[], call: (first: number, second: number) => number): number {
    return this.#guard(() => {
      const taken: number[] = [];
      try {
        for (const part of parts) {
          const at = this.#wasm.insitu_scanner_alloc(Math.max(part.length, 1)) >>> 0;
          if (at === 0) {
            throw new EngineError(
              "out_of_memory",
              "The map does not fit the memory of the engine. Choose a larger stride.",
            );
          }
          taken.push(at);
          new Uint8Array(this.#wasm.memory.buffer).set(part, at);
        }
        return call(taken[0] ?? 0, taken[1] ?? 0) >>> 0;
      } finally {
        for (const at of taken) this.#wasm.insitu_scanner_free(at);
      }
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
    return this.#guard(
      () =>
        new EngineError(
          this.#textAt(this.#wasm.insitu_scanner_error_name()),
          this.#textAt(this.#wasm.insitu_scanner_error_message()),
        ),
    );
  }

  #textAt(pointer: number): string {
    const at = pointer >>> 0;
    if (at === 0) throw new EngineError("invalid_argument", "The engine has no such text.");
    return textAt(this.#wasm.memory, at);
  }

  #text(key: number): string {
    return this.#textAt(this.#wasm.insitu_scanner_text(this.#scanner, key, 0));
  }

  #number(key: number, index = 0): number {
    return this.#wasm.insitu_scanner_number(this.#scanner, key, index);
  }

  #readModel(): ScanModel {
    return {
      id: this.#text(TEXT.modelId),
      version: this.#text(TEXT.modelVersion),
      kind: this.#text(TEXT.modelKind),
      sha256: this.#text(TEXT.modelSha256),
      umPerPixel: this.#number(NUMBER.umPerPixel),
      patchWidth: this.#number(NUMBER.patchWidth),
      patchHeight: this.#number(NUMBER.patchHeight),
      channels: this.#number(NUMBER.channels),
      threshold: this.#number(NUMBER.threshold),
      denseStrides: Array.from({ length: this.#number(NUMBER.strideCount) }, (_, index) =>
        this.#number(NUMBER.strideOffered, index),
      ),
      warnMagnification: this.#number(NUMBER.warnMagnification),
      mostMagnification: this.#number(NUMBER.mostMagnification),
    };
  }

  #readPlan(): ScanPlan {
    return {
      columns: this.#number(NUMBER.columns),
      rows: this.#number(NUMBER.rows),
      stride: this.#number(NUMBER.stride),
      scaledWidth: this.#number(NUMBER.scaledWidth),
      scaledHeight: this.#number(NUMBER.scaledHeight),
      magnification: this.#number(NUMBER.magnification),
      dense: this.#number(NUMBER.isDense) === 1,
      multiplyAdds: this.#number(NUMBER.multiplyAdds),
      blocks: Array.from({ length: this.#number(NUMBER.blockCount) }, (_, index) => ({
        x: this.#number(NUMBER.blockX, index),
        y: this.#number(NUMBER.blockY, index),
        width: this.#number(NUMBER.blockWidth, index),
        height: this.#number(NUMBER.blockHeight, index),
        column: this.#number(NUMBER.blockColumn, index),
        row: this.#number(NUMBER.blockRow, index),
        columns: this.#number(NUMBER.blockColumns, index),
        rows: this.#number(NUMBER.blockRows, index),
      })),
    };
  }
}
