// Words in a PNG file (PNG specification, third edition): an iTXt chunk behind the header.

const HEADER_END = 8 + 25; // the signature and IHDR, which has 13 bytes between 12 of its own
const POLYNOMIAL = 0xedb88320; // of CRC-32, its bits reversed

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

// keyword: one of the specification's, such as "Comment". text: without U+0000.
export function withText(png: Blob, keyword: string, text: string): Blob {
  // Behind the keyword: not compressed (two bytes), no language, no translated keyword.
  const words = new TextEncoder().encode(`${keyword}\0\0\0\0\0${text}`);
  const parts = [png.slice(0, HEADER_END), chunk("iTXt", words), png.slice(HEADER_END)];
  return new Blob(parts, { type: "image/png" });
}
