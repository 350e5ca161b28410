// Writes DICOM files with known content, and ones that lie.
import { deflateRawSync } from "node:zlib";

export const IMPLICIT = "1.2.840.10008.1.2";
export const EXPLICIT = "1.2.840.10008.1.2.1";
export const DEFLATED = "1.2.840.10008.1.2.1.99";
export const BIG_ENDIAN = "1.2.840.10008.1.2.2";
export const RLE = "1.2.840.10008.1.2.5";
export const JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70";

export const MAMMOGRAM = "1.2.840.10008.5.1.4.1.1.1.2";
export const WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6";

const UNDEFINED = 0xffffffff;
const LONG_VRS = new Set(["OB", "OW", "OV", "SQ", "UN", "UT"]);

export type DicomValue = string | readonly number[] | Uint8Array | readonly DicomElement[][];

export interface DicomElement {
  readonly tag: number;
  readonly vr: string;
  readonly value: DicomValue;
  readonly undefinedLength?: boolean;
  readonly length?: number; // what it says of itself, where that is a lie
}

export function element(tag: number, vr: string, value: DicomValue): DicomElement {
  return { tag, vr, value };
}

interface Encoding {
  readonly explicit: boolean;
  readonly bigEndian: boolean;
  readonly undefinedLengths?: boolean; // of sequences and items
}

const PAD_WITH_SPACE = new Set(["CS", "DS", "IS", "LO", "PN", "SH", "DA", "TM", "ST", "LT", "AE"]);
const BYTES_OF: Record<string, number> = {
  US: 2,
  SS: 2,
  OW: 2,
  UL: 4,
  SL: 4,
  OB: 1,
  UN: 1,
  FD: 8,
  OV: 8,
};

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function integers(values: readonly (readonly [size: number, value: number])[], bigEndian: boolean) {
  const bytes = new Uint8Array(values.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of values) {
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, !bigEndian);
    else if (size === 4) view.setUint32(at, value, !bigEndian);
    else view.setBigUint64(at, BigInt(value), !bigEndian);
    at += size;
  }
  return bytes;
}

function isItems(value: DicomValue): value is readonly DicomElement[][] {
  return Array.isArray(value) && value.every((item) => Array.isArray(item));
}

function valueBytes({ vr, value }: DicomElement, encoding: Encoding): Uint8Array {
  if (value instanceof Uint8Array)
    return value.length % 2 === 0 ? value : join([value, Uint8Array.of(0)]);
  if (typeof value === "string") {
    const text = value.length % 2 === 0 ? value : value + (PAD_WITH_SPACE.has(vr) ? " " : "\0");
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  }
  if (vr === "SQ" && isItems(value)) {
    return join(value.map((item) => itemBytes(item, encoding)));
  }
  const size = BYTES_OF[vr] ?? 2;
  const bytes = integers(
    (value as readonly number[]).map((number) => [size, number]),
    encoding.bigEndian,
  );
  return bytes.length % 2 === 0 ? bytes : join([bytes, Uint8Array.of(0)]);
}

function tagBytes(tag: number, bigEndian: boolean) {
  return integers(
    [
      [2, tag >>> 16],
      [2, tag & 0xffff],
    ],
    bigEndian,
  );
}

function itemBytes(item: readonly DicomElement[], encoding: Encoding): Uint8Array {
  const content = dataSet(item, encoding);
  const open = encoding.undefinedLengths === true;
  const length = open ? UNDEFINED : content.length;
  const end = [tagBytes(0xfffee00d, encoding.bigEndian), integers([[4, 0]], encoding.bigEndian)];
  return join([
    tagBytes(0xfffee000, encoding.bigEndian),
    integers([[4, length]], encoding.bigEndian),
    content,
    ...(open ? end : []),
  ]);
}

function elementBytes(of: DicomElement, encoding: Encoding): Uint8Array {
  const { bigEndian } = encoding;
  const open = of.undefinedLength ?? (of.vr === "SQ" && encoding.undefinedLengths === true);
  const content = valueBytes(of, encoding);
  const length = of.length ?? (open ? UNDEFINED : content.length);
  const head = [tagBytes(of.tag, bigEndian)];
  if (encoding.explicit) {
    head.push(Uint8Array.from(of.vr, (letter) => letter.charCodeAt(0)));
    if (LONG_VRS.has(of.vr))
      head.push(
        integers(
          [
            [2, 0],
            [4, length],
          ],
          bigEndian,
        ),
      );
    else head.push(integers([[2, length]], bigEndian));
  } else {
    head.push(integers([[4, length]], bigEndian));
  }
  const isSequence = open && of.vr === "SQ" && of.length === undefined;
  const end = isSequence ? [tagBytes(0xfffee0dd, bigEndian), integers([[4, 0]], bigEndian)] : [];
  return join([...head, content, ...end]);
}

export function dataSet(elements: readonly DicomElement[], encoding: Encoding): Uint8Array {
  const sorted = [...elements].sort((a, b) => a.tag - b.tag);
  return join(sorted.map((one) => elementBytes(one, encoding)));
}

// elements: of the data set. syntax: a transfer syntax's UID.
export function dicomFile(
  elements: readonly DicomElement[],
  options: { syntax?: string; undefinedLengths?: boolean; preamble?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const { syntax = EXPLICIT, undefinedLengths = false, preamble = true } = options;
  const encoding = {
    explicit: syntax !== IMPLICIT,
    bigEndian: syntax === BIG_ENDIAN,
    undefinedLengths,
  };
  const body = dataSet(elements, encoding);
  const said = elements.find(({ tag }) => tag === 0x00080016)?.value;
  const sopClass = typeof said === "string" ? [element(0x00020002, "UI", said)] : [];
  const meta = dataSet(
    [element(0x00020001, "OB", [0, 1]), ...sopClass, element(0x00020010, "UI", syntax)],
    { explicit: true, bigEndian: false },
  );
  const length = dataSet([element(0x00020000, "UL", [meta.length])], {
    explicit: true,
    bigEndian: false,
  });
  const start = new Uint8Array(132);
  start.set([68, 73, 67, 77], 128); // DICM
  const content = syntax === DEFLATED ? deflateRawSync(body) : body;
  return join([...(preamble ? [start] : []), length, meta, content]);
}

// Compressed frames, each one or more fragments. table: the Basic Offset Table, or none.
export function encapsulated(frames: readonly Uint8Array[][], table: boolean): DicomElement {
  const item = (bytes: Uint8Array) => {
    const even = bytes.length % 2 === 0 ? bytes : join([bytes, Uint8Array.of(0)]);
    return join([tagBytes(0xfffee000, false), integers([[4, even.length]], false), even]);
  };
  const items = frames.map((fragments) => join(fragments.map(item)));
  let at = 0;
  const offsets = items.map((bytes) => (at += bytes.length) - bytes.length);
  const tableBytes = table
    ? integers(
        offsets.map((offset) => [4, offset]),
        false,
      )
    : new Uint8Array(0);
  const end = join([tagBytes(0xfffee0dd, false), integers([[4, 0]], false)]);
  const value = join([item(tableBytes), ...items, end]);
  return { tag: 0x7fe00010, vr: "OB", value, undefinedLength: true };
}

// With others in place of those of the same tag.
export function replaced(
  elements: readonly DicomElement[],
  ...others: DicomElement[]
): DicomElement[] {
  const tags = new Set(others.map(({ tag }) => tag));
  return [...elements.filter(({ tag }) => !tags.has(tag)), ...others];
}

export function without(elements: readonly DicomElement[], ...tags: number[]): DicomElement[] {
  return elements.filter(({ tag }) => !tags.includes(tag));
}

export interface MadePixels {
  readonly rows: number;
  readonly columns: number;
  readonly samples?: number;
  readonly photometric?: string;
  readonly allocated?: number;
  readonly stored?: number;
  readonly signed?: boolean;
}

export function imageElements(of: MadePixels): DicomElement[] {
  const { rows, columns, samples = 1, photometric = "MONOCHROME2", allocated = 16 } = of;
  const stored = of.stored ?? allocated;
  return [
    element(0x00280002, "US", [samples]),
    element(0x00280004, "CS", photometric),
    ...(samples === 3 ? [element(0x00280006, "US", [0])] : []),
    element(0x00280010, "US", [rows]),
    element(0x00280011, "US", [columns]),
    element(0x00280100, "US", [allocated]),
    element(0x00280101, "US", [stored]),
    element(0x00280102, "US", [stored - 1]),
    element(0x00280103, "US", [of.signed === true ? 1 : 0]),
  ];
}

export const STUDY_UID = "2.25.1000";
export const SERIES_UID = "2.25.1001";
export const INSTANCE_UID = "2.25.1002";

// A digital mammogram, FOR PRESENTATION, of 16-bit words.
export function film(pixels: MadePixels, words: readonly number[]): DicomElement[] {
  return [
    element(0x00080008, "CS", "ORIGINAL\\PRIMARY"),
    element(0x00080016, "UI", MAMMOGRAM),
    element(0x00080018, "UI", INSTANCE_UID),
    element(0x00080060, "CS", "MG"),
    element(0x00080068, "CS", "FOR PRESENTATION"),
    element(0x00181114, "DS", "1.25"),
    element(0x00181164, "DS", "0.1\\0.1"),
    element(0x0020000d, "UI", STUDY_UID),
    element(0x0020000e, "UI", SERIES_UID),
    element(0x00200020, "CS", "P\\L"),
    element(0x00200062, "CS", "L"),
    ...imageElements(pixels),
    element(0x00281050, "DS", "500"),
    element(0x00281051, "DS", "1000"),
    element(0x7fe00010, "OW", words),
  ];
}

export interface MadeSlide {
  readonly width: number;
  readonly height: number;
  readonly tile: number;
  readonly spacingMm: string; // "0.0005\\0.0005"
  readonly organization?: string;
}

// A whole-slide image of uncompressed RGB tiles, each (tile, tile, 3).
export function wholeSlide(of: MadeSlide, tiles: readonly Uint8Array[]): DicomElement[] {
  const measures = [[element(0x00280030, "DS", of.spacingMm)]];
  return [
    element(0x00080008, "CS", "ORIGINAL\\PRIMARY\\VOLUME\\NONE"),
    element(0x00080016, "UI", WHOLE_SLIDE),
    element(0x00080018, "UI", INSTANCE_UID),
    element(0x00080060, "CS", "SM"),
    element(0x0020000d, "UI", STUDY_UID),
    element(0x0020000e, "UI", SERIES_UID),
    element(0x00209311, "CS", of.organization ?? "TILED_FULL"),
    element(0x00280008, "IS", String(tiles.length)),
    ...imageElements({
      rows: of.tile,
      columns: of.tile,
      samples: 3,
      photometric: "RGB",
      allocated: 8,
    }),
    element(0x00480006, "UL", [of.width]),
    element(0x00480007, "UL", [of.height]),
    element(0x52009229, "SQ", [[element(0x00289110, "SQ", measures)]]),
    element(0x7fe00010, "OB", join(tiles)),
  ];
}

// Not a good packer: runs of three or more and the rest as they are.
export function packBits(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length;) {
    let run = 1;
    while (run < 128 && bytes[at + run] === bytes[at] && at + run < bytes.length) ++run;
    if (run >= 3) out.push(257 - run, bytes[at] ?? 0);
    else {
      run = Math.min(2, bytes.length - at);
      out.push(run - 1, ...bytes.subarray(at, at + run));
    }
    at += run;
  }
  return Uint8Array.from(out.length % 2 === 0 ? out : [...out, 0x80]);
}

export function rleFrame(segments: readonly Uint8Array[]): Uint8Array {
  const packed = segments.map(packBits);
  let at = 64;
  const offsets = packed.map((bytes) => (at += bytes.length) - bytes.length);
  const head = [segments.length, ...offsets, ...new Array<number>(15 - offsets.length).fill(0)];
  return join([
    integers(
      head.map((value) => [4, value]),
      false,
    ),
    ...packed,
  ]);
}

// JPEG lossless of predictor 1 with restart intervals of so many pixels, which no program here writes.
// Every difference has a code of five bits, its category. 12 bits.
export function losslessJpeg(
  values: readonly number[],
  rows: number,
  columns: number,
  interval: number,
) {
  const bytes: number[] = [];
  let [held, count] = [0, 0];
  const put = (value: number, size: number) => {
    for (let bit = size - 1; bit >= 0; --bit) {
      held = (held << 1) | ((value >> bit) & 1);
      if (++count < 8) continue;
      bytes.push(held, ...(held === 0xff ? [0] : []));
      [held, count] = [0, 0];
    }
  };
  const fill = () => {
    while (count > 0) put(1, 1);
  };
  values.forEach((value, i) => {
    const begins = i % interval === 0;
    if (begins && i > 0) {
      fill();
      bytes.push(0xff, 0xd0 + ((i / interval - 1) % 8));
    }
    const left = i % columns === 0 ? values[i - columns] : values[i - 1];
    const difference = value - (begins ? 2048 : (left ?? 0));
    const category = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
    put(category, 5);
    put(difference > 0 ? difference : difference + 2 ** category - 1, category);
  });
  fill();
  const words = (...numbers: number[]) => numbers.flatMap((number) => [number >> 8, number & 255]);
  const lengths = Array.from({ length: 16 }, (_, i) => (i === 4 ? 17 : 0));
  return Uint8Array.from([
    ...words(0xffd8, 0xffc4, 2 + 17 + 17),
    ...[0, ...lengths, ...lengths.keys(), 16],
    ...[...words(0xffc3, 11), 12, ...words(rows, columns), 1, 1, 0x11, 0],
    ...words(0xffdd, 4, interval),
    ...[...words(0xffda, 8), 1, 1, 0, 1, 0, 0],
    ...bytes,
    ...words(0xffd9),
  ]);
}
