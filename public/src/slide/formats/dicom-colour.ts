// From stored values in colour to RGB, 8 bits (PS3.3 C.7.6.3.1.2 and C.7.9).
import type { Attributes } from "./dicom-attributes.ts";
import { corrupt, unsupported } from "./dicom-errors.ts";
import type { PixelFormat } from "./dicom-pixel-format.ts";
import type { SampleArray, Samples } from "./dicom-samples.ts";

export interface Palette {
  readonly first: number;
  readonly colours: Uint8Array; // (entries, 3)
}

const CHANNELS = [
  { descriptor: "x00281101", data: "x00281201", segmented: "x00281221" },
  { descriptor: "x00281102", data: "x00281202", segmented: "x00281222" },
  { descriptor: "x00281103", data: "x00281203", segmented: "x00281223" },
];

export function palette(attributes: Attributes, signed: boolean): Palette {
  const tables = CHANNELS.map((channel) => paletteChannel(attributes, channel, signed));
  const [red] = tables;
  if (red === undefined || tables.some(({ values }) => values.length !== red.values.length)) {
    throw corrupt("its colour tables differ in length");
  }
  const colours = new Uint8Array(3 * red.values.length);
  tables.forEach(({ values }, channel) => {
    values.forEach((value, i) => (colours[3 * i + channel] = value));
  });
  return { first: red.first, colours };
}

type ChannelTags = (typeof CHANNELS)[number];

function paletteChannel(attributes: Attributes, tags: ChannelTags, signed: boolean) {
  if (attributes.has(tags.segmented) && !attributes.has(tags.data)) {
    throw unsupported(
      "The DICOM file's colour table is segmented, which is not read: export it as RGB.",
    );
  }
  const length = attributes.unsigned(tags.descriptor, 0);
  const first = signed
    ? attributes.signed(tags.descriptor, 1)
    : attributes.unsigned(tags.descriptor, 1);
  const bits = attributes.unsigned(tags.descriptor, 2);
  const bytes = attributes.bytes(tags.data);
  if (length === null || first === null || bits === null || bytes === null) {
    throw corrupt("its colour table is missing");
  }
  const count = length === 0 ? 65536 : length;
  const isBytes = bits <= 8 && bytes.length < 2 * count;
  const words = isBytes ? Uint16Array.from(bytes) : attributes.words(tags.data);
  if (words === null || words.length < count) throw corrupt("its colour table is too short");
  const entries = words.subarray(0, count);
  // Some files say 16 bits and hold 8.
  const eight = bits <= 8 || entries.every((value) => value < 256);
  return { first, values: entries.map((value) => (eight ? value : value >> 8)) };
}

export function throughPalette(
  values: SampleArray,
  { first, colours }: Palette,
): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array(3 * values.length);
  const last = colours.length / 3 - 1;
  for (let i = 0; i < values.length; ++i) {
    const entry = 3 * Math.min(Math.max((values[i] ?? 0) - first, 0), last);
    rgb[3 * i] = colours[entry] ?? 0;
    rgb[3 * i + 1] = colours[entry + 1] ?? 0;
    rgb[3 * i + 2] = colours[entry + 2] ?? 0;
  }
  return rgb;
}

// Of 8 bits, whatever the bits stored.
function eightBits(
  values: SampleArray,
  { bitsStored, signed }: PixelFormat,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(values.length);
  const offset = signed ? 2 ** (bitsStored - 1) : 0;
  const scale = 255 / (2 ** bitsStored - 1);
  for (let i = 0; i < result.length; ++i) {
    const value = (values[i] ?? 0) + offset;
    result[i] = bitsStored === 8 ? value : Math.round(value * scale);
  }
  return result;
}

const rounded = (value: number) => Math.min(Math.max(Math.round(value), 0), 255);

// isRgb: whatever the file calls them.
export function toRgb(
  samples: Samples,
  format: PixelFormat,
  isRgb: boolean,
): Uint8Array<ArrayBuffer> {
  const values = eightBits(samples.data, format);
  if (isRgb || format.photometric === "RGB") return values;
  for (let i = 0; i + 2 < values.length; i += 3) {
    const y = values[i] ?? 0;
    const cb = (values[i + 1] ?? 0) - 128;
    const cr = (values[i + 2] ?? 0) - 128;
    values[i] = rounded(y + 1.402 * cr);
    values[i + 1] = rounded(y - 0.344136 * cb - 0.714136 * cr);
    values[i + 2] = rounded(y + 1.772 * cb);
  }
  return values;
}
