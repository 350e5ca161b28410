// Samples of a block as the file keeps them -> u8 grey or RGB over white.
import { isColoured, type TiffImage } from "./image.ts";

export type Samples = Uint8Array | Uint16Array;

// Bytes -> samples in the order of this machine.
export function samplesOf(bytes: Uint8Array, bits: 8 | 16, littleEndian: boolean): Samples {
  if (bits === 8) return bytes;
  const samples = new Uint16Array(bytes.length / 2);
  const [low, high] = littleEndian ? [0, 1] : [1, 0];
  for (let i = 0; i < samples.length; i += 1)
    samples[i] = (bytes[2 * i + low] ?? 0) | ((bytes[2 * i + high] ?? 0) << 8);
  return samples;
}

// Each sample is kept as the difference to the one at its left.
export function undoPrediction(samples: Samples, width: number, channels: number): void {
  const row = width * channels;
  for (let start = 0; start < samples.length; start += row)
    for (let i = start + channels; i < start + row; i += 1)
      samples[i] = (samples[i] ?? 0) + (samples[i - channels] ?? 0);
}

// One array a plane -> pixel after pixel.
export function interleaved(planes: Samples[]): Samples {
  const [first] = planes;
  if (planes.length === 1 && first !== undefined) return first;
  const pixels = first?.length ?? 0;
  const isWide = first instanceof Uint16Array;
  const all = isWide
    ? new Uint16Array(pixels * planes.length)
    : new Uint8Array(pixels * planes.length);
  planes.forEach((plane, channel) => {
    for (let i = 0, to = channel; i < pixels; i += 1, to += planes.length) all[to] = plane[i] ?? 0;
  });
  return all;
}

// TIFF 6.0, section 21: h × v luminances, then Cb and Cr of all of them. Bytes of one block.
export function dataUnitsBytes(width: number, height: number, h: number, v: number): number {
  return Math.ceil(width / h) * Math.ceil(height / v) * (h * v + 2);
}

// -> Y, Cb, Cr of each pixel
export function fromDataUnits(
  bytes: Uint8Array,
  width: number,
  height: number,
  [h, v]: readonly [number, number],
): Uint8Array {
  const out = new Uint8Array(width * height * 3);
  const across = Math.ceil(width / h);
  const unit = h * v + 2;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (Math.floor(y / v) * across + Math.floor(x / h)) * unit;
      const to = (y * width + x) * 3;
      out[to] = bytes[at + (y % v) * h + (x % h)] ?? 0;
      out[to + 1] = bytes[at + h * v] ?? 0;
      out[to + 2] = bytes[at + h * v + 1] ?? 0;
    }
  }
  return out;
}

// ITU-R BT.601 over the full range, as JPEG has it. In place.
export function rgbOfYcbcr(samples: Uint8Array, stride: number): void {
  const clamped = new Uint8ClampedArray(samples.buffer, samples.byteOffset, samples.length);
  for (let i = 0; i + 2 < clamped.length; i += stride) {
    const y = clamped[i] ?? 0;
    const cb = (clamped[i + 1] ?? 0) - 128;
    const cr = (clamped[i + 2] ?? 0) - 128;
    clamped[i] = y + 1.402 * cr;
    clamped[i + 1] = y - 0.344136 * cb - 0.714136 * cr;
    clamped[i + 2] = y + 1.772 * cb;
  }
}

// 16 bits -> 8: by the range that the file states, otherwise the upper half.
function narrowed(samples: Uint16Array, range: TiffImage["range"]): Uint8Array {
  const out = new Uint8ClampedArray(samples.length);
  if (range === null) {
    for (let i = 0; i < out.length; i += 1) out[i] = (samples[i] ?? 0) >> 8;
  } else {
    const [lowest, highest] = range;
    const scale = 255 / (highest - lowest);
    for (let i = 0; i < out.length; i += 1) out[i] = ((samples[i] ?? 0) - lowest) * scale;
  }
  return new Uint8Array(out.buffer);
}

function overWhite(value: number, alpha: number, isMultiplied: boolean): number {
  const light = isMultiplied ? value : Math.round((value * alpha) / 255);
  return Math.min(255, light + 255 - alpha);
}

export const channelsOf = (image: TiffImage): 1 | 3 => (isColoured(image.colour) ? 3 : 1);

// samples: (height, width, channels) of the file; a palette's are looked up, YCbCr is RGB already
export function paint(image: TiffImage, samples: Samples, channels: number): Uint8Array {
  const bytes = samples instanceof Uint16Array ? narrowed(samples, image.range) : samples;
  const wanted = channelsOf(image);
  const { palette, alpha } = image;
  if (channels === wanted && alpha === "none" && image.colour !== "white is zero") return bytes;
  const pixels = bytes.length / channels;
  const out = new Uint8Array(pixels * wanted);
  const base = palette === null ? wanted : 1; // samples of colour
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const from = pixel * channels;
    const opacity = alpha === "none" ? 255 : (bytes[from + base] ?? 255);
    for (let channel = 0; channel < wanted; channel += 1) {
      let value =
        palette === null
          ? (bytes[from + channel] ?? 0)
          : (palette[(bytes[from] ?? 0) * 3 + channel] ?? 0);
      if (image.colour === "white is zero") value = 255 - value;
      out[pixel * wanted + channel] =
        opacity === 255 ? value : overWhite(value, opacity, alpha === "premultiplied");
    }
  }
  return out;
}
