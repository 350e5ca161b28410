// Images that tests make themselves, so that none has to be fetched or committed.
import { crc32, deflateSync } from "node:zlib";
import { randomNumbers } from "./random_numbers.ts";

export type Rgb = [number, number, number];

export interface Pixels {
  width: number;
  height: number;
  rgb: Uint8Array; // (height, width, 3)
}

// Optical density of the dyes in red, green and blue (Ruifrok & Johnston 2001), a little greyer as
// slides have it.
const HAEMATOXYLIN: Rgb = [0.63, 0.76, 0.5];
const EOSIN: Rgb = [0.2, 0.86, 0.45];

// Something like a section stained with haematoxylin and eosin at about 4 µm per pixel, which the
// gate accepts: nuclei of two or three pixels on stroma of uneven density. crowding: 0..1.
export function tissue(width: number, height: number, seed: number, crowding = 0.5): Pixels {
  const random = randomNumbers(seed);
  const eosin = unevenness(width, height, random);
  const nuclei = unevenness(width, height, random).map((value) => 0.08 * value);
  const count = Math.round(((0.3 + crowding) * width * height) / 22);
  for (let n = 0; n < count; n++) {
    const at = { x: random() * width, y: random() * height, radius: 0.4 + random() * 0.9 };
    stain(nuclei, width, height, at, 0.3 + random() * 0.5);
  }
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    for (const c of [0, 1, 2] as const) {
      const h = Math.min(1.1, nuclei[i] ?? 0) * HAEMATOXYLIN[c];
      const density = 0.04 + h + 0.45 * (eosin[i] ?? 0) * EOSIN[c] + 0.03 * (random() - 0.5);
      rgb[i * 3 + c] = Math.round(255 * Math.exp(-density));
    }
  }
  return { width, height, rgb };
}

// Noise with detail of 1 to 16 pixels, around 0.5.
function unevenness(width: number, height: number, random: () => number): Float32Array {
  const sum = new Float32Array(width * height);
  for (const [step, share] of [
    [16, 0.3],
    [6, 0.2],
    [2, 0.4],
    [1, 0.6],
  ] as const) {
    const columns = Math.ceil(width / step) + 2;
    const knots = Float32Array.from({ length: columns * (Math.ceil(height / step) + 2) }, random);
    const knot = (x: number, y: number) => knots[y * columns + x] ?? 0;
    for (let i = 0; i < sum.length; i++) {
      const [x, y] = [(i % width) / step, Math.floor(i / width) / step];
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [u, v] = [x - left, y - top];
      const above = knot(left, top) * (1 - u) + knot(left + 1, top) * u;
      const below = knot(left, top + 1) * (1 - u) + knot(left + 1, top + 1) * u;
      sum[i] = (sum[i] ?? 0) + share * (above * (1 - v) + below * v - 0.5);
    }
  }
  return sum.map((value) => Math.max(0, 0.5 + value));
}

// Adds to the densities of a round spot with soft edges.
function stain(
  densities: Float32Array,
  width: number,
  height: number,
  { x, y, radius }: { x: number; y: number; radius: number },
  density: number,
): void {
  const reach = radius + 0.7;
  for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(height, y + reach); row++) {
    const [first, end] = [Math.max(0, Math.floor(x - reach)), Math.min(width, x + reach)];
    for (let column = first; column < end; column++) {
      const inside = Math.max(0, Math.min(1, reach - Math.hypot(column - x, row - y)));
      const at = row * width + column;
      densities[at] = (densities[at] ?? 0) + inside * density;
    }
  }
}

function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

// The beginning of an 8-bit RGB PNG; by itself it announces an image without having one.
// A square image whose pixel at (x, y) is the given one's at moved(x, y).
export function movedImage(
  { width, height, rgb }: Pixels,
  moved: (x: number, y: number) => [number, number],
): Pixels {
  const pixels = new Uint8Array(rgb.length);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = moved(at % width, Math.floor(at / width));
    const from = 3 * (y * width + x);
    pixels.set(rgb.subarray(from, from + 3), 3 * at);
  }
  return { width, height, rgb: pixels };
}

// The ways to lay a square image of this side, by name: two quarter turns, two mirrors.
export const movesOf = (
  side: number,
): Record<string, (x: number, y: number) => [number, number]> => ({
  "turned-by-90": (x, y) => [y, side - 1 - x],
  "turned-by-180": (x, y) => [side - 1 - x, side - 1 - y],
  mirrored: (x, y) => [side - 1 - x, y],
  "mirrored-at-the-diagonal": (x, y) => [y, x],
});

export function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // depth, RGB, and the only methods there are
  return Buffer.concat([PNG_SIGNATURE, pngChunk("IHDR", header)]);
}

export function png({ width, height, rgb }: Pixels): Buffer {
  const rows = Buffer.alloc(height * (width * 3 + 1));
  for (let y = 0; y < height; y++) {
    rows.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
  }
  const data = pngChunk("IDAT", deflateSync(rows));
  return Buffer.concat([pngHeader(width, height), data, pngChunk("IEND", Buffer.alloc(0))]);
}

export function ppm({ width, height, rgb }: Pixels): Buffer {
  return Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), rgb]);
}

export function pgm({ width, height, rgb }: Pixels): Buffer {
  const grey = rgb.filter((_, index) => index % 3 === 1);
  return Buffer.concat([Buffer.from(`P5 ${width} ${height} 255\n`), grey]);
}

export function bmp({ width, height, rgb }: Pixels): Buffer {
  const stride = (width * 3 + 3) & ~3;
  const file = Buffer.alloc(54 + stride * height);
  file.write("BM");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = ((height - 1 - y) * width + x) * 3;
      const [red, green, blue] = rgb.subarray(from, from + 3);
      file.set([blue ?? 0, green ?? 0, red ?? 0], 54 + y * stride + x * 3);
    }
  }
  return file;
}
