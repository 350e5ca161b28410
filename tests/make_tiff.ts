// Writes TIFFs of known pixels in every layout that the page reads.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync, zstdCompressSync } from "node:zlib";
import { Codecs } from "../public/src/slide/codecs.ts";
import type { Tools } from "../public/src/slide/formats/tools.ts";

export const TYPE = { ascii: 2, short: 3, long: 4, rational: 5, undefined: 7, ifd: 13, long8: 16 };
const BYTES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 13: 4, 16: 8, 18: 8 };

export interface Field {
  tag: number;
  type: number;
  values: number[]; // of a rational two a value
}

export type Compression = "none" | "packbits" | "lzw" | "deflate" | "zstd";

const NUMBERS: Record<Compression, number> = {
  none: 1,
  packbits: 32773,
  lzw: 5,
  deflate: 8,
  zstd: 50000,
};

export interface MadeImage {
  width: number;
  height: number;
  samples: number;
  sample: (x: number, y: number, channel: number) => number;
  bits?: 8 | 16;
  photometric?: number;
  tile?: [width: number, height: number];
  rowsPerStrip?: number;
  compression?: Compression;
  predictor?: 2; // written for every compression, used where there is one that knows it
  planar?: 2;
  description?: string;
  reduced?: boolean;
  below?: MadeImage[]; // as SubIFDs
  fields?: Field[]; // instead of the ones made here, or beside them
  packed?: (bytes: Uint8Array, index: number) => Uint8Array; // what to write in place of a block
  fullStrips?: boolean; // the last strip is filled up
}

export interface MadeFile {
  big?: boolean;
  bigEndian?: boolean;
}

export const shorts = (tag: number, ...values: number[]): Field => {
  return { tag, type: TYPE.short, values };
};
export const longs = (tag: number, ...values: number[]): Field => {
  return { tag, type: TYPE.long, values };
};
export const ascii = (tag: number, text: string): Field => {
  return { tag, type: TYPE.ascii, values: [...Buffer.from(text, "utf8"), 0] };
};
export const rational = (tag: number, above: number, below = 1): Field => {
  return { tag, type: TYPE.rational, values: [above, below] };
};

// A colour that differs from pixel to pixel and from channel to channel.
export function pattern(x: number, y: number, channel: number): number {
  return (x * 7 + y * 13 + channel * 61 + ((x >> 4) ^ (y >> 4)) * 5) & 0xff;
}

export function packBits(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length;) {
    let run = 1;
    while (run < 128 && bytes[at + run] === bytes[at]) run += 1;
    if (run > 2) {
      out.push(257 - run, bytes[at] ?? 0);
      at += run;
      continue;
    }
    const end = Math.min(bytes.length, at + 100);
    out.push(end - at - 1, ...bytes.subarray(at, end));
    at = end;
  }
  return Uint8Array.from(out);
}

export function packLzw(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  let [held, bits, width, next] = [0, 0, 9, 258];
  let table = new Map<number, number>(); // text before × 256 + byte -> code
  const put = (code: number): void => {
    bits = (bits << width) | code;
    held += width;
    while (held >= 8) {
      held -= 8;
      out.push((bits >>> held) & 0xff);
      bits &= (1 << held) - 1;
    }
  };
  put(256);
  let text = -1;
  for (const byte of bytes) {
    const longer = text < 0 ? byte : table.get(text * 256 + byte);
    if (longer !== undefined) {
      text = longer;
      continue;
    }
    put(text);
    table.set(text * 256 + byte, next);
    next += 1;
    if (next === 1 << width && width < 12) width += 1;
    if (next === 4094) {
      put(256);
      [table, width, next] = [new Map<number, number>(), 9, 258];
    }
    text = byte;
  }
  if (text >= 0) {
    put(text);
    next += 1;
    if (next === 1 << width && width < 12) width += 1;
  }
  put(257);
  if (held > 0) out.push((bits << (8 - held)) & 0xff);
  return Uint8Array.from(out);
}

function pack(bytes: Uint8Array, compression: Compression): Uint8Array {
  if (compression === "packbits") return packBits(bytes);
  if (compression === "lzw") return packLzw(bytes);
  if (compression === "deflate") return deflateSync(bytes);
  return compression === "zstd" ? zstdCompressSync(bytes) : bytes;
}

class Writer {
  readonly big: boolean;
  readonly little: boolean;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  constructor({ big = false, bigEndian = false }: MadeFile) {
    this.big = big;
    this.little = !bigEndian;
    const magic = bigEndian ? "MM" : "II";
    this.put(Buffer.from(magic));
    this.put(this.number(2, big ? 43 : 42));
    if (big) this.put(Uint8Array.of(...this.number(2, 8), ...this.number(2, 0)));
    this.put(this.number(big ? 8 : 4, 0));
  }

  number(bytes: number, value: number): Uint8Array {
    const out = new Uint8Array(bytes);
    for (let i = 0; i < bytes; i += 1) {
      const shift = this.little ? i : bytes - 1 - i;
      out[i] = Math.floor(value / 2 ** (8 * shift)) & 0xff;
    }
    return out;
  }

  put(bytes: Uint8Array): number {
    const at = this.#length;
    while (this.#bytes.length < at + bytes.length + 8) {
      const more = new Uint8Array(this.#bytes.length * 2);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    this.#bytes.set(bytes, at);
    this.#length += bytes.length + (bytes.length % 2); // everything begins at even places
    return at;
  }

  patch(at: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, at);
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}

// Samples of one block of one plane (or of all), as bytes of the file, differences taken.
function blockBytes(
  image: MadeImage,
  writer: Writer,
  [left, top, width, height]: readonly [number, number, number, number],
  channels: number[],
): Uint8Array {
  const bits = image.bits ?? 8;
  const values: number[] = [];
  const clampX = (x: number): number => Math.min(x, image.width - 1);
  const clampY = (y: number): number => Math.min(y, image.height - 1);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      for (const channel of channels)
        values.push(image.sample(clampX(left + x), clampY(top + y), channel));
  const isPredicted = ["lzw", "deflate", "zstd"].includes(image.compression ?? "none");
  if (image.predictor === 2 && isPredicted) {
    const row = width * channels.length;
    for (let i = values.length - 1; i >= 0; i -= 1)
      if (i % row >= channels.length)
        values[i] = (values[i] ?? 0) - (values[i - channels.length] ?? 0);
  }
  const out = new Uint8Array((values.length * bits) / 8);
  values.forEach((value, i) => {
    const whole = value & (bits === 8 ? 0xff : 0xffff);
    if (bits === 8) out[i] = whole;
    else out.set(writer.number(2, whole), 2 * i);
  });
  return out;
}

function writeBlocks(image: MadeImage, writer: Writer): { offsets: number[]; sizes: number[] } {
  const rows = image.rowsPerStrip ?? image.height;
  const [width, height] = image.tile ?? [image.width, rows];
  const all = Array.from({ length: image.samples }, (_, i) => i);
  const planes = image.planar === 2 ? all.map((channel) => [channel]) : [all];
  const [offsets, sizes]: [number[], number[]] = [[], []];
  for (const channels of planes) {
    for (let top = 0; top < image.height; top += height) {
      for (let left = 0; left < image.width; left += width) {
        const isWhole = image.tile !== undefined || image.fullStrips === true;
        const real = isWhole ? height : Math.min(height, image.height - top);
        const bytes = blockBytes(image, writer, [left, top, width, real], channels);
        const packed =
          image.packed?.(bytes, offsets.length) ?? pack(bytes, image.compression ?? "none");
        sizes.push(packed.length);
        offsets.push(writer.put(packed));
      }
    }
  }
  return { offsets, sizes };
}

function fieldsOf(image: MadeImage, writer: Writer): Field[] {
  const { offsets, sizes } = writeBlocks(image, writer);
  const place = writer.big ? TYPE.long8 : TYPE.long;
  const below = (image.below ?? []).map((each) => writeDirectory(each, writer).at);
  const made: Field[] = [
    longs(254, image.reduced === true ? 1 : 0),
    longs(256, image.width),
    longs(257, image.height),
    shorts(258, ...Array.from({ length: image.samples }, () => image.bits ?? 8)),
    shorts(259, NUMBERS[image.compression ?? "none"]),
    shorts(262, image.photometric ?? (image.samples >= 3 ? 2 : 1)),
    shorts(277, image.samples),
    shorts(284, image.planar ?? 1),
    ...(image.predictor === undefined ? [] : [shorts(317, 2)]),
    ...(image.description === undefined ? [] : [ascii(270, image.description)]),
    ...(below.length === 0 ? [] : [{ tag: 330, type: writer.big ? 18 : TYPE.ifd, values: below }]),
  ];
  if (image.tile === undefined) {
    made.push({ tag: 273, type: place, values: offsets }, longs(279, ...sizes));
    made.push(longs(278, image.rowsPerStrip ?? image.height));
  } else {
    made.push(shorts(322, image.tile[0]), shorts(323, image.tile[1]));
    made.push({ tag: 324, type: place, values: offsets }, longs(325, ...sizes));
  }
  const own = image.fields ?? [];
  const kept = made.filter(({ tag }) => !own.some((field) => field.tag === tag));
  return [...kept, ...own].sort((a, b) => a.tag - b.tag);
}

// next: where the offset of the directory after it has to be written
function writeDirectory(image: MadeImage, writer: Writer): { at: number; next: number } {
  const fields = fieldsOf(image, writer);
  const word = writer.big ? 8 : 4;
  const entries = fields.map(({ tag, type, values }) => {
    const size = BYTES[type] ?? 1;
    const whole = type === TYPE.rational ? 4 : size;
    const bytes =
      size === 1
        ? Uint8Array.from(values)
        : Buffer.concat(values.map((v) => writer.number(Math.min(size, whole), v)));
    const count = type === TYPE.rational ? values.length / 2 : values.length;
    const value = new Uint8Array(word);
    if (bytes.length <= word) value.set(bytes);
    else value.set(writer.number(word, writer.put(bytes)));
    return [writer.number(2, tag), writer.number(2, type), writer.number(word, count), value];
  });
  const head = writer.number(writer.big ? 8 : 2, fields.length);
  const at = writer.put(Buffer.concat([head, ...entries.flat(), writer.number(word, 0)]));
  return { at, next: at + head.length + fields.length * (writer.big ? 20 : 12) };
}

export function makeTiff(images: MadeImage[], file: MadeFile = {}): Uint8Array<ArrayBuffer> {
  const writer = new Writer(file);
  const word = writer.big ? 8 : 4;
  let link = writer.big ? 8 : 4;
  for (const image of images) {
    const { at, next } = writeDirectory(image, writer);
    writer.patch(link, writer.number(word, at));
    link = next;
  }
  return writer.done();
}

const wasm = join(import.meta.dirname, "../build/wasm-simd/codecs.wasm");
export const noInflate = existsSync(wasm) ? false : `SKIPPED: ${wasm} not there; run make wasm`;

// As an opener takes them: what unpacks Deflate is there, as `make wasm` built it; no tile may be a
// picture of its own.
let codecs: Promise<Codecs> | null = null;
export const INFLATE_ONLY: Tools = {
  async codecs() {
    codecs ??= Codecs.create(new WebAssembly.Module(readFileSync(wasm)));
    const made = await codecs;
    const none = () => assert.fail("a picture's codec was asked for");
    return Object.assign(Object.create(made) as Codecs, {
      inflate: made.inflate.bind(made),
      jpeg: none,
      jpeg2000: none,
    });
  },
};

export const blobOf = (bytes: Uint8Array<ArrayBuffer>): Blob => new Blob([bytes]);
