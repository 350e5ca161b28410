// The attributes of a data set, read without trusting their lengths.
import type { DataSet } from "./dicom-library.ts";
import { corrupt } from "./dicom-errors.ts";
import { MAX_TEXT_BYTES } from "./dicom-limits.ts";

// "x00280010" -> "(0028,0010)"
const shown = (tag: string) => `(${tag.slice(1, 5)},${tag.slice(5)})`.toUpperCase();

export class Attributes {
  readonly #dataSet: DataSet;

  constructor(dataSet: DataSet) {
    this.#dataSet = dataSet;
  }

  // The bytes of a value; null where the attribute is absent or empty.
  bytes(tag: string): Uint8Array | null {
    const element = this.#dataSet.elements[tag];
    if (element === undefined || element.length === 0) return null;
    const { byteArray } = this.#dataSet;
    const end = element.dataOffset + element.length;
    if (end > byteArray.length) throw corrupt(`${shown(tag)} reaches beyond the end`);
    return byteArray.subarray(element.dataOffset, end);
  }

  has(tag: string): boolean {
    return this.bytes(tag) !== null;
  }

  // Each byte one character, padding removed; [] where absent or empty.
  texts(tag: string): string[] {
    const bytes = this.bytes(tag);
    if (bytes === null) return [];
    if (bytes.length > MAX_TEXT_BYTES) throw corrupt(`${shown(tag)} is too long`);
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    const values = text.split("\\").map((value) => value.replace(/^[ \0]+|[ \0]+$/g, ""));
    return values.every((value) => value === "") ? [] : values;
  }

  text(tag: string): string | null {
    return this.texts(tag)[0] ?? null;
  }

  // Numbers written as text (DS, IS); one that is none is NaN.
  numbers(tag: string): number[] {
    return this.texts(tag).map((text) =>
      /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN,
    );
  }

  number(tag: string): number | null {
    const value = this.numbers(tag)[0];
    return value === undefined || Number.isNaN(value) ? null : value;
  }

  // US
  unsigned(tag: string, index = 0): number | null {
    const bytes = this.bytes(tag);
    if (bytes === null || bytes.length < 2 * (index + 1)) return null;
    return this.#dataSet.uint16(tag, index) ?? null;
  }

  // SS
  signed(tag: string, index = 0): number | null {
    const bytes = this.bytes(tag);
    if (bytes === null || bytes.length < 2 * (index + 1)) return null;
    return this.#dataSet.int16(tag, index) ?? null;
  }

  // UL
  long(tag: string): number | null {
    const bytes = this.bytes(tag);
    if (bytes === null || bytes.length < 4) return null;
    return this.#dataSet.uint32(tag) ?? null;
  }

  // SL
  signedLong(tag: string): number | null {
    const bytes = this.bytes(tag);
    if (bytes === null || bytes.length < 4) return null;
    return this.#dataSet.int32(tag) ?? null;
  }

  // 16-bit words in the data set's own byte order.
  words(tag: string): Uint16Array | null {
    const bytes = this.bytes(tag);
    if (bytes === null) return null;
    const words = new Uint16Array(bytes.length >> 1);
    for (let i = 0; i < words.length; ++i) words[i] = this.#dataSet.uint16(tag, i) ?? 0;
    return words;
  }

  // The items of a sequence; none where it is absent.
  items(tag: string): Attributes[] {
    const items = this.#dataSet.elements[tag]?.items ?? [];
    return items.flatMap(({ dataSet }) => (dataSet === undefined ? [] : [new Attributes(dataSet)]));
  }
}
