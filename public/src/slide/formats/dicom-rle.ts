// RLE as in PS3.5 annex G: a frame is up to 15 segments, each one byte of one sample of every pixel,
// the most significant first, each packed as TIFF's PackBits.
import { corrupt } from "./dicom-errors.ts";

const HEADER = 64;
const MAX_SEGMENTS = 15;

// One segment into every step-th byte of out.
function unpack(bytes: Uint8Array, out: Uint8Array, offset: number, step: number, count: number) {
  let at = 0;
  let written = 0;
  while (written < count) {
    const head = bytes[at++];
    if (head === undefined) throw corrupt("its RLE pixels end early");
    if (head === 128) continue;
    const run = head > 128;
    const length = Math.min(run ? 257 - head : head + 1, count - written);
    if (at + (run ? 1 : length) > bytes.length) throw corrupt("its RLE pixels end early");
    for (let i = 0; i < length; ++i) {
      out[offset + (written + i) * step] = bytes[run ? at : at + i] ?? 0;
    }
    at += run ? 1 : head + 1;
    written += length;
  }
}

// bytesPerValue: of a sample. Returns (pixels, samples) values, little endian.
export function decodeRle(
  frame: Uint8Array,
  pixels: number,
  samples: number,
  bytesPerValue: number,
): Uint8Array<ArrayBuffer> {
  const segments = samples * bytesPerValue;
  if (frame.length < HEADER) throw corrupt("its RLE pixels end early");
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const said = view.getUint32(0, true);
  if (said !== segments || segments > MAX_SEGMENTS) {
    throw corrupt("its RLE pixels are of another depth than it says");
  }
  const starts = Array.from({ length: segments }, (_, i) => view.getUint32(4 + 4 * i, true));
  const out = new Uint8Array(pixels * segments);
  starts.forEach((start, segment) => {
    const end = starts[segment + 1] ?? frame.length;
    if (start < HEADER || end < start || end > frame.length) {
      throw corrupt("its RLE segments are not in order");
    }
    const sample = Math.floor(segment / bytesPerValue);
    const byte = bytesPerValue - 1 - (segment % bytesPerValue);
    const offset = sample * bytesPerValue + byte;
    unpack(frame.subarray(start, end), out, offset, segments, pixels);
  });
  return out;
}
