// How the frames of a whole-slide image make one picture (PS3.3 C.8.12.4, C.7.6.17.3).
import type { Attributes } from "./dicom-attributes.ts";
import { corrupt } from "./dicom-errors.ts";
import { MAX_LEVEL_SIDE, MIN_TILE_SIDE } from "./dicom-limits.ts";
import type { PixelFormat } from "./dicom-pixel-format.ts";

export interface TileGrid {
  readonly width: number; // of the whole picture
  readonly height: number;
  readonly across: number; // tiles
  readonly frameOf: (column: number, row: number) => number | null; // null: not scanned
  readonly note: string | null;
}

const FIRST_PLANE =
  "The file has more than one focal plane or optical path: only the first is read.";

export function tileGrid(attributes: Attributes, format: PixelFormat): TileGrid {
  const width = attributes.long("x00480006");
  const height = attributes.long("x00480007");
  if (width === null || height === null || width === 0 || height === 0) {
    throw corrupt("it does not say how large its section is (0048,0006)");
  }
  if (width > MAX_LEVEL_SIDE || height > MAX_LEVEL_SIDE) {
    throw corrupt("it says that its section is larger than any scanner makes (0048,0006)");
  }
  const across = Math.ceil(width / format.columns);
  const down = Math.ceil(height / format.rows);
  if (across * down > 1 && Math.min(format.columns, format.rows) < MIN_TILE_SIDE) {
    throw corrupt("its tiles are too small");
  }
  const size = { width, height, across };
  const organization = attributes.text("x00209311");
  const perFrame = organization === "TILED_FULL" ? [] : attributes.items("x52009230");
  if (perFrame.length > 0) return { ...size, ...sparse(perFrame, format, across, down) };
  if (organization === "TILED_SPARSE") throw corrupt("it does not say where its tiles lie");
  if (format.frames < across * down) throw corrupt("it has fewer tiles than its section takes");
  return {
    ...size,
    frameOf: (column, row) => row * across + column,
    note: format.frames > across * down ? FIRST_PLANE : null,
  };
}

// Where each frame lies, by its Plane Position (Slide) macro. Of frames at one place the first counts.
function sparse(perFrame: Attributes[], format: PixelFormat, across: number, down: number) {
  const frames = new Map<number, number>();
  const placed = perFrame.slice(0, format.frames);
  placed.forEach((item, frame) => {
    const place = item.items("x0048021a")[0];
    const column = ((place?.signedLong("x0048021e") ?? NaN) - 1) / format.columns;
    const row = ((place?.signedLong("x0048021f") ?? NaN) - 1) / format.rows;
    const isTile = (index: number, count: number) =>
      Number.isInteger(index) && index >= 0 && index < count;
    if (!isTile(column, across) || !isTile(row, down)) {
      throw corrupt("a tile lies beside the grid of its section");
    }
    const tile = row * across + column;
    if (!frames.has(tile)) frames.set(tile, frame);
  });
  return {
    frameOf: (column: number, row: number) => frames.get(row * across + column) ?? null,
    note: frames.size < placed.length ? FIRST_PLANE : null,
  };
}
