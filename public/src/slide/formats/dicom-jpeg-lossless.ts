// JPEG lossless (ITU-T T.81 process 14) by jpeg-lossless-decoder-js, behind a check of the frame's own
// header: the library believes sizes, goes on over zeros where the bytes end, and has no restart
// intervals in colour nor a point transform.
import { Decoder } from "jpeg-lossless-decoder-js";
import { corrupt, unsupported } from "./dicom-errors.ts";

const SOI = 0xd8;
const SOF3 = 0xc3;
const SOS = 0xda;
const DHT = 0xc4;
const DRI = 0xdd;

// Bits below this one in the library's buffer are of a marker.
const BITS_OF_MARKER = 8;

class LosslessDecoder extends Decoder {
  constructor() {
    super();
    // The library has 9 for it, and so loses a value whose last bit is the last before a marker.
    let index = 0;
    Object.defineProperty(this, "markerIndex", {
      get: () => index,
      set: (value: number) => (index = Math.min(value, BITS_OF_MARKER)),
    });
  }

  // The library's gives halves.
  override select7(offset?: number): number {
    return (this.getPreviousX(offset) + this.getPreviousY(offset)) >> 1;
  }
}

interface LosslessHeader {
  width: number;
  height: number;
  components: number;
  precision: number;
  restarts: boolean;
  predictor: number;
  pointTransform: number;
}

const broken = () => corrupt("its JPEG lossless pixels cannot be read");

// Walks the markers up to the scan.
function readHeader(bytes: Uint8Array): LosslessHeader {
  const word = (at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (bytes[0] !== 0xff || bytes[1] !== SOI) throw broken();
  const header: Partial<LosslessHeader> = { restarts: false };
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1] ?? 0;
    const length = word(at + 2);
    if (bytes[at] !== 0xff || length < 2 || at + 2 + length > bytes.length) throw broken();
    if (marker === SOF3) readFrame(bytes, at + 4, header);
    if (marker === DRI) header.restarts = word(at + 4) !== 0;
    if (marker === SOS) return readScan(bytes, at + 4, header);
    const isOtherFrame = marker >= 0xc0 && marker <= 0xcf && marker !== SOF3 && marker !== DHT;
    if (isOtherFrame) throw broken();
    at += 2 + length;
  }
  throw broken();
}

function readFrame(bytes: Uint8Array, at: number, header: Partial<LosslessHeader>): void {
  header.precision = bytes[at] ?? 0;
  header.height = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  header.width = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0);
  header.components = bytes[at + 5] ?? 0;
  for (let i = 0; i < header.components; ++i) {
    if (bytes[at + 7 + 3 * i] !== 0x11) throw broken(); // subsampled, which lossless is not
  }
}

function readScan(bytes: Uint8Array, at: number, header: Partial<LosslessHeader>): LosslessHeader {
  const components = bytes[at] ?? 0;
  if (header.components === undefined) throw broken();
  if (components !== header.components) {
    throw unsupported(
      "The DICOM file's JPEG lossless colours are in separate scans, which is not read: " +
        "export it uncompressed.",
    );
  }
  header.predictor = bytes[at + 1 + 2 * components] ?? 0;
  header.pointTransform = (bytes[at + 3 + 2 * components] ?? 0) & 15;
  return header as LosslessHeader;
}

function check(header: LosslessHeader, width: number, height: number, samples: number): void {
  const { components, precision, predictor, restarts, pointTransform } = header;
  if (header.width !== width || header.height !== height || components !== samples) {
    throw corrupt("its JPEG lossless pixels are of another size than it says");
  }
  if (precision < 2 || precision > 16 || predictor < 1 || predictor > 7) throw broken();
  const known =
    pointTransform === 0 &&
    (!restarts || (components === 1 && predictor === 1)) &&
    (components === 1 || precision <= 8);
  if (known) return;
  throw unsupported(
    "The DICOM file uses a rare form of JPEG lossless, which is not read: export it uncompressed.",
  );
}

// Returns (height, width, samples) raw values.
export function decodeJpegLossless(
  bytes: Uint8Array<ArrayBuffer>,
  width: number,
  height: number,
  samples: 1 | 3,
): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  check(readHeader(bytes), width, height, samples);
  const decoder = new LosslessDecoder();
  let values: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | null;
  try {
    values = decoder.decode(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch {
    throw broken();
  }
  const readTo = decoder.stream?.index ?? Infinity;
  if (values === null || decoder.yLoc !== height || readTo > bytes.length) throw broken();
  return values;
}
