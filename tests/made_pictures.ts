// Pictures for the codecs: encoded by build/asan/encode_picture of known samples, and PNG and JPEG
// files of hundreds of megapixels, made row by row of a few strips that come again and again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { constants, crc32, deflateRawSync } from "node:zlib";
import { randomNumbers } from "./random_numbers.ts";

const encoder = join(import.meta.dirname, "../build/asan/encode_picture");
export const encoderIsMissing = existsSync(encoder)
  ? false
  : `SKIPPED: ${encoder} not there; run make test`;

export interface Samples {
  width: number;
  height: number;
  channels: number;
  bits: number;
  data: Uint8Array | Uint16Array;
}

// Whether two lists are of one type and equal; deepEqual takes minutes to tell how large ones differ.
export function same(found: ArrayBufferView, expected: ArrayBufferView, of = "samples"): void {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    Buffer.from(buffer, byteOffset, byteLength);
  assert.equal(found.constructor, expected.constructor, of);
  assert.equal(found.byteLength, expected.byteLength, of);
  assert.ok(bytes(found).equals(bytes(expected)), `${of} differ`);
}

// Soft, with a little noise, over the whole range of the depth.
export function samples(width: number, height: number, channels: number, bits: number): Samples {
  const random = randomNumbers(width * 31 + height + bits);
  const most = 2 ** bits - 1;
  const values = Array.from({ length: width * height * channels }, (_, index) => {
    const [x, y] = [Math.floor(index / channels) % width, Math.floor(index / channels / width)];
    const wave = Math.sin(x / 17 + (index % channels)) + Math.cos(y / 23);
    return Math.round(((wave + 2) / 4) * most * 0.95 + random() * most * 0.05);
  });
  const data = bits <= 8 ? Uint8Array.from(values) : Uint16Array.from(values);
  return { width, height, channels, bits, data };
}

// kind and options: those of tests/encode_picture_main.cc
export function encoded(
  kind: "jpeg" | "jpeg2000" | "jp2" | "jpegls",
  { width, height, channels, bits, data }: Samples,
  options: Record<string, number> = {},
): Uint8Array<ArrayBuffer> {
  const words = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  const size = [width, height, channels, bits].map(String);
  const input = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const run = spawnSync(encoder, [kind, ...size, ...words], { input, maxBuffer: 2 ** 30 });
  if (run.status !== 0) throw new Error(`encode_picture: ${String(run.stderr)}`);
  return new Uint8Array(run.stdout);
}

// --- Large ones --------------------------------------------------------------------------------

// What makes a picture: strips of the same height, one after the other and again from the first.
export interface Strips {
  width: number;
  height: number; // a multiple of the strips'
  strips: Uint8Array[]; // (stripRows, width, 3)
  stripRows: number;
}

export function madeStrips(width: number, height: number, stripRows: number, count = 5): Strips {
  const across = samples(Math.min(width, 512), 1, 3, 8).data;
  const strips = Array.from({ length: count }, (_, index) => {
    const rows = new Uint8Array(stripRows * width * 3);
    for (let i = 0; i < rows.length; i++) {
      const y = Math.floor(i / (width * 3));
      const noise = (Math.imul(i + index, 2654435761) >>> 0) >>> 30;
      rows[i] = ((across[(i + y * 6) % across.length] ?? 0) & 252) ^ noise ^ (index << 3);
    }
    return rows;
  });
  return { width, height, strips, stripRows };
}

// The pixel at a place, by which what was decoded is checked.
export function pixelOf({ width, strips, stripRows }: Strips, x: number, y: number): number[] {
  const strip = strips[Math.floor(y / stripRows) % strips.length];
  const at = ((y % stripRows) * width + x) * 3;
  return [...(strip?.subarray(at, at + 3) ?? [])];
}

const ADLER = 65521;

// Of two parts one after the other, from the checksum of each (zlib's adler32_combine).
function joinedAdler(first: [number, number], second: [number, number], length: number) {
  const a = (first[0] + second[0] - 1 + ADLER) % ADLER;
  const b = (first[1] + second[1] + (length % ADLER) * (first[0] - 1 + ADLER)) % ADLER;
  return [a, b] as [number, number];
}

function adlerOf(bytes: Uint8Array): [number, number] {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % ADLER;
    b = (b + a) % ADLER;
  }
  return [a, b];
}

export function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, data.length + 8)), data.length + 8);
  return new Uint8Array(bytes);
}

// An EXIF block that says nothing but an orientation.
export function exifBlock(orientation: number): Uint8Array<ArrayBuffer> {
  const block = Buffer.from(
    "MM\0*\0\0\0\b\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0",
    "latin1",
  );
  block.writeUInt16BE(orientation, 18);
  return new Uint8Array(block);
}

function pngHead(width: number, height: number, interlaced: boolean): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, interlaced ? 1 : 0], 8);
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  return new Uint8Array(Buffer.concat([Buffer.from(signature), chunk("IHDR", header)]));
}

// An RGB PNG; each strip is compressed once, up to a byte boundary and without reference to others.
export function stripPng(made: Strips, further: Uint8Array<ArrayBuffer>[] = []): Blob {
  const { width, height, strips, stripRows } = made;
  const packed = strips.map((strip) => {
    const rows = new Uint8Array(stripRows * (1 + width * 3));
    for (let y = 0; y < stripRows; y++) {
      rows.set(strip.subarray(y * width * 3, (y + 1) * width * 3), y * (1 + width * 3) + 1);
    }
    const options = { level: 1, finishFlush: constants.Z_FULL_FLUSH };
    const data = deflateRawSync(rows, options);
    return { data: chunk("IDAT", data), adler: adlerOf(rows), length: rows.length };
  });
  const parts = [pngHead(width, height, false), ...further];
  parts.push(chunk("IDAT", Uint8Array.of(0x78, 0x01)));
  let adler: [number, number] = [1, 0];
  for (let strip = 0; strip < height / stripRows; strip++) {
    const part = packed[strip % packed.length];
    if (part === undefined) continue;
    parts.push(part.data);
    adler = joinedAdler(adler, part.adler, part.length);
  }
  const [a, b] = adler;
  const end = Uint8Array.of(3, 0, b >> 8, b & 255, a >> 8, a & 255); // an empty last block
  parts.push(chunk("IDAT", end), chunk("IEND", new Uint8Array()));
  return new Blob(parts);
}

// A JPEG whose rows of MCUs each begin anew, after a restart marker: each strip is encoded once.
// stripRows: of one row of MCUs, 8 where colours are not subsampled.
export function stripJpeg(made: Strips, options: Record<string, number> = {}): Blob {
  const { width, height, strips, stripRows } = made;
  const size = { width, height: stripRows, channels: 3, bits: 8 };
  const files = strips.map((data) =>
    Buffer.from(encoded("jpeg", { ...size, data }, { ...options, restart: 1 })),
  );
  const [first = Buffer.alloc(0)] = files;
  const scan = first.indexOf(Buffer.from([0xff, 0xda]));
  const start = scan + 2 + first.readUInt16BE(scan + 2);
  const head = Buffer.from(first.subarray(0, start));
  head.writeUInt16BE(height, head.indexOf(Buffer.from([0xff, 0xc0])) + 5);
  const scans = files.map((file) => new Uint8Array(file.subarray(start, -2)));
  const parts: Uint8Array<ArrayBuffer>[] = [new Uint8Array(head)];
  const count = height / stripRows;
  for (let row = 0; row < count; row++) {
    const part = scans[row % scans.length];
    if (part !== undefined) parts.push(part);
    parts.push(Uint8Array.of(0xff, row === count - 1 ? 0xd9 : 0xd0 + (row % 8)));
  }
  return new Blob(parts);
}
