// Reads a PNG by the standard (W3C PNG, third edition) and node's zlib alone, to check what was written
// by another: its chunks, and its pixels where they have 8 bits and are not interlaced.
import assert from "node:assert/strict";
import { crc32, inflateSync } from "node:zlib";

export interface PngChunk {
  type: string;
  data: Buffer;
}

export interface DecodedPng {
  width: number;
  height: number;
  channels: number;
  data: Uint8Array; // (height, width, channels)
}

const SIGNATURE = "89504e470d0a1a0a";
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 4: 2, 6: 4 }; // by colour type

export function pngChunks(file: Uint8Array): PngChunk[] {
  const bytes = Buffer.from(file);
  assert.equal(bytes.subarray(0, 8).toString("hex"), SIGNATURE, "it is a PNG");
  const chunks: PngChunk[] = [];
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const end = at + 8 + length;
    const type = bytes.toString("latin1", at + 4, at + 8);
    assert.equal(crc32(bytes.subarray(at + 4, end)), bytes.readUInt32BE(end), `${type} is whole`);
    chunks.push({ type, data: bytes.subarray(at + 8, end) });
    at = end + 4;
  }
  assert.equal(chunks.at(-1)?.type, "IEND");
  return chunks;
}

function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const [a, b, c] = [left, above, corner].map((value) => Math.abs(estimate - value));
  if ((a ?? 0) <= (b ?? 0) && (a ?? 0) <= (c ?? 0)) return left;
  return (b ?? 0) <= (c ?? 0) ? above : corner;
}

// What a row's filter added to a byte.
function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  assert.equal(filter, 4, "there are five filters");
  return paeth(left, above, corner);
}

export function decodePng(file: Uint8Array): DecodedPng {
  const chunks = pngChunks(file);
  const header = chunks[0];
  assert.equal(header?.type, "IHDR");
  const [width, height] = [header.data.readUInt32BE(0), header.data.readUInt32BE(4)];
  const [depth, colour = -1, , , interlaced] = header.data.subarray(8);
  const channels = CHANNELS[colour];
  assert.deepEqual([depth, interlaced], [8, 0]);
  assert.ok(channels !== undefined);
  const packed = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  const rows = inflateSync(Buffer.concat(packed));
  const stride = width * channels;
  assert.equal(rows.length, height * (stride + 1));
  const data = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const from = y * (stride + 1);
    const to = y * stride;
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : (data[to + x - channels] ?? 0);
      const above = y === 0 ? 0 : (data[to + x - stride] ?? 0);
      const corner = x < channels || y === 0 ? 0 : (data[to + x - stride - channels] ?? 0);
      data[to + x] = (rows[from + 1 + x] ?? 0) + predicted(rows[from] ?? 0, left, above, corner);
    }
  }
  return { width, height, channels, data };
}

// What the chunks that hold text say, unpacked: tEXt, zTXt, iTXt and eXIf, and any that is not needed
// to draw the picture.
export function pngText(file: Uint8Array): string {
  const unpacked = (data: Buffer) => inflateSync(data).toString("latin1");
  const texts = pngChunks(file).flatMap(({ type, data }) => {
    if (type === "IHDR" || type === "IDAT" || type === "PLTE" || type === "IEND") return [];
    const all = data.toString("latin1");
    const keyword = data.indexOf(0);
    if (type === "zTXt") return [type, all, unpacked(data.subarray(keyword + 2))];
    if (type !== "iTXt" || data[keyword + 1] !== 1) return [type, all];
    const language = data.indexOf(0, keyword + 3);
    return [type, all, unpacked(data.subarray(data.indexOf(0, language + 1) + 1))];
  });
  return texts.join("\n");
}
