// How a file's data set and pixels are encoded (PS3.5 section 10, PS3.6 annex A).
import { unsupported } from "./dicom-errors.ts";

export type Compression =
  "none" | "deflated frames" | "rle" | "jpeg" | "jpeg lossless" | "jpeg-ls" | "jpeg 2000";

export interface TransferSyntax {
  readonly name: string; // for a person
  readonly explicit: boolean;
  readonly bigEndian: boolean;
  readonly deflated: boolean; // the data set as a whole
  readonly compression: Compression; // of each frame
}

function syntax(name: string, compression: Compression, rest: Partial<TransferSyntax> = {}) {
  return { name, explicit: true, bigEndian: false, deflated: false, compression, ...rest };
}

const READABLE = new Map<string, TransferSyntax>([
  ["1.2.840.10008.1.2", syntax("implicit little endian", "none", { explicit: false })],
  ["1.2.840.10008.1.2.1", syntax("uncompressed", "none")],
  ["1.2.840.10008.1.2.1.99", syntax("deflated", "none", { deflated: true })],
  ["1.2.840.10008.1.2.2", syntax("big endian", "none", { bigEndian: true })],
  ["1.2.840.10008.1.2.4.50", syntax("JPEG baseline", "jpeg")],
  ["1.2.840.10008.1.2.4.51", syntax("JPEG extended", "jpeg")],
  ["1.2.840.10008.1.2.4.57", syntax("JPEG lossless", "jpeg lossless")],
  ["1.2.840.10008.1.2.4.70", syntax("JPEG lossless", "jpeg lossless")],
  ["1.2.840.10008.1.2.4.80", syntax("JPEG-LS", "jpeg-ls")],
  ["1.2.840.10008.1.2.4.81", syntax("JPEG-LS, near-lossless", "jpeg-ls")],
  ["1.2.840.10008.1.2.4.90", syntax("JPEG 2000", "jpeg 2000")],
  ["1.2.840.10008.1.2.4.91", syntax("JPEG 2000", "jpeg 2000")],
  ["1.2.840.10008.1.2.5", syntax("RLE", "rle")],
  ["1.2.840.10008.1.2.8.1", syntax("deflated frames", "deflated frames")],
]);

// Known and not read, by how its UID begins.
const REFUSED: readonly (readonly [string, string])[] = [
  ["1.2.840.10008.1.2.4.20", "High-Throughput JPEG 2000 (HTJ2K)"],
  ["1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2"],
  ["1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2"],
  ["1.2.840.10008.1.2.4.94", "JPIP, which keeps its pixels on a server"],
  ["1.2.840.10008.1.2.4.95", "JPIP, which keeps its pixels on a server"],
  ["1.2.840.10008.1.2.4.100", "MPEG-2 video"],
  ["1.2.840.10008.1.2.4.101", "MPEG-2 video"],
  ["1.2.840.10008.1.2.4.102", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.103", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.104", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.105", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.106", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.107", "HEVC video"],
  ["1.2.840.10008.1.2.4.108", "HEVC video"],
  ["1.2.840.10008.1.2.4.11", "JPEG XL"],
  ["1.2.840.10008.1.2.4.", "a retired form of JPEG"],
  ["1.2.840.10008.1.2.7", "SMPTE ST 2110 video"],
  ["1.2.840.113619.5.2", "a private encoding of GE"],
];

export function transferSyntax(uid: string): TransferSyntax {
  const known = READABLE.get(uid);
  if (known !== undefined) return known;
  const refused = REFUSED.find(([start]) => uid.startsWith(start))?.[1];
  throw unsupported(
    `The pixels of this DICOM file are encoded as ${refused ?? "something that is not known here"}, ` +
      "which is not read: export it uncompressed, as JPEG 2000 or as JPEG lossless.",
  );
}
