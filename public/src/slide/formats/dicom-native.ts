// Pixels that are not compressed: rows are read where they lie, and no more.
import type { ByteSource } from "./byte-source.ts";
import { truncated, corrupt, tooLarge } from "./dicom-errors.ts";
import type { DicomHeader } from "./dicom-header.ts";
import { MAX_DECODED_FRAME_BYTES } from "./dicom-limits.ts";
import { nativePixelBits } from "./dicom-pixel-format.ts";
import type { PixelFormat } from "./dicom-pixel-format.ts";
import { interleaved, storedValues } from "./dicom-samples.ts";
import type { Samples } from "./dicom-samples.ts";

export interface FrameReader {
  // Rows [top, top + height) of a frame, at its whole width.
  rows(frame: number, top: number, height: number): Promise<Samples>;
}

export class NativeReader implements FrameReader {
  readonly #source: ByteSource;
  readonly #format: PixelFormat;
  readonly #offset: number;
  readonly #bigEndian: boolean;
  readonly #swapped: boolean; // bytes two by two: 8 bits or less in 16-bit big-endian words

  constructor(header: DicomHeader, format: PixelFormat) {
    const { source, pixels, syntax } = header;
    const { rows, columns, frames, bitsAllocated, photometric } = format;
    if (pixels.length === null)
      throw corrupt("its pixels are in fragments, which its encoding has not");
    if (photometric === "YBR_FULL_422" && columns % 2 !== 0) {
      throw corrupt("its colours lie two by two in an odd number of columns");
    }
    const wanted = Math.ceil((rows * columns * nativePixelBits(format) * frames) / 8);
    if (pixels.offset + pixels.length > source.size) throw truncated();
    if (pixels.length < wanted) throw corrupt("it holds fewer pixels than it says");
    this.#source = source;
    this.#format = format;
    this.#offset = pixels.offset;
    this.#bigEndian = syntax.bigEndian;
    this.#swapped = syntax.bigEndian && pixels.vr === "OW" && bitsAllocated <= 8;
  }

  async rows(frame: number, top: number, height: number): Promise<Samples> {
    const { rows, columns, samples, planar } = this.#format;
    const count = columns * height;
    const first = (frame * rows + top) * columns;
    const bits = nativePixelBits(this.#format);
    if ((count * bits) / 8 > MAX_DECODED_FRAME_BYTES) {
      throw tooLarge("More rows of the image are wanted at once than fit into memory.");
    }
    let raw: RawValues;
    if (planar && this.#format.photometric !== "YBR_FULL_422") {
      const plane = rows * columns;
      const start = (frame * samples * rows + top) * columns;
      const planes = [0, 1, 2].map((channel) => this.#raw(start + channel * plane, count));
      raw = interleaved(joined(await Promise.all(planes)), samples);
    } else {
      const each = bits / this.#format.bitsAllocated;
      raw = await this.#raw(first * each, count * each);
      if (this.#format.photometric === "YBR_FULL_422") raw = upsampled(raw);
    }
    return { width: columns, height, channels: samples, data: storedValues(raw, this.#format) };
  }

  // Values [first, first + count) as they lie in the file, each of bitsAllocated.
  async #raw(first: number, count: number): Promise<RawValues> {
    const { bitsAllocated } = this.#format;
    if (bitsAllocated === 1) {
      const from = Math.floor(first / 8);
      const bytes = await this.#bytes(from, Math.ceil((first + count) / 8));
      const values = new Uint8Array(count);
      for (let i = 0; i < count; ++i) {
        const bit = first + i - 8 * from;
        values[i] = ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1;
      }
      return values;
    }
    const size = bitsAllocated / 8;
    const bytes = await this.#bytes(first * size, (first + count) * size);
    return rawValues(bytes, size, this.#bigEndian);
  }

  async #bytes(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.#swapped) return this.#source.read(this.#offset + from, this.#offset + to);
    const even = from - (from % 2);
    const end = Math.min(to + (to % 2), this.#source.size - this.#offset);
    const words = await this.#source.read(this.#offset + even, this.#offset + end);
    const bytes = new Uint8Array(words.length);
    for (let i = 0; i < bytes.length; ++i) bytes[i] = words[i ^ 1] ?? 0;
    return bytes.subarray(from - even, to - even);
  }
}

export type RawValues =
  Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

function joined(planes: RawValues[]): RawValues {
  const [first] = planes;
  if (first === undefined) return new Uint8Array(0);
  const length = first.length * planes.length;
  const whole =
    first.BYTES_PER_ELEMENT === 1
      ? new Uint8Array(length)
      : first.BYTES_PER_ELEMENT === 2
        ? new Uint16Array(length)
        : new Uint32Array(length);
  planes.forEach((plane, index) => whole.set(plane, index * first.length));
  return whole;
}

// size: bytes of a value
export function rawValues(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  bigEndian: boolean,
): RawValues {
  if (size === 1) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.floor(bytes.length / size);
  if (size === 2) {
    const values = new Uint16Array(count);
    for (let i = 0; i < count; ++i) values[i] = view.getUint16(2 * i, !bigEndian);
    return values;
  }
  const values = new Uint32Array(count);
  for (let i = 0; i < count; ++i) values[i] = view.getUint32(4 * i, !bigEndian);
  return values;
}

// Y Y Cb Cr for each two pixels -> Y Cb Cr for each
function upsampled(raw: RawValues): RawValues {
  const length = (raw.length / 2) * 3;
  const values = raw.BYTES_PER_ELEMENT === 1 ? new Uint8Array(length) : new Uint16Array(length);
  for (let from = 0, to = 0; from + 3 < raw.length; from += 4, to += 6) {
    values[to] = raw[from] ?? 0;
    values[to + 3] = raw[from + 1] ?? 0;
    values[to + 1] = values[to + 4] = raw[from + 2] ?? 0;
    values[to + 2] = values[to + 5] = raw[from + 3] ?? 0;
  }
  return values;
}
