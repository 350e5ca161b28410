// What an opener is given besides the file.
import type { Codecs } from "../codecs.ts";
import type { SlideSource } from "../source.ts";

// The part of the codecs that tiles of a TIFF need.
export type TileCodecs = Pick<Codecs, "inflate" | "jpeg" | "jpeg2000">;

export interface TileTools {
  codecs(): Promise<TileCodecs>;
  readonly cacheBytes?: number | undefined; // of tiles that are kept; undefined: MAX_CACHE_BYTES
}

export interface Tools {
  codecs(): Promise<Codecs>; // made when first asked for
  readonly cacheBytes?: number | undefined;
}

export type Opener = (blob: Blob, name: string, tools: Tools) => Promise<SlideSource>;
