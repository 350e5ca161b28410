// The codecs over their C ABI (wasm/codecs_api.h): the only file that touches that file's pointers.
// Runs in a worker and in node; knows neither DOM nor network.
import { EngineError } from "../messages.ts";
import { hostImports, type HostState } from "../wasm-host.ts";

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

// Keys and values of wasm/codecs_api.h.
const RASTER = { width: 0, height: 1, channels: 2, bits: 3, signed: 4, colour: 5 } as const;
const JPEG_COLOURS = { auto: 0, rgb: 1, ycbcr: 2, grey: 3 } as const;
const RASTER_COLOURS = [null, "grey", "rgb", "ycbcr"] as const;

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  insitu_alloc(size: number): number;
  insitu_free(memory: number): void;
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
  insitu_error_name(): number;
  insitu_error_message(): number;
}

const utf8 = new TextDecoder();

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// One WebAssembly instance, until it breaks off.
class Instance {
  readonly wasm: Exports;
  readonly #host: HostState = { memory: null, stderr: "" };

  constructor(module: WebAssembly.Module) {
    try {
      const instance = new WebAssembly.Instance(module, hostImports(module, this.#host));
      this.wasm = instance.exports as unknown as Exports;
      this.#host.memory = this.wasm.memory;
      this.wasm._initialize();
    } catch (error) {
      throw new EngineError("engine_start", `The codecs could not be started: ${textOf(error)}.`);
    }
  }

  // Any call may grow the memory and detach older views, so each view is made afresh.
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.wasm.memory.buffer as ArrayBuffer);
  }

  get lastWords(): string {
    return this.#host.stderr.trim();
  }

  textAt(pointer: number): string {
    const at = pointer >>> 0;
    const bytes = this.bytes;
    return utf8.decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }

  failure(): EngineError {
    return new EngineError(
      this.textAt(this.wasm.insitu_error_name()),
      this.textAt(this.wasm.insitu_error_message()),
    );
  }

  // Copies the bytes in; 0 where there are none.
  give(bytes: Uint8Array | undefined): number {
    if (bytes === undefined) return 0;
    const at = this.wasm.insitu_alloc(Math.max(1, bytes.length)) >>> 0;
    if (at === 0) {
      throw new EngineError(
        "out_of_memory",
        "A picture in this file does not fit the memory of the codecs. Use a smaller one.",
      );
    }
    this.bytes.set(bytes, at);
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
        for (const place of [at, tablesAt ?? 0]) if (place !== 0) instance.wasm.insitu_free(place);
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
      if (error instanceof EngineError) throw error;
      this.#instance = null;
      const reason = instance.lastWords === "" ? textOf(error) : instance.lastWords;
      throw new EngineError("engine_trap", `The codecs broke off: ${reason}.`);
    }
  }
}
