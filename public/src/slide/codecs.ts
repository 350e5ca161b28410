// The codecs over their C ABI (wasm/codecs_api.h): the only file that touches that file's pointers.
// Runs in a worker and in node; knows neither DOM nor network.
import { EngineError, textOf } from "../messages.ts";
import { asFailure, hostImports, textAt } from "../wasm-host.ts";
import { lastWordsImports, type LastWords } from "./last-words.ts";

export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bits: number; // of a sample, 1..16
  readonly signed: boolean;
  // What the bytes say that three channels are; null: nothing. JPEG comes as grey or RGB.
  readonly colour: "grey" | "rgb" | "ycbcr" | null;
  // (height, width, channels): Uint8Array where bits <= 8 and not signed
  readonly data: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Int16Array<ArrayBuffer>;
}

export interface JpegOptions {
  tables?: Uint8Array | undefined; // TIFF's JPEGTables, of an abbreviated stream
  // What three components are: as the JPEG says; RGB; YCbCr, to be made RGB; or only their
  // brightness is wanted.
  colour?: "auto" | "rgb" | "ycbcr" | "grey";
  reduce?: 1 | 2 | 4 | 8; // sides are ceil(side / reduce)
}

export type StripKind = "png" | "jpeg";

export interface StripHeader {
  readonly width: number; // of the rows that come: ceil(fullWidth / reduce)
  readonly height: number;
  readonly channels: 1 | 3;
  readonly fullWidth: number; // as stored
  readonly fullHeight: number;
}

export interface Band {
  readonly firstRow: number; // of the reduced picture
  readonly rows: number;
  readonly data: Uint8Array<ArrayBuffer>; // (rows, width, channels), until the next call only
}

// Bytes that a StripDecoder takes at once (kMaxPushBytes of shared/codecs/limits.h).
export const MAX_PUSH_BYTES = 4 * 1024 * 1024;

// Keys and values of wasm/codecs_api.h.
const RASTER = { width: 0, height: 1, channels: 2, bits: 3, signed: 4, colour: 5 } as const;
const JPEG_COLOURS = { auto: 0, rgb: 1, ycbcr: 2, grey: 3 } as const;
const STRIP_KINDS = { png: 0, jpeg: 1 } as const;
const STRIPS = {
  width: 0,
  height: 1,
  channels: 2,
  fullWidth: 3,
  fullHeight: 4,
  orientation: 5,
  firstRow: 6,
  finished: 7,
} as const;
const RASTER_COLOURS = [null, "grey", "rgb", "ycbcr"] as const;

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  insitu_codecs_alloc(size: number): number;
  insitu_codecs_free(memory: number): void;
  insitu_inflate(bytes: number, size: number, out: number, outSize: number): number;
  insitu_decode_jpeg(
    bytes: number,
    size: number,
    tables: number,
    tablesSize: number,
    colour: number,
    reduction: number,
  ): number;
  insitu_decode_jpeg2000(bytes: number, size: number, reduction: number): number;
  insitu_decode_jpegls(bytes: number, size: number): number;
  insitu_raster_destroy(raster: number): void;
  insitu_raster_number(raster: number, key: number): number;
  insitu_raster_samples(raster: number): number;
  insitu_strips_create(kind: number, reduction: number, fileBytes: number): number;
  insitu_strips_destroy(strips: number): void;
  insitu_strips_push(strips: number, bytes: number, size: number): number;
  insitu_strips_end(strips: number): void;
  insitu_strips_advance(strips: number): number;
  insitu_strips_number(strips: number, key: number): number;
  insitu_strips_rows(strips: number): number;
  insitu_codecs_error_name(): number;
  insitu_codecs_error_message(): number;
}

// One WebAssembly instance, until it breaks off.
class Instance {
  readonly wasm: Exports;
  readonly #lastWords: LastWords = { memory: null, said: "" };

  constructor(module: WebAssembly.Module) {
    try {
      const instance = new WebAssembly.Instance(
        module,
        hostImports(module, lastWordsImports(this.#lastWords)),
      );
      this.wasm = instance.exports as unknown as Exports;
      this.#lastWords.memory = this.wasm.memory;
      this.wasm._initialize();
    } catch (error) {
      throw new EngineError("engine_start", `The codecs could not be started: ${textOf(error)}.`);
    }
  }

  // Any call may grow the memory and detach older views, so each view is made afresh.
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.wasm.memory.buffer);
  }

  // What WebAssembly threw of its own (a trap, an abort), as an EngineError.
  asFailure(error: unknown): EngineError {
    return asFailure("The codecs", error, this.#lastWords.said);
  }

  textAt(pointer: number): string {
    return textAt(this.wasm.memory, pointer);
  }

  failure(): EngineError {
    return new EngineError(
      this.textAt(this.wasm.insitu_codecs_error_name()),
      this.textAt(this.wasm.insitu_codecs_error_message()),
    );
  }

  // Copies the bytes in; 0 where there are none.
  give(bytes: Uint8Array | undefined): number {
    if (bytes === undefined) return 0;
    const at = this.room(bytes.length);
    this.bytes.set(bytes, at);
    return at;
  }

  // To be freed.
  room(size: number): number {
    const at = this.wasm.insitu_codecs_alloc(Math.max(1, size)) >>> 0;
    if (at === 0) {
      throw new EngineError(
        "out_of_memory",
        "A picture in this file does not fit the memory of the codecs. Use a smaller one.",
      );
    }
    return at;
  }

  // Takes the samples out and ends the raster. 0: decoding failed.
  takeRaster(handle: number): Raster {
    const raster = handle >>> 0;
    if (raster === 0) throw this.failure();
    const number = (key: number) => this.wasm.insitu_raster_number(raster, key);
    const [width, height] = [number(RASTER.width), number(RASTER.height)];
    const [channels, bits] = [number(RASTER.channels), number(RASTER.bits)];
    const signed = number(RASTER.signed) === 1;
    const colour = RASTER_COLOURS[number(RASTER.colour)] ?? null;
    const count = width * height * channels;
    const at = this.wasm.insitu_raster_samples(raster) >>> 0;
    const size = count * (bits <= 8 && !signed ? 1 : 2);
    const { buffer } = this.bytes.slice(at, at + size);
    this.wasm.insitu_raster_destroy(raster);
    const wide = signed ? new Int16Array(buffer) : size > count ? new Uint16Array(buffer) : null;
    const data = wide ?? new Uint8Array(buffer);
    return { width, height, channels, bits, signed, colour, data };
  }
}

// A picture of any size, whose bytes go in as they come and whose rows come out in bands. It has an
// instance of its own, whose memory goes with it. After an error only close() may be called.
export class StripDecoder {
  #instance: Instance | null;
  readonly #strips: number;

  constructor(module: WebAssembly.Module, kind: StripKind, reduce: number, fileBytes: number) {
    const instance = new Instance(module);
    const { wasm } = instance;
    this.#instance = instance;
    this.#strips = wasm.insitu_strips_create(STRIP_KINDS[kind], reduce, fileBytes) >>> 0;
    if (this.#strips === 0) throw instance.failure();
  }

  // The next bytes of the file, at most MAX_PUSH_BYTES, once next() has nothing more.
  push(bytes: Uint8Array): void {
    this.#call((instance) => {
      const at = instance.give(bytes);
      const code = instance.wasm.insitu_strips_push(this.#strips, at, bytes.length);
      instance.wasm.insitu_codecs_free(at);
      if (code !== 0) throw instance.failure();
    });
  }

  // There are no more bytes: a picture that is not complete is then an error of next().
  end(): void {
    this.#call(({ wasm }) => wasm.insitu_strips_end(this.#strips));
  }

  // The next band; null: more bytes are needed, or the picture is finished.
  next(): Band | null {
    return this.#call((instance) => {
      const rows = instance.wasm.insitu_strips_advance(this.#strips);
      if (rows < 0) throw instance.failure();
      if (rows === 0) return null;
      const [width, channels] = [this.#number("width"), this.#number("channels")];
      const at = instance.wasm.insitu_strips_rows(this.#strips) >>> 0;
      const data = instance.bytes.subarray(at, at + rows * width * channels);
      return { firstRow: this.#number("firstRow"), rows, data };
    });
  }

  // null until enough bytes were there and next() was called.
  get header(): StripHeader | null {
    const width = this.#number("width");
    if (Number.isNaN(width)) return null;
    return {
      width,
      height: this.#number("height"),
      channels: this.#number("channels") === 1 ? 1 : 3,
      fullWidth: this.#number("fullWidth"),
      fullHeight: this.#number("fullHeight"),
    };
  }

  // EXIF, 1..8. A PNG may say it at its end only.
  get orientation(): number {
    return this.#number("orientation");
  }

  // Whether all rows came, and with them the end of a PNG.
  get finished(): boolean {
    return this.#number("finished") === 1;
  }

  get memoryBytes(): number {
    return this.#instance?.wasm.memory.buffer.byteLength ?? 0;
  }

  close(): void {
    this.#instance = null;
  }

  #number(key: keyof typeof STRIPS): number {
    return this.#call(({ wasm }) => wasm.insitu_strips_number(this.#strips, STRIPS[key]));
  }

  #call<T>(call: (instance: Instance) => T): T {
    const instance = this.#instance;
    if (instance === null) throw new Error("a StripDecoder is used after it was closed");
    try {
      return call(instance);
    } catch (error) {
      const failure = instance.asFailure(error);
      if (failure.code === "engine_trap") this.#instance = null;
      throw failure;
    }
  }
}

// Every failure is an EngineError with the code of shared/result.h and one sentence.
export class Codecs {
  readonly #module: WebAssembly.Module;
  #instance: Instance | null = null;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  // Rejects with an EngineError "engine_start".
  static create(module: WebAssembly.Module): Promise<Codecs> {
    return new Promise((resolve) => {
      const codecs = new Codecs(module);
      codecs.#instance = new Instance(module);
      resolve(codecs);
    });
  }

  // What zlib's format unpacks to, which has to be so many bytes: "image_too_large" where it is more,
  // "image_truncated" where less, "image_corrupt".
  inflate(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
    return this.#guard((instance) => {
      const at = instance.give(bytes);
      const out = instance.room(size);
      try {
        if (instance.wasm.insitu_inflate(at, bytes.length, out, size) !== 0)
          throw instance.failure();
        return instance.bytes.slice(out, out + size);
      } finally {
        for (const place of [at, out]) instance.wasm.insitu_codecs_free(place);
      }
    });
  }

  // 8 bits a sample, baseline and progressive, grey or RGB.
  jpeg(bytes: Uint8Array, options: JpegOptions = {}): Raster {
    const { tables, colour = "auto", reduce = 1 } = options;
    return this.#decode([bytes, tables], (wasm, at, tablesAt = 0) =>
      wasm.insitu_decode_jpeg(
        at,
        bytes.length,
        tablesAt,
        tables?.length ?? 0,
        JPEG_COLOURS[colour],
        reduce,
      ),
    );
  }

  // A codestream or a JP2 file, up to 16 bits and 4 channels. reduce: how many of its resolutions are
  // left out; sides are halved as often, rounded up.
  jpeg2000(bytes: Uint8Array, { reduce = 0 }: { reduce?: number } = {}): Raster {
    return this.#decode([bytes], (wasm, at) =>
      wasm.insitu_decode_jpeg2000(at, bytes.length, reduce),
    );
  }

  jpegLs(bytes: Uint8Array): Raster {
    return this.#decode([bytes], (wasm, at) => wasm.insitu_decode_jpegls(at, bytes.length));
  }

  // reduce: a power of two up to 256. fileBytes: of the whole file.
  stripDecoder(kind: StripKind, reduce: number, fileBytes: number): StripDecoder {
    return new StripDecoder(this.#module, kind, reduce, fileBytes);
  }

  // Of the WebAssembly memory; it never shrinks, but a new instance starts small.
  get memoryBytes(): number {
    return this.#instance?.wasm.memory.buffer.byteLength ?? 0;
  }

  // Lets go of the memory; the next call starts anew.
  close(): void {
    this.#instance = null;
  }

  #decode(
    given: (Uint8Array | undefined)[],
    call: (wasm: Exports, at: number, tablesAt?: number) => number,
  ): Raster {
    return this.#guard((instance) => {
      const [at = 0, tablesAt] = given.map((bytes) => instance.give(bytes));
      try {
        return instance.takeRaster(call(instance.wasm, at, tablesAt));
      } finally {
        for (const place of [at, tablesAt ?? 0])
          if (place !== 0) instance.wasm.insitu_codecs_free(place);
      }
    });
  }

  // Whatever WebAssembly throws of its own (a trap, an abort) becomes an EngineError, and the
  // instance is not used again.
  #guard<T>(call: (instance: Instance) => T): T {
    const instance = (this.#instance ??= new Instance(this.#module));
    try {
      return call(instance);
    } catch (error) {
      const failure = instance.asFailure(error);
      if (failure.code === "engine_trap") this.#instance = null;
      throw failure;
    }
  }
}
