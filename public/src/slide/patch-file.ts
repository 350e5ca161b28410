// The patch that a cell of a map stands for, as an image file: what reads patches then answers for it
// alone, and shows what its network used. No DOM.
import type { IncomingFile } from "../session.ts";
import type { Cell } from "./cell-text.ts";
import type { Tile } from "./messages.ts";
import type { Slide } from "./slide.ts";

const HEADER_BYTES = 54; // BITMAPFILEHEADER and BITMAPINFOHEADER
const INFO_BYTES = 40;
const CHANNELS = 3;

// A Windows bitmap: no compression, so that every browser makes the same bytes of the same pixels.
// Source: Microsoft, BITMAPINFOHEADER; rows from the top, each of a multiple of four bytes.
export function bitmap({ width, height, rgba }: Tile): Uint8Array<ArrayBuffer> {
  const line = Math.ceil((width * CHANNELS) / 4) * 4;
  const bytes = new Uint8Array(HEADER_BYTES + line * height);
  const header = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]); // BM
  header.setUint32(2, bytes.length, true);
  header.setUint32(10, HEADER_BYTES, true);
  header.setUint32(14, INFO_BYTES, true);
  header.setInt32(18, width, true);
  header.setInt32(22, -height, true);
  header.setUint16(26, 1, true); // plane
  header.setUint16(28, 8 * CHANNELS, true);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      const [red = 0, green = 0, blue = 0] = rgba.subarray(from, from + CHANNELS);
      bytes.set([blue, green, red], HEADER_BYTES + y * line + x * CHANNELS);
    }
  }
  return bytes;
}

// tile: draws a part of the image at so many pixels. Rejects where that part cannot be read.
export async function patchFile(
  image: Pick<Slide, "name" | "tile">,
  { map, column, row }: Cell,
): Promise<IncomingFile> {
  const { patch } = map.plan;
  const square = map.patchSquare(column, row);
  const pixels = await image.tile(square, patch, patch);
  const [x, y] = [Math.round(square.x), Math.round(square.y)];
  return {
    name: `${image.name}, patch at ${x}, ${y}.bmp`,
    file: new Blob([bitmap(pixels)], { type: "image/bmp" }),
  };
}
