// One image of a TIFF: how its pixels lie in the file, checked against the file and the limits.
import { TAG, type Directory } from "./directory.ts";
import { MAX_BLOCK_BYTES, MAX_SIDE } from "./limits.ts";
import type { Problems } from "./problems.ts";

export type Alpha = "none" | "straight" | "premultiplied";
export type Colour = "grey" | "white is zero" | "rgb" | "palette" | "ycbcr";
export type Packing = "none" | "packbits" | "lzw" | "deflate" | "zstd" | "jpeg" | "jpeg2000";

// A block is a tile or a strip; blocks lie in rows from the top left, one plane after the other.
export interface TiffImage {
  readonly width: number; // pixels
  readonly height: number;
  readonly tiled: boolean;
  readonly blockWidth: number; // pixels; as decoded, so beyond the image at its right and lower edge
  readonly blockHeight: number; // the last strip has fewer rows
  readonly across: number; // blocks in a row
  readonly down: number;
  readonly colour: Colour;
  readonly alpha: Alpha;
  readonly samples: number; // of one pixel in the file
  readonly planes: number; // 1: samples of a pixel lie together, otherwise as many as samples
  readonly bits: 8 | 16; // of a sample
  readonly packing: Packing;
  readonly compression: number; // as the file numbers it
  readonly predictor: 1 | 2;
  readonly subsampling: readonly [horizontal: number, vertical: number]; // of chroma, where not JPEG
  readonly range: readonly [lowest: number, highest: number] | null; // of 16-bit samples, if stated
  readonly palette: Uint8Array | null; // 256 × RGB
  readonly jpegTables: Uint8Array | null;
  readonly place: (block: number) => { offset: number; bytes: number };
  readonly notes: readonly string[];
}

const PACKINGS: Readonly<Record<number, Packing>> = {
  1: "none",
  5: "lzw",
  7: "jpeg",
  8: "deflate",
  32773: "packbits",
  32946: "deflate",
  33003: "jpeg2000",
  33005: "jpeg2000",
  34712: "jpeg2000",
  50000: "zstd",
};
const COMPRESSION_NAMES: Readonly<Record<number, string>> = {
  2: "fax",
  3: "fax",
  4: "fax",
  6: "old-style JPEG",
  34887: "LERC",
  34892: "lossy DNG JPEG",
  34925: "LZMA",
  50001: "WebP",
  50002: "JPEG XL",
};
const COLOURS: Readonly<Record<number, Colour>> = {
  0: "white is zero",
  1: "grey",
  2: "rgb",
  3: "palette",
  6: "ycbcr",
};
const COLOUR_NAMES: Readonly<Record<number, string>> = {
  4: "a mask",
  5: "CMYK",
  8: "CIE Lab",
  9: "ICC Lab",
  10: "ITU Lab",
  32803: "a camera's raw pattern",
  34892: "linear raw",
};

const MERGED_STRIP_BYTES = 1024 * 1024; // of uncompressed strips that are read as one

export const isColoured = (colour: Colour): boolean =>
  colour !== "grey" && colour !== "white is zero";

function packingOf(directory: Directory, problems: Problems): Packing {
  const compression = directory.number(TAG.Compression, 1);
  const packing = PACKINGS[compression];
  if (packing === undefined) {
    const name = COMPRESSION_NAMES[compression] ?? `number ${compression}`;
    throw problems.unsupported(`is compressed by a method that InSitu does not read (${name})`);
  }
  return packing;
}

function colourOf(directory: Directory, problems: Problems): Colour {
  const number = directory.number(TAG.Photometric, 1);
  const colour = COLOURS[number];
  if (colour === undefined) {
    const name = COLOUR_NAMES[number] ?? `number ${number}`;
    throw problems.unsupported(`has colours of a kind that InSitu does not read (${name})`);
  }
  return colour;
}

function bitsOf(directory: Directory, samples: number, problems: Problems): 8 | 16 {
  const all = Array.from(directory.numbers(TAG.BitsPerSample)).slice(0, samples);
  const bits = all[0] ?? 1;
  if (all.some((each) => each !== bits) || (bits !== 8 && bits !== 16))
    throw problems.unsupported(`has ${all.join(", ") || 1} bits per sample; InSitu reads 8 and 16`);
  const formats = Array.from(directory.numbers(TAG.SampleFormat)).slice(0, samples);
  if (formats.some((format) => format !== 1 && format !== 4))
    throw problems.unsupported("holds signed or floating-point samples");
  return bits;
}

// Only these packings know the field; libtiff does not look at it with the others either.
function predictorOf(directory: Directory, packing: Packing, problems: Problems): 1 | 2 {
  const predictor = directory.number(TAG.Predictor, 1);
  if (predictor === 1 || !["lzw", "deflate", "zstd"].includes(packing)) return 1;
  if (predictor !== 2)
    throw problems.unsupported(
      `predicts its samples by a method that InSitu does not read (${predictor})`,
    );
  return 2;
}

// Of ExtraSamples: 1 colours multiplied by it, 2 not, 0 not said what it is.
function alphaOf(directory: Directory): Alpha {
  const kind = directory.number(TAG.ExtraSamples, 0);
  return kind === 1 ? "premultiplied" : kind === 2 ? "straight" : "none";
}

function paletteOf(directory: Directory, problems: Problems): Uint8Array {
  const map = directory.numbers(TAG.ColorMap); // all reds, greens, blues, 16 bits each
  if (map.length !== 3 * 256) throw problems.corrupt("its table of colours is not complete");
  // Some writers put 8 bits where 16 are due.
  const shift = Array.from(map).every((value) => value < 256) ? 0 : 8;
  return Uint8Array.from({ length: 3 * 256 }, (_, i) => {
    return (map[(i % 3) * 256 + Math.floor(i / 3)] ?? 0) >> shift;
  });
}

function rangeOf(directory: Directory): [number, number] | null {
  const [low, high] = directory.has(TAG.SMaxSampleValue)
    ? [TAG.SMinSampleValue, TAG.SMaxSampleValue]
    : [TAG.MinSampleValue, TAG.MaxSampleValue];
  if (!directory.has(high)) return null;
  const lowest = Math.min(...Array.from(directory.numbers(low)).slice(0, 4), 65535);
  const highest = Math.max(...Array.from(directory.numbers(high)).slice(0, 4), 0);
  const from = directory.has(low) ? lowest : 0;
  return from >= 0 && highest > from && highest <= 65535 ? [from, highest] : null;
}

function sideOf(directory: Directory, tag: number, problems: Problems): number {
  const side = directory.number(tag, 0);
  if (!Number.isInteger(side) || side < 1) throw problems.corrupt("it has an image without a size");
  if (side > MAX_SIDE)
    throw problems.tooLarge(`says it is ${side} pixels wide or high; InSitu reads ${MAX_SIDE}`);
  return side;
}

type Form = Pick<TiffImage, "width" | "height" | "samples" | "planes" | "bits" | "packing">;
type Geometry = Pick<
  TiffImage,
  "tiled" | "blockWidth" | "blockHeight" | "across" | "down" | "place"
>;

function blocksOf(directory: Directory, form: Form, problems: Problems): Geometry {
  const tiled = directory.has(TAG.TileOffsets);
  const blockWidth = tiled ? sideOf(directory, TAG.TileWidth, problems) : form.width;
  const rows = directory.number(TAG.RowsPerStrip, form.height) || form.height;
  const blockHeight = tiled
    ? sideOf(directory, TAG.TileLength, problems)
    : Math.min(rows, form.height);
  const across = Math.ceil(form.width / blockWidth);
  const down = Math.ceil(form.height / blockHeight);
  const offsets = directory.numbers(tiled ? TAG.TileOffsets : TAG.StripOffsets);
  const sizes = directory.numbers(tiled ? TAG.TileByteCounts : TAG.StripByteCounts);
  const count = across * down * form.planes;
  if (offsets.length < count)
    throw problems.corrupt(`it says where ${offsets.length} of its ${count} parts are`);
  const rowBytes = ((form.width * form.samples) / form.planes) * (form.bits / 8);
  if (!tiled && form.packing === "none" && isContiguous(offsets, rowBytes, blockHeight, form, down))
    return mergedStrips(offsets, rowBytes, form, down, problems);
  if (sizes.length < count) throw problems.corrupt("it does not say how long its parts are");
  const place = (block: number): { offset: number; bytes: number } => {
    return { offset: offsets[block] ?? 0, bytes: sizes[block] ?? 0 };
  };
  return { tiled, blockWidth, blockHeight, across, down, place };
}

function isContiguous(
  offsets: ArrayLike<number>,
  rowBytes: number,
  rows: number,
  form: Form,
  down: number,
): boolean {
  for (let strip = 1; strip < down * form.planes; strip += 1)
    if (strip % down !== 0 && offsets[strip] !== (offsets[strip - 1] ?? 0) + rows * rowBytes)
      return false;
  return true;
}

// Uncompressed strips that follow each other are rows in a file, whatever their number: a single strip
// of gigabytes is read by parts, and strips of one row are read together.
function mergedStrips(
  offsets: ArrayLike<number>,
  rowBytes: number,
  form: Form,
  strips: number,
  problems: Problems,
): Geometry {
  if (rowBytes > MAX_BLOCK_BYTES) throw tooLargeBlock(form.width, 1, problems);
  const rows = Math.min(form.height, Math.max(1, Math.floor(MERGED_STRIP_BYTES / rowBytes)));
  const down = Math.ceil(form.height / rows);
  const place = (block: number): { offset: number; bytes: number } => {
    const [plane, row] = [Math.floor(block / down), (block % down) * rows];
    const offset = (offsets[plane * strips] ?? 0) + row * rowBytes;
    return { offset, bytes: Math.min(rows, form.height - row) * rowBytes };
  };
  return { tiled: false, blockWidth: form.width, blockHeight: rows, across: 1, down, place };
}

function tooLargeBlock(width: number, height: number, problems: Problems): Error {
  return problems.tooLarge(
    `keeps ${width} × ${height} pixels in one piece, which is more than InSitu unpacks at a time ` +
      `(${MAX_BLOCK_BYTES / 2 ** 20} MB); tiled and pyramidal files are read at any size`,
  );
}

function subsamplingOf(directory: Directory, problems: Problems): [number, number] {
  const factors = Array.from(directory.numbers(TAG.YCbCrSubSampling));
  const [horizontal, vertical] = [factors[0] ?? 2, factors[1] ?? 2];
  if (![1, 2, 4].includes(horizontal) || ![1, 2, 4].includes(vertical))
    throw problems.corrupt("its colour is thinned out in a way that no TIFF is");
  return [horizontal, vertical];
}

function notesOf(directory: Directory, form: Form, unused: number, stated: boolean): string[] {
  const notes: string[] = [];
  if (form.bits === 16 && !stated)
    notes.push("The file has 16 bits a sample and does not say their range; the upper 8 are read.");
  if (unused > 0 && !directory.has(TAG.ExtraSamples))
    notes.push(`The file has ${form.samples} channels; the first is read.`);
  return notes;
}

export function imageOf(directory: Directory, problems: Problems): TiffImage {
  const packing = packingOf(directory, problems);
  const colour = colourOf(directory, problems);
  const samples = directory.number(TAG.SamplesPerPixel, 1);
  const wanted = colour === "rgb" || colour === "ycbcr" ? 3 : 1;
  if (samples < wanted || samples > 64 || !Number.isInteger(samples))
    throw problems.corrupt(`it has ${samples} samples a pixel where its colours need ${wanted}`);
  if (directory.number(TAG.FillOrder, 1) !== 1 && packing !== "none")
    throw problems.unsupported("keeps its bits in reverse order");
  const bits = bitsOf(directory, samples, problems);
  if (colour === "palette" && bits !== 8)
    throw problems.unsupported("has a table of more than 256 colours");
  const predictor = predictorOf(directory, packing, problems);
  const form = {
    width: sideOf(directory, TAG.ImageWidth, problems),
    height: sideOf(directory, TAG.ImageLength, problems),
    samples,
    planes: directory.number(TAG.PlanarConfiguration, 1) === 2 ? samples : 1,
    bits,
    packing,
  };
  if (colour === "ycbcr" && (samples !== 3 || form.planes > 1 || bits > 8))
    throw problems.unsupported("keeps luminance and colour in a way that InSitu does not read");
  const isThinned = colour === "ycbcr" && packing !== "jpeg" && packing !== "jpeg2000";
  const subsampling = isThinned ? subsamplingOf(directory, problems) : ([1, 1] as const);
  const range = bits === 16 ? rangeOf(directory) : null;
  const blocks = blocksOf(directory, isThinned ? { ...form, packing: "zstd" } : form, problems);
  if (blocks.blockWidth * blocks.blockHeight * samples * (bits / 8) > MAX_BLOCK_BYTES)
    throw tooLargeBlock(blocks.blockWidth, blocks.blockHeight, problems);
  const tables = directory.numbers(TAG.JPEGTables);
  return {
    ...form,
    ...blocks,
    colour,
    alpha: samples > wanted ? alphaOf(directory) : "none",
    compression: directory.number(TAG.Compression, 1),
    predictor,
    subsampling,
    range,
    palette: colour === "palette" ? paletteOf(directory, problems) : null,
    jpegTables: packing === "jpeg" && tables.length > 0 ? Uint8Array.from(tables) : null,
    notes: notesOf(directory, form, samples - wanted, range !== null),
  };
}
