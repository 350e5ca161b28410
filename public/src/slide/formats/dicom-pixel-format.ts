// What a file says of its pixels (PS3.3 C.7.6.3), checked before anything is made of it.
import type { Attributes } from "./dicom-attributes.ts";
import { corrupt, unsupported } from "./dicom-errors.ts";
import { MAX_FRAMES } from "./dicom-limits.ts";

export type Photometric =
  | "MONOCHROME1"
  | "MONOCHROME2"
  | "PALETTE COLOR"
  | "RGB"
  | "YBR_FULL"
  | "YBR_FULL_422"
  | "YBR_ICT"
  | "YBR_RCT";

export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  readonly photometric: Photometric;
  readonly planar: boolean; // all of one colour, then all of the next
  readonly bitsAllocated: 1 | 8 | 16 | 32;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly frames: number;
}

const ONE_SAMPLE = ["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"];
const THREE_SAMPLES = ["RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"];

export function pixelFormat(attributes: Attributes): PixelFormat {
  const rows = attributes.unsigned("x00280010");
  const columns = attributes.unsigned("x00280011");
  if (rows === null) throw corrupt("it does not say how many rows it has (0028,0010)");
  if (columns === null) throw corrupt("it does not say how many columns it has (0028,0011)");
  if (rows === 0 || columns === 0) throw corrupt("it says that its image has no pixels");
  const samples = attributes.unsigned("x00280002") ?? 1;
  const photometric = photometricOf(attributes, samples);
  return {
    rows,
    columns,
    samples: samples === 3 ? 3 : 1,
    photometric,
    planar: samples === 3 && attributes.unsigned("x00280006") === 1,
    ...depth(attributes),
    frames: frameCount(attributes),
  };
}

function photometricOf(attributes: Attributes, samples: number): Photometric {
  const photometric = attributes.text("x00280004");
  const possible = samples === 1 ? ONE_SAMPLE : samples === 3 ? THREE_SAMPLES : [];
  if (photometric !== null && possible.includes(photometric)) return photometric as Photometric;
  throw unsupported(
    "The DICOM file's colours are of a kind that is not read (0028,0004): export it as grey or RGB.",
  );
}

function depth(attributes: Attributes) {
  const bitsAllocated = attributes.unsigned("x00280100");
  if (bitsAllocated !== 1 && bitsAllocated !== 8 && bitsAllocated !== 16 && bitsAllocated !== 32) {
    throw unsupported(
      `The DICOM file has ${bitsAllocated ?? "no"} bits for a pixel (0028,0100), ` +
        "and 1, 8, 16 and 32 are read: export it with 16.",
    );
  }
  const bitsStored = attributes.unsigned("x00280101") ?? bitsAllocated;
  const highBit = attributes.unsigned("x00280102") ?? bitsStored - 1;
  if (bitsStored < 1 || bitsStored > highBit + 1 || highBit >= bitsAllocated) {
    throw corrupt("its numbers of bits contradict each other (0028,0100 to 0028,0102)");
  }
  const signed = attributes.unsigned("x00280103") === 1;
  return { bitsAllocated, bitsStored, highBit, signed } as const;
}

function frameCount(attributes: Attributes): number {
  if (!attributes.has("x00280008")) return 1;
  const frames = attributes.number("x00280008");
  if (frames === null || !Number.isInteger(frames) || frames < 1 || frames > MAX_FRAMES) {
    throw corrupt("its number of frames (0028,0008) cannot be");
  }
  return frames;
}

// Bits that one pixel takes where pixels are not compressed.
export function nativePixelBits(format: PixelFormat): number {
  if (format.photometric === "YBR_FULL_422") return 2 * format.bitsAllocated;
  return format.samples * format.bitsAllocated;
}
