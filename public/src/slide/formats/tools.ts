// What an opener is given besides the file.
import type { Codecs } from "../codecs.ts";
import type { SlideSource } from "../source.ts";

// C: the part of the codecs that is needed.
export interface Tools<C = Codecs> {
  codecs(): Promise<C>; // made when first asked for
  // Of decoded tiles or frames that are kept; undefined: the format's own limit.
  readonly cacheBytes?: number | undefined;
}

// Of a TIFF.
export type TileCodecs = Pick<Codecs, "inflate" | "jpeg" | "jpeg2000">;
export type TileTools = Tools<TileCodecs>;

export type Opener = (blob: Blob, name: string, tools: Tools) => Promise<SlideSource>;
