// Compressed pixels: a frame is read and decoded as a whole.
import { corrupt, tooLarge, unsupported } from "./dicom-errors.ts";
import { Fragments } from "./dicom-fragments.ts";
import type { DicomHeader } from "./dicom-header.ts";
import { inflateWithin } from "./dicom-inflate.ts";
import { decodeJpegLossless } from "./dicom-jpeg-lossless.ts";
import { MAX_DECODED_FRAME_BYTES } from "./dicom-limits.ts";
import { rawValues } from "./dicom-native.ts";
import type { FrameReader, RawValues } from "./dicom-native.ts";
import { nativePixelBits } from "./dicom-pixel-format.ts";
import type { PixelFormat } from "./dicom-pixel-format.ts";
import { decodeRle } from "./dicom-rle.ts";
import { interleaved, storedValues } from "./dicom-samples.ts";
import type { Samples } from "./dicom-samples.ts";
import type { Compression } from "./dicom-transfer.ts";
import type { Tools } from "./tools.ts";

// (height, width, channels), as the decoder gives it.
export interface DecodedRaster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint16Array | Int16Array;
}

// What is needed of the codecs in codecs.wasm.
export interface FrameCodecs {
  jpeg(bytes: Uint8Array, options: { colour: "rgb" | "auto" | "grey" }): DecodedRaster;
  jpeg2000(bytes: Uint8Array, options: object): DecodedRaster;
  jpegLs(bytes: Uint8Array): DecodedRaster;
}

export type DicomTools = Tools<FrameCodecs>;

export class EncapsulatedReader implements FrameReader {
  readonly #fragments: Fragments;
  readonly #format: PixelFormat;
  readonly #compression: Compression;
  readonly #tools: DicomTools;
  // The last frame, so that its rows can be asked for in strips.
  #last: { frame: number; samples: Promise<Samples> } | null = null;

  private constructor(
    fragments: Fragments,
    format: PixelFormat,
    compression: Compression,
    tools: DicomTools,
  ) {
    this.#fragments = fragments;
    this.#format = format;
    this.#compression = compression;
    this.#tools = tools;
  }

  static async open(header: DicomHeader, format: PixelFormat, tools: DicomTools) {
    const { rows, columns, samples, bitsAllocated } = format;
    if ((rows * columns * samples * Math.max(bitsAllocated, 8)) / 8 > MAX_DECODED_FRAME_BYTES) {
      throw tooLarge(
        `The DICOM image of ${columns} × ${rows} pixels is one compressed frame, which is too large ` +
          "to be decoded at once: export it in tiles or uncompressed.",
      );
    }
    const fragments = await Fragments.find(header, format.frames);
    return new EncapsulatedReader(fragments, format, header.syntax.compression, tools);
  }

  async rows(frame: number, top: number, height: number): Promise<Samples> {
    if (this.#last?.frame !== frame) this.#last = { frame, samples: this.#decoded(frame) };
    let whole: Samples;
    try {
      whole = await this.#last.samples;
    } catch (error) {
      this.#last = null;
      throw error;
    }
    const { width, channels, data } = whole;
    const from = top * width * channels;
    return { width, height, channels, data: data.subarray(from, from + height * width * channels) };
  }

  forget(): void {
    this.#last = null;
  }

  async #decoded(frame: number): Promise<Samples> {
    const bytes = await this.#fragments.bytes(frame);
    const { columns, rows, samples } = this.#format;
    const raw = await this.#raw(bytes);
    if (raw.length !== columns * rows * samples) {
      throw corrupt("a frame has another size than it says");
    }
    const data = storedValues(raw, this.#format);
    return { width: columns, height: rows, channels: samples, data };
  }

  async #raw(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayLike<number>> {
    const { columns, rows, samples } = this.#format;
    switch (this.#compression) {
      case "rle":
        return this.#rle(bytes);
      case "deflated frames":
        return this.#unpacked(bytes);
      case "jpeg lossless":
        return decodeJpegLossless(bytes, columns, rows, samples);
      default:
        return this.#byCodec(bytes);
    }
  }

  // Bits that a frame takes uncompressed.
  #size(): number {
    return Math.ceil(
      (this.#format.columns * this.#format.rows * nativePixelBits(this.#format)) / 8,
    );
  }

  #rle(bytes: Uint8Array): ArrayLike<number> {
    const { columns, rows, samples, bitsAllocated } = this.#format;
    if (bitsAllocated === 1) return bits(decodeRle(bytes, this.#size(), 1, 1), columns * rows);
    return rawValues(
      decodeRle(bytes, columns * rows, samples, bitsAllocated / 8),
      bitsAllocated / 8,
      false,
    );
  }

  #unpacked(bytes: Uint8Array): ArrayLike<number> {
    const { columns, rows, samples, bitsAllocated, planar, photometric } = this.#format;
    if (photometric === "YBR_FULL_422") throw corrupt("its encoding has no halved colours");
    const size = this.#size();
    const frame = inflateWithin(bytes, size + 1, "A frame of the DICOM file");
    if (frame.length < size) throw corrupt("a frame has another size than it says");
    if (bitsAllocated === 1) return bits(frame, columns * rows);
    const values: RawValues = rawValues(frame.subarray(0, size), bitsAllocated / 8, false);
    return planar ? interleaved(values, samples) : values;
  }

  async #byCodec(bytes: Uint8Array): Promise<ArrayLike<number>> {
    const codecs = await this.#tools.codecs();
    const { columns, rows, samples, photometric } = this.#format;
    let raster: DecodedRaster;
    if (this.#compression === "jpeg 2000") {
      raster = codecs.jpeg2000(bytes, {});
    } else if (this.#compression === "jpeg-ls") {
      raster = codecs.jpegLs(bytes);
    } else {
      refuseDeepJpeg(bytes);
      // Where the file says YCbCr, the JPEG may still say that it is RGB, and is right.
      const colour = samples === 1 ? "grey" : photometric === "RGB" ? "rgb" : "auto";
      raster = codecs.jpeg(bytes, { colour });
    }
    const { width, height, channels, data } = raster;
    if (width !== columns || height !== rows || channels !== samples) {
      throw corrupt("a frame has another size than it says");
    }
    return data;
  }
}

function bits(bytes: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => ((bytes[i >> 3] ?? 0) >> (i & 7)) & 1);
}

// JPEG extended has 8 or 12 bits; the decoder has 8.
function refuseDeepJpeg(bytes: Uint8Array): void {
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      if (bytes[at + 4] === 8) return;
      throw unsupported(
        `The DICOM file's pixels are JPEG with ${bytes[at + 4] ?? 0} bits, and 8 are read: ` +
          "export it uncompressed or as JPEG lossless.",
      );
    }
    at += 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
  }
}

// Whether pixels come out of the decoder as RGB, whatever the file calls them.
export function decodesToRgb(compression: Compression, { photometric }: PixelFormat): boolean {
  if (compression === "jpeg") return photometric !== "PALETTE COLOR";
  return compression === "jpeg 2000" && (photometric === "YBR_ICT" || photometric === "YBR_RCT");
}
