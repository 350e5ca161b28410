// Types of what is used of packages whose own name types that they do not bring, or lack a class.

declare module "jpeg-lossless-decoder-js" {
  export class Decoder {
    yLoc: number; // rows that are decoded
    stream: { index: number } | null;
    decode(
      buffer: ArrayBuffer,
      offset: number,
      length: number,
    ): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | null;
    select7(offset?: number): number;
    getPreviousX(offset?: number): number;
    getPreviousY(offset?: number): number;
  }
}

declare module "dicom-parser/dist/dicomParser.min.js" {
  export interface Element {
    tag: string; // "x00280010"
    vr?: string; // of an explicit one
    length: number;
    dataOffset: number;
    hadUndefinedLength?: boolean;
    items?: Element[]; // of a sequence
    dataSet?: DataSet; // of an item
  }
  interface ByteArrayParser {
    readUint32(bytes: Uint8Array, position: number): number;
  }
  export class DataSet {
    constructor(parser: ByteArrayParser, bytes: Uint8Array, elements: Record<string, Element>);
    byteArray: Uint8Array;
    elements: Record<string, Element>;
    warnings: string[];
    uint16(tag: string, index?: number): number | undefined;
    int16(tag: string, index?: number): number | undefined;
    uint32(tag: string, index?: number): number | undefined;
    int32(tag: string, index?: number): number | undefined;
  }
  class ByteStream {
    constructor(parser: ByteArrayParser, bytes: Uint8Array, position: number);
    byteArray: Uint8Array;
    byteArrayParser: ByteArrayParser;
    position: number;
    readUint32(): number;
    readFixedString(length: number): string;
  }
  type ReadElements = (
    dataSet: DataSet,
    stream: ByteStream,
    maxPosition: number,
    options: { untilTag: string },
  ) => void;
  const dicomParser: {
    DataSet: typeof DataSet;
    ByteStream: typeof ByteStream;
    littleEndianByteArrayParser: ByteArrayParser;
    bigEndianByteArrayParser: ByteArrayParser;
    readFixedString(bytes: Uint8Array, position: number, length: number): string;
    readPart10Header(bytes: Uint8Array): DataSet;
    parseDicomDataSetExplicit: ReadElements;
    parseDicomDataSetImplicit: ReadElements;
  };
  export default dicomParser;
}
