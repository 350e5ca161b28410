// Uncompressed pictures: BMP of 8, 24 or 32 bits, and PGM or PPM of 8 or 16 (P5, P6). Rows are read where
// they lie, by slices, so that memory does not grow with the file.
import { EngineError } from "../../messages.ts";
import { pnmNumbers } from "../../sniff.ts";
import type { Pixels, Rectangle, SlideFacts, SlideSource } from "../source.ts";

export const MAX_PICTURE_PIXELS = 400_000_000;
const HEAD_BYTES = 2_048; // header, comments and a palette
const MAX_MAXVAL = 65_535;

interface Layout {
  format: string;
  width: number;
  height: number;
  channels: 1 | 3;
  rowBytes: number;
  firstRow: number; // bytes from the beginning of the file
  rowStep: number; // to the next row, negative where rows go upwards
  // Samples of one row, from bytes that begin with the pixel `from`.
  convert: (row: Uint8Array, count: number, into: Uint8Array, at: number) => void;
  pixelBytes: number;
}

const damaged = (name: string, what: string) =>
  new EngineError("image_corrupt", `${name} is damaged: ${what}. Copy or export it again.`);

function checkedSides(name: string, width: number, height: number): void {
  if (width < 1 || height < 1) throw damaged(name, "it says that it has no pixels");
  if (width * height > MAX_PICTURE_PIXELS)
    throw new EngineError(
      "image_too_large",
      `${name} has ${width}×${height} pixels; InSitu reads pictures of up to ` +
        `${MAX_PICTURE_PIXELS / 1e6} million. Convert it to a pyramidal TIFF.`,
    );
}

function bmpLayout(head: DataView, name: string): Layout {
  const [width, signedHeight] = [head.getInt32(18, true), head.getInt32(22, true)];
  const height = Math.abs(signedHeight);
  const [bits, compression] = [head.getUint16(28, true), head.getUint32(30, true)];
  const dataAt = head.getUint32(10, true);
  checkedSides(name, width, height);
  if (![8, 24, 32].includes(bits) || compression !== 0)
    throw new EngineError(
      "image_unsupported",
      `${name} is a BMP of ${bits} bits${compression === 0 ? "" : ", compressed"}; ` +
        "InSitu reads uncompressed ones of 8, 24 and 32 bits. Save it as PNG.",
    );
  const pixelBytes = bits / 8;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const paletteAt = 14 + head.getUint32(14, true);
  const colours = bits === 8 ? head.getUint32(46, true) || 256 : 0;
  if (paletteAt + colours * 4 > head.byteLength) throw damaged(name, "its palette is cut off");
  const palette = new Uint8Array(head.buffer, paletteAt, colours * 4);
  const isUpwards = signedHeight > 0;
  const colour = (row: Uint8Array, pixel: number, c: number) =>
    bits === 8
      ? (palette[(row[pixel] ?? 0) * 4 + 2 - c] ?? 0)
      : (row[pixel * pixelBytes + 2 - c] ?? 0);
  return {
    format: "BMP",
    width,
    height,
    channels: 3,
    pixelBytes,
    rowBytes,
    firstRow: isUpwards ? dataAt + (height - 1) * rowBytes : dataAt,
    rowStep: isUpwards ? -rowBytes : rowBytes,
    convert: (row, count, into, at) => {
      for (let pixel = 0; pixel < count; pixel++)
        for (let c = 0; c < 3; c++) into[at + pixel * 3 + c] = colour(row, pixel, c);
    },
  };
}

function pnmLayout(head: DataView, name: string): Layout {
  const isColour = head.getUint8(1) === "6".charCodeAt(0);
  const header = pnmNumbers(head, 3);
  const [width = 0, height = 0, most = 0] = header?.numbers ?? [];
  checkedSides(name, width, height);
  if (header === null || most < 1 || most > MAX_MAXVAL)
    throw damaged(name, "its header does not say how bright white is");
  const channels = isColour ? 3 : 1;
  const sampleBytes = most > 255 ? 2 : 1;
  const rowBytes = width * channels * sampleBytes;
  return {
    format: isColour ? "PPM" : "PGM",
    width,
    height,
    channels,
    pixelBytes: channels * sampleBytes,
    rowBytes,
    firstRow: header.end + 1, // one white space
    rowStep: rowBytes,
    convert: (row, count, into, at) => {
      for (let i = 0; i < count * channels; i++) {
        const value =
          sampleBytes === 1 ? (row[i] ?? 0) : (row[2 * i] ?? 0) * 256 + (row[2 * i + 1] ?? 0);
        into[at + i] = most === 255 ? value : Math.min(255, Math.round((value * 255) / most));
      }
    },
  };
}

// For which of the first bytes: "BM", "P5", "P6".
export function isRaster(head: Uint8Array): boolean {
  const magic = String.fromCharCode(head[0] ?? 0, head[1] ?? 0);
  return ["BM", "P5", "P6"].includes(magic);
}

export async function openRaster(blob: Blob, name: string): Promise<SlideSource> {
  const head = new DataView(await blob.slice(0, HEAD_BYTES).arrayBuffer());
  if (head.byteLength < 54 && head.getUint8(0) === "B".charCodeAt(0))
    throw damaged(name, "it ends in its header");
  const isBmp = head.getUint8(0) === "B".charCodeAt(0);
  const layout = isBmp ? bmpLayout(head, name) : pnmLayout(head, name);
  const { width, height, rowBytes, firstRow, rowStep } = layout;
  const last = firstRow + (height - 1) * rowStep;
  if (Math.min(firstRow, last) < 0 || Math.max(firstRow, last) + rowBytes > blob.size)
    throw damaged(name, "it is cut off");
  return new OpenedRaster(blob, name, layout, { width, height });
}

class OpenedRaster implements SlideSource {
  readonly facts: SlideFacts;
  readonly #blob: Blob;
  readonly #name: string;
  readonly #layout: Layout;

  constructor(blob: Blob, name: string, layout: Layout, size: { width: number; height: number }) {
    this.#blob = blob;
    this.#name = name;
    this.#layout = layout;
    this.facts = {
      format: layout.format,
      levels: [size],
      channels: layout.channels,
      umPerPixel: null,
      scaleFrom: null,
      kind: null,
      sequential: false,
      notes: [],
    };
  }

  // All rows are read as one slice, whole, where that is not many times what is wanted of them.
  async read(_: number, wanted: Rectangle, signal?: AbortSignal): Promise<Pixels> {
    const { channels, firstRow, rowStep, rowBytes, pixelBytes, convert } = this.#layout;
    const { x, y } = wanted;
    const width = Math.max(0, Math.min(wanted.width, this.#layout.width - x));
    const height = Math.max(0, Math.min(wanted.height, this.#layout.height - y));
    const data = new Uint8Array(width * height * channels);
    const inRow = x * pixelBytes;
    const count = width * pixelBytes;
    const rowsAtOnce = Math.max(1, Math.floor(SLICE_BYTES / rowBytes));
    for (let row = 0; row < height; row += rowsAtOnce) {
      signal?.throwIfAborted();
      const rows = Math.min(rowsAtOnce, height - row);
      const ends = [row, row + rows - 1].map((at) => firstRow + (y + at) * rowStep);
      const from = Math.min(...ends);
      const bytes = await this.#bytes(from + inRow, Math.max(...ends) - from + count);
      for (let at = 0; at < rows; at++) {
        const begin = firstRow + (y + row + at) * rowStep - from;
        const line = bytes.subarray(begin, begin + count);
        convert(line, width, data, (row + at) * width * channels);
      }
    }
    return { width, height, channels, data };
  }

  close(): void {
    // Nothing is held.
  }

  async #bytes(from: number, count: number): Promise<Uint8Array> {
    try {
      return new Uint8Array(await this.#blob.slice(from, from + count).arrayBuffer());
    } catch {
      throw new EngineError(
        "file_unreadable",
        `The browser could not read ${this.#name}; it may have been moved, changed or removed. Choose it again.`,
      );
    }
  }
}

const SLICE_BYTES = 8 * 1024 * 1024;
