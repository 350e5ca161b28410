// The levels of a picture that has none of its own: each half of the one before.
import type { Level } from "../source.ts";

export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array<ArrayBuffer>; // (height, width, channels)
}

// Pixels of the finest level that is held in memory: 192 MB of RGB, and a third more for the levels
// below it.
export const HELD_PIXELS = 64_000_000;

// Full rows that are held of a finer level, for the last rectangle that was read.
export const MAX_ROW_BYTES = 128_000_000;

const SMALLEST_SIDE = 512; // the longer side of the coarsest level is at most this

const half = (side: number) => Math.ceil(side / 2);

export function levelsOf(full: Level): Level[] {
  const levels = [full];
  for (let last = full; Math.max(last.width, last.height) > SMALLEST_SIDE;) {
    last = { width: half(last.width), height: half(last.height) };
    levels.push(last);
  }
  return levels;
}

// The power of two by which a picture is reduced to be held.
export function heldReduction({ width, height }: Level): number {
  let reduce = 1;
  while (Math.ceil(width / reduce) * Math.ceil(height / reduce) > HELD_PIXELS) reduce *= 2;
  return reduce;
}

// The means of squares of two by two samples, halves rounded up; at the edge of what there is.
export function halved({ width, height, channels, data }: Plane): Plane {
  const [columns, rows] = [half(width), half(height)];
  const result = new Uint8Array(columns * rows * channels);
  let to = 0;
  for (let row = 0; row < rows; row++) {
    const above = row * 2 * width * channels;
    const below = row * 2 + 1 < height ? above + width * channels : above;
    for (let column = 0; column < columns; column++) {
      const left = column * 2 * channels;
      const right = column * 2 + 1 < width ? left + channels : left;
      for (let c = 0; c < channels; c++) {
        // A row or column that is counted twice leaves the mean of what there is.
        const sum =
          (data[above + left + c] ?? 0) +
          (data[above + right + c] ?? 0) +
          (data[below + left + c] ?? 0) +
          (data[below + right + c] ?? 0);
        result[to++] = (sum + 2) >> 2;
      }
    }
  }
  return { width: columns, height: rows, channels, data: result };
}
