// What an opener is given besides the file.
import type { SlideSource } from "../source.ts";

// Decoded samples: (height, width, channels).
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bits: number;
  readonly signed: boolean;
  readonly data: Uint8Array | Uint16Array | Int16Array;
}

// The part of Codecs (codecs.ts) that tiles of a TIFF need.
export interface TileCodecs {
  jpeg(
    bytes: Uint8Array,
    options: { tables?: Uint8Array; colour: "auto" | "rgb" | "ycbcr" | "grey" },
  ): Raster;
  jpeg2000(bytes: Uint8Array, options: { reduce?: number }): Raster;
}

export interface Tools {
  codecs(): Promise<TileCodecs>; // made when first asked for
}

export type Opener = (blob: Blob, name: string, tools: Tools) => Promise<SlideSource>;
