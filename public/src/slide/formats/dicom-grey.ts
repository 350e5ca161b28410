// From stored values to what is shown: modality LUT, VOI LUT, MONOCHROME1 (PS3.3 C.11.1, C.11.2).
// The brightest is what attenuates most, whichever way round the file stores it.
import type { Attributes } from "./dicom-attributes.ts";
import type { PixelFormat } from "./dicom-pixel-format.ts";
import type { SampleArray } from "./dicom-samples.ts";

export type Curve = (value: number) => number;

export interface StoredRange {
  readonly lowest: number;
  readonly highest: number;
}

export type Voi =
  | { kind: "window"; shape: WindowShape; centre: number; width: number }
  | { kind: "table"; table: LookUpTable }
  | { kind: "none" }; // the whole range of values

type WindowShape = "LINEAR" | "LINEAR_EXACT" | "SIGMOID";

export interface LookUpTable {
  readonly first: number; // the value that the first entry is for
  readonly bits: number; // of an entry
  readonly entries: Uint16Array;
}

// An attribute at the top or, in an enhanced file, in a macro of the functional groups: those that
// all frames share, else those of the first frame.
export function inGroups(attributes: Attributes, macro: string, tag: string): Attributes {
  if (attributes.has(tag)) return attributes;
  const shared = attributes.items("x52009229")[0]?.items(macro)[0];
  if (shared?.has(tag)) return shared;
  const first = attributes.items("x52009230")[0]?.items(macro)[0];
  return first ?? attributes;
}

// Its first entry's value is signed where the values that it is for are.
export function lookUpTable(item: Attributes, signed: boolean): LookUpTable | null {
  const length = item.unsigned("x00283002", 0);
  const first = signed ? item.signed("x00283002", 1) : item.unsigned("x00283002", 1);
  const bits = item.unsigned("x00283002", 2);
  const bytes = item.bytes("x00283006");
  if (length === null || first === null || bits === null || bytes === null) return null;
  const count = length === 0 ? 65536 : length;
  const isBytes = bits <= 8 && bytes.length < 2 * count;
  const entries = isBytes ? Uint16Array.from(bytes) : item.words("x00283006");
  if (entries === null || entries.length < count || bits < 1 || bits > 16) return null;
  return { first, bits, entries: entries.subarray(0, count) };
}

function lookedUp({ first, entries }: LookUpTable): Curve {
  const last = entries.length - 1;
  return (value) => entries[Math.min(Math.max(Math.round(value) - first, 0), last)] ?? 0;
}

export interface Modality {
  readonly curve: Curve;
  readonly signed: boolean; // whether what comes out may be negative
  readonly changes: boolean;
}

export function modality(attributes: Attributes, format: PixelFormat): Modality {
  const item = attributes.items("x00283000")[0];
  const table = item === undefined ? null : lookUpTable(item, format.signed);
  if (table !== null) return { curve: lookedUp(table), signed: false, changes: true };
  const rescale = inGroups(attributes, "x00289145", "x00281053");
  const slope = rescale.number("x00281053") ?? 1;
  const intercept = rescale.number("x00281052") ?? 0;
  const changes = slope !== 1 || intercept !== 0;
  if (!changes) return { curve: (value) => value, signed: format.signed, changes };
  const signed = format.signed || intercept < 0 || slope < 0;
  return { curve: (value) => value * slope + intercept, signed, changes };
}

const SHAPES: readonly string[] = ["LINEAR", "LINEAR_EXACT", "SIGMOID"];

// The first window of the file, else its first VOI LUT.
export function voi(attributes: Attributes, signed: boolean): Voi {
  const group = inGroups(attributes, "x00289132", "x00281050");
  const centre = group.number("x00281050");
  const width = group.number("x00281051");
  const shape = group.text("x00281056") ?? "LINEAR";
  const least = shape === "LINEAR" ? 1 : Number.MIN_VALUE;
  if (centre !== null && width !== null && width >= least && SHAPES.includes(shape)) {
    return { kind: "window", shape: shape as WindowShape, centre, width };
  }
  for (const item of attributes.items("x00283010")) {
    const table = lookUpTable(item, signed);
    if (table !== null) return { kind: "table", table };
  }
  return { kind: "none" };
}

// Each gives 0 to 1.
function windowed(shape: WindowShape, centre: number, width: number): Curve {
  switch (shape) {
    case "SIGMOID":
      return (x) => 1 / (1 + Math.exp((-4 * (x - centre)) / width));
    case "LINEAR_EXACT":
      return (x) => (x - centre) / width + 0.5;
    case "LINEAR":
      if (width === 1) return (x) => (x <= centre - 0.5 ? 0 : 1);
      return (x) => (x - (centre - 0.5)) / (width - 1) + 0.5;
  }
}

function scaled(chosen: Voi, modalityCurve: Curve, range: StoredRange): Curve {
  switch (chosen.kind) {
    case "window":
      return windowed(chosen.shape, chosen.centre, chosen.width);
    case "table": {
      const most = 2 ** chosen.table.bits - 1;
      const curve = lookedUp(chosen.table);
      return (x) => curve(x) / most;
    }
    case "none": {
      const ends = [modalityCurve(range.lowest), modalityCurve(range.highest)];
      const [low, high] = [Math.min(...ends), Math.max(...ends)];
      return high === low ? () => 0 : (x) => (x - low) / (high - low);
    }
  }
}

const TABLED_BITS = 16;

// What turns stored values into grey, 8 bits.
export class GreyTransform {
  readonly #curve: Curve;
  readonly #table: Uint8Array | null;
  readonly #offset: number;

  constructor(format: PixelFormat, of: Modality, chosen: Voi, range: StoredRange) {
    const shown = scaled(chosen, of.curve, range);
    const inverted = format.photometric === "MONOCHROME1";
    this.#curve = (stored) => {
      const grey = Math.min(Math.max(shown(of.curve(stored)), 0), 1);
      return Math.round(255 * (inverted ? 1 - grey : grey));
    };
    const { bitsStored, signed } = format;
    this.#offset = signed ? 2 ** (bitsStored - 1) : 0;
    this.#table =
      bitsStored > TABLED_BITS
        ? null
        : Uint8Array.from({ length: 2 ** bitsStored }, (_, i) => this.#curve(i - this.#offset));
  }

  apply(values: SampleArray): Uint8Array<ArrayBuffer> {
    const grey = new Uint8Array(values.length);
    for (let i = 0; i < grey.length; ++i) {
      const value = values[i] ?? 0;
      grey[i] =
        this.#table === null ? this.#curve(value) : (this.#table[value + this.#offset] ?? 0);
    }
    return grey;
  }
}

// What bits stored can hold.
export function possibleRange({ bitsStored, signed }: PixelFormat): StoredRange {
  return signed
    ? { lowest: -(2 ** (bitsStored - 1)), highest: 2 ** (bitsStored - 1) - 1 }
    : { lowest: 0, highest: 2 ** bitsStored - 1 };
}
