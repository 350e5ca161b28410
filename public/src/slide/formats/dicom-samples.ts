// Stored values: what lies in a file's pixels, before any look-up table.
import type { PixelFormat } from "./dicom-pixel-format.ts";

export type SampleArray =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>;

// data: (height, width, channels), whatever the planar configuration of the file.
export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: SampleArray;
}

function sampleArray({ bitsStored, signed }: PixelFormat, length: number): SampleArray {
  if (bitsStored <= 8) return signed ? new Int8Array(length) : new Uint8Array(length);
  if (bitsStored <= 16) return signed ? new Int16Array(length) : new Uint16Array(length);
  return signed ? new Int32Array(length) : new Uint32Array(length);
}

// The stored values among the bits allocated: bits stored, up to the high bit, perhaps signed.
export function storedValues(raw: ArrayLike<number>, format: PixelFormat): SampleArray {
  const { bitsStored, highBit, signed } = format;
  const values = sampleArray(format, raw.length);
  const down = highBit + 1 - bitsStored;
  if (bitsStored === 32) {
    for (let i = 0; i < values.length; ++i) values[i] = raw[i] ?? 0;
    return values;
  }
  const unused = 32 - bitsStored;
  for (let i = 0; i < values.length; ++i) {
    const shifted = ((raw[i] ?? 0) >>> down) << unused;
    values[i] = signed ? shifted >> unused : shifted >>> unused;
  }
  return values;
}

// (channels, height, width) -> (height, width, channels)
export function interleaved<T extends Uint8Array | Uint16Array | Uint32Array>(
  planes: T,
  channels: number,
): T {
  const pixels = planes.length / channels;
  const result = planes.slice() as T;
  for (let channel = 0; channel < channels; ++channel) {
    for (let i = 0; i < pixels; ++i)
      result[i * channels + channel] = planes[channel * pixels + i] ?? 0;
  }
  return result;
}
