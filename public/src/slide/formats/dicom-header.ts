// Opens the header of a DICOM Part 10 file: all attributes before the pixels, and where those lie.
// Only as much of the file is read as the header takes, but for a deflated one.
import { EngineError } from "../../messages.ts";
import { Attributes } from "./dicom-attributes.ts";
import type { ByteSource } from "./byte-source.ts";
import { memorySource } from "./byte-source.ts";
import { corrupt, tooLarge, truncated, unsupported } from "./dicom-errors.ts";
import { inflateWithin } from "./dicom-inflate.ts";
import { readElements, readMeta } from "./dicom-library.ts";
import type { DataSet, ParsedHeader } from "./dicom-library.ts";
import {
  FIRST_HEADER_BYTES,
  FIRST_META_BYTES,
  MAX_COMPRESSED_FRAME_BYTES,
  MAX_HEADER_BYTES,
  MAX_INFLATED_BYTES,
  MAX_META_BYTES,
} from "./dicom-limits.ts";
import { transferSyntax } from "./dicom-transfer.ts";
import type { TransferSyntax } from "./dicom-transfer.ts";

const PIXEL_DATA = "x7fe00010";
const FLOAT_PIXEL_DATA = ["x7fe00008", "x7fe00009"];
const PREAMBLE = 128;
const MAGIC = "DICM";
const META_GROUP = 2;
const LONG_META_VRS = new Set(["OB", "OW", "SQ", "UN", "UT"]);

// Where the pixels lie, in bytes of the source.
export interface PixelPlace {
  readonly offset: number;
  readonly length: number | null; // null: encapsulated, up to a delimiter
  readonly vr: string | null; // null: implicit
}

export interface DicomHeader {
  readonly attributes: Attributes;
  readonly meta: Attributes;
  readonly syntax: TransferSyntax;
  readonly source: ByteSource; // of the pixels: the file, or what a deflated one unpacked to
  readonly pixels: PixelPlace;
}

// Some programs leave out the preamble: then the file begins with an element of group 2.
function beginsWithMeta(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 2 && bytes[1] === 0 && bytes[3] === 0 && /^[A-Z]{2}$/.test(letters(bytes, 4, 6))
  );
}

function letters(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

interface MetaHeader {
  readonly dataSet: DataSet;
  readonly end: number; // where the data set begins
}

export async function isDicom(blob: Blob): Promise<boolean> {
  const bytes = new Uint8Array(await blob.slice(0, PREAMBLE + MAGIC.length).arrayBuffer());
  return letters(bytes, PREAMBLE, bytes.length) === MAGIC || beginsWithMeta(bytes);
}

// The SOP Class UID as the file says it at its start, of which alone bytes are read; null where it does
// not, or cannot be read.
export async function sopClassOf(file: ByteSource): Promise<string | null> {
  try {
    const first = await file.read(0, Math.min(file.size, FIRST_META_BYTES));
    return new Attributes(metaHeader(first, file.size).dataSet).text("x00020002");
  } catch {
    return null;
  }
}

export async function readHeader(file: ByteSource): Promise<DicomHeader> {
  const first = await file.read(0, Math.min(file.size, FIRST_HEADER_BYTES));
  const { dataSet, end } = metaHeader(first, file.size);
  const meta = new Attributes(dataSet);
  const uid = meta.text("x00020010");
  if (uid === null) throw corrupt("it does not say how it is encoded (0002,0010)");
  const syntax = transferSyntax(uid);
  const source = syntax.deflated ? await inflated(file, end) : file;
  const start = syntax.deflated ? 0 : end;
  const parsed = await readToPixels(source, start, syntax);
  const attributes = new Attributes(parsed.dataSet);
  const element = parsed.dataSet.elements[PIXEL_DATA];
  if (element === undefined) throw corrupt("it has no pixels");
  const place: PixelPlace = {
    offset: element.dataOffset,
    length: element.hadUndefinedLength === true ? null : element.length,
    vr: element.vr ?? null,
  };
  return { attributes, meta, syntax, source, pixels: place };
}

// Where group 2 ends, which is in explicit little endian whatever follows. The parser would look into
// the element after it.
function endOfMeta(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = PREAMBLE + MAGIC.length;
  while (at + 12 <= bytes.length && view.getUint16(at, true) === META_GROUP) {
    const long = LONG_META_VRS.has(letters(bytes, at + 4, at + 6));
    at += long ? 12 + view.getUint32(at + 8, true) : 8 + view.getUint16(at + 6, true);
  }
  return at;
}

function metaHeader(first: Uint8Array, size: number): MetaHeader {
  if (size < PREAMBLE + MAGIC.length) throw truncated();
  const missing = beginsWithMeta(first) ? PREAMBLE + MAGIC.length : 0;
  const bytes = new Uint8Array(missing + first.length);
  bytes.set(new TextEncoder().encode(MAGIC), PREAMBLE);
  bytes.set(first, missing);
  const end = endOfMeta(bytes);
  if (end - missing >= size) throw truncated();
  if (end > MAX_META_BYTES) throw corrupt("what it says of itself at its start is too long");
  try {
    return { dataSet: readMeta(bytes.subarray(0, end)), end: end - missing };
  } catch {
    throw corrupt("what it says of itself at its start cannot be read");
  }
}

async function inflated(file: ByteSource, from: number): Promise<ByteSource> {
  if (file.size - from > MAX_COMPRESSED_FRAME_BYTES) {
    throw tooLarge("The deflated DICOM file is too large to be unpacked: export it uncompressed.");
  }
  const deflated = await file.read(from, file.size);
  return memorySource(inflateWithin(deflated, MAX_INFLATED_BYTES, "The deflated DICOM file"));
}

async function readToPixels(source: ByteSource, from: number, syntax: TransferSyntax) {
  const most = Math.min(source.size, MAX_HEADER_BYTES);
  let size = Math.min(most, FIRST_HEADER_BYTES);
  for (;;) {
    if (from >= size) throw truncated();
    const parsed = readElements(await source.read(0, size), from, syntax, PIXEL_DATA);
    if (parsed.failure instanceof EngineError) throw parsed.failure;
    if (parsed.failure === null && PIXEL_DATA in parsed.dataSet.elements) return parsed;
    if (size === most) throw whyNoPixels(parsed, source.size);
    // What an element says of its length tells how much is wanted, if it is true.
    size = Math.min(most, Math.max(4 * size, parsed.end + FIRST_HEADER_BYTES));
  }
}

function whyNoPixels({ dataSet, end, failure }: ParsedHeader, size: number): EngineError {
  if (FLOAT_PIXEL_DATA.some((tag) => tag in dataSet.elements)) {
    return unsupported(
      "The DICOM file holds floating-point values, not an image to look at: export the image itself.",
    );
  }
  if (failure instanceof RangeError) return corrupt("its sequences are nested too deeply");
  if (size > MAX_HEADER_BYTES) {
    return tooLarge(
      `The DICOM file has more than ${MAX_HEADER_BYTES >> 20} MB before its image: export it without them.`,
    );
  }
  if (end > size) return truncated();
  if (failure !== null) return corrupt("its attributes cannot be read");
  return unsupported(
    "The DICOM file holds no image (it may be a report or an annotation): open the image it belongs to.",
  );
}
