// Writes DICOM Part 10 files in explicit little endian (PS3.5 section 7, PS3.10 section 7).

export type ElementValue =
  | string // each character one byte
  | readonly number[] // US, UL
  | Uint8Array
  | readonly (readonly DicomElement[])[]; // the items of a sequence

export interface DicomElement {
  readonly tag: number; // 0xggggeeee
  readonly vr: string;
  readonly value: ElementValue;
}

export function element(tag: number, vr: string, value: ElementValue): DicomElement {
  return { tag, vr, value };
}

const EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1";
const IMPLEMENTATION_UID = "2.25.87537890389216984600189885999434079395"; // of this writer
const IMPLEMENTATION = "INSITU";
const PREAMBLE = 128;
const LONG_VRS = new Set(["OB", "OW", "SQ", "UT", "UN"]);
const MAX_SHORT_LENGTH = 0xffff;
const ITEM = 0xfffee000;

// The root of UIDs made of a UUID (PS3.5 annex B.2). Not crypto.randomUUID, which only secure
// origins have, and a hospital's own server may be none.
export function newUid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `2.25.${BigInt(`0x${hex}`)}`;
}

// What every character set of DICOM has in common.
export function plainText(text: string): string {
  const known: Record<string, string> = { µ: "u", "×": "x", "²": "2", "–": "-", "’": "'" };
  return Array.from(text, (letter) => {
    const plain = known[letter] ?? letter;
    return plain >= " " && plain <= "~" && plain !== "\\" ? plain : "?";
  }).join("");
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function textBytes(text: string, padding: string): Uint8Array {
  const even = text.length % 2 === 0 ? text : text + padding;
  return Uint8Array.from(even, (letter) => letter.charCodeAt(0));
}

function numberBytes(vr: string, numbers: readonly number[]): Uint8Array {
  const size = vr === "UL" ? 4 : 2;
  const view = new DataView(new ArrayBuffer(size * numbers.length));
  numbers.forEach((value, i) => {
    if (size === 4) view.setUint32(4 * i, value, true);
    else view.setUint16(2 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}

function isItems(value: ElementValue): value is readonly (readonly DicomElement[])[] {
  return Array.isArray(value) && value.every((item) => Array.isArray(item));
}

function valueBytes({ vr, value }: DicomElement): Uint8Array {
  if (typeof value === "string") return textBytes(value, vr === "UI" ? "\0" : " ");
  if (value instanceof Uint8Array) {
    return value.length % 2 === 0 ? value : join([value, new Uint8Array(1)]);
  }
  if (isItems(value) && vr === "SQ") return join(value.map(itemBytes));
  return numberBytes(vr, value as readonly number[]);
}

function itemBytes(item: readonly DicomElement[]): Uint8Array {
  const content = dataSet(item);
  const head = new DataView(new ArrayBuffer(8));
  writeTag(head, ITEM);
  head.setUint32(4, content.length, true);
  return join([new Uint8Array(head.buffer), content]);
}

function writeTag(view: DataView, tag: number): void {
  view.setUint16(0, tag >>> 16, true);
  view.setUint16(2, tag & 0xffff, true);
}

function elementBytes(of: DicomElement): Uint8Array {
  const content = valueBytes(of);
  const long = LONG_VRS.has(of.vr);
  if (!long && content.length > MAX_SHORT_LENGTH) {
    throw new RangeError(`a value of ${content.length} bytes is too long for ${of.vr}`);
  }
  const head = new DataView(new ArrayBuffer(long ? 12 : 8));
  writeTag(head, of.tag);
  head.setUint8(4, of.vr.charCodeAt(0));
  head.setUint8(5, of.vr.charCodeAt(1));
  if (long) head.setUint32(8, content.length, true);
  else head.setUint16(6, content.length, true);
  return join([new Uint8Array(head.buffer), content]);
}

function dataSet(elements: readonly DicomElement[]): Uint8Array {
  return join([...elements].sort((a, b) => a.tag - b.tag).map(elementBytes));
}

// elements: of the data set, with SOP Class and Instance UID among them.
export function dicomFile(
  sopClass: string,
  sopInstance: string,
  elements: readonly DicomElement[],
): Uint8Array<ArrayBuffer> {
  const meta = dataSet([
    element(0x00020001, "OB", Uint8Array.of(0, 1)),
    element(0x00020002, "UI", sopClass),
    element(0x00020003, "UI", sopInstance),
    element(0x00020010, "UI", EXPLICIT_LITTLE_ENDIAN),
    element(0x00020012, "UI", IMPLEMENTATION_UID),
    element(0x00020013, "SH", IMPLEMENTATION),
  ]);
  const start = new Uint8Array(PREAMBLE + 4);
  start.set(textBytes("DICM", " "), PREAMBLE);
  return join([
    start,
    dataSet([element(0x00020000, "UL", [meta.length])]),
    meta,
    dataSet(elements),
  ]);
}
