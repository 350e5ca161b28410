// Images that tests make themselves, so that none has to be fetched or committed.
import { crc32, deflateSync } from "node:zlib";

export type Rgb = [number, number, number];

export interface Pixels {
  width: number;
  height: number;
  rgb: Uint8Array; // (height, width, 3)
}

// The same numbers everywhere: mulberry32.
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Something like stained tissue: nuclei, dark and violet, on a paler ground. crowding: 0..1.
export function tissue(width: number, height: number, seed: number, crowding = 0.5): Pixels {
  const random = randomNumbers(seed);
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const shade = random() * 24;
    rgb.set([226 - shade, 178 - shade, 206 - shade / 2], i * 3);
  }
  const count = Math.round((crowding * width * height) / 60);
  for (let n = 0; n < count; n++) {
    const nucleus = { x: random() * width, y: random() * height, radius: 1.5 + random() * 2.5 };
    stain(rgb, width, height, nucleus, [98 + random() * 30, 52 + random() * 24, 142]);
  }
  return { width, height, rgb };
}

function stain(
  rgb: Uint8Array,
  width: number,
  height: number,
  { x, y, radius }: { x: number; y: number; radius: number },
  colour: Rgb,
): void {
  for (let row = Math.max(0, Math.floor(y - radius)); row < Math.min(height, y + radius); row++) {
    for (
      let column = Math.max(0, Math.floor(x - radius));
      column < Math.min(width, x + radius);
      column++
    ) {
      if (Math.hypot(column - x, row - y) < radius) rgb.set(colour, (row * width + column) * 3);
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
