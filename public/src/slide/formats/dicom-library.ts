// The one file that imports dicom-parser. Its reader of elements does not know the VRs of 2018, and
// nothing in it bounds how many elements a hostile file makes it keep.
import dicomParser from "dicom-parser/dist/dicomParser.min.js";
import type { DataSet, Element } from "dicom-parser/dist/dicomParser.min.js";
import { tooLarge } from "./dicom-errors.ts";
import { MAX_ELEMENTS } from "./dicom-limits.ts";

export type { DataSet, Element };

const LONG_VRS = new Set(["OV", "SV", "UV"]); // 32-bit lengths, which dicom-parser reads as 16

class CountedStream extends dicomParser.ByteStream {
  #elements = 0;

  #count(): void {
    this.#elements += 1;
    if (this.#elements > MAX_ELEMENTS) {
      throw tooLarge(
        `The DICOM file has more than ${MAX_ELEMENTS} attributes before its image: export it without them.`,
      );
    }
  }

  // Of an explicit element: its VR.
  override readFixedString(length: number): string {
    this.#count();
    const vr = dicomParser.readFixedString(this.byteArray, this.position, length);
    this.position += length;
    return LONG_VRS.has(vr) ? "OB" : vr;
  }

  // Of an item and of an implicit element: its length.
  override readUint32(): number {
    this.#count();
    const value = this.byteArrayParser.readUint32(this.byteArray, this.position);
    this.position += 4;
    return value;
  }
}

// bytes: up to the end of the file meta information. Throws what dicom-parser throws: strings too.
export function readMeta(bytes: Uint8Array): DataSet {
  return dicomParser.readPart10Header(bytes);
}

export interface ParsedHeader {
  readonly dataSet: DataSet; // what was read, even when it broke off
  readonly end: number; // how far the reader went or wanted to go
  readonly failure: unknown; // null: none
}

// Reads elements up to the pixels, or to the end of the bytes.
export function readElements(
  bytes: Uint8Array,
  from: number,
  encoding: { explicit: boolean; bigEndian: boolean },
  untilTag: string,
): ParsedHeader {
  const parser = encoding.bigEndian
    ? dicomParser.bigEndianByteArrayParser
    : dicomParser.littleEndianByteArrayParser;
  const dataSet = new dicomParser.DataSet(parser, bytes, {});
  dataSet.warnings = [];
  const stream = new CountedStream(parser, bytes, from);
  let failure: unknown = null;
  try {
    if (encoding.explicit) {
      dicomParser.parseDicomDataSetExplicit(dataSet, stream, bytes.length, { untilTag });
    } else {
      dicomParser.parseDicomDataSetImplicit(dataSet, stream, bytes.length, { untilTag });
    }
  } catch (error) {
    failure = error;
  }
  return { dataSet, end: stream.position, failure };
}
