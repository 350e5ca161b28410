// EXIF orientation: where a rectangle as it is shown lies in the picture as it is stored, and back.
import type { Level, Pixels, Rectangle } from "../source.ts";
import type { Plane } from "./picture-levels.ts";

// Whether rows and columns are exchanged.
export const isTransposed = (orientation: number) => orientation >= 5;

// Which way each orientation runs through the stored picture, before any exchange.
const isFlippedAcross = (orientation: number) => [2, 3, 7, 8].includes(orientation);
const isFlippedDown = (orientation: number) => [3, 4, 6, 7].includes(orientation);

// The part of a rectangle that lies in a level of this stored size, in stored pixels.
export function storedRectangle(shown: Rectangle, stored: Level, orientation: number): Rectangle {
  const exchanged = isTransposed(orientation);
  const [left, top, across, down] = exchanged
    ? [shown.y, shown.x, shown.height, shown.width]
    : [shown.x, shown.y, shown.width, shown.height];
  const [x, end] = clip(left, across, stored.width);
  const [y, bottom] = clip(top, down, stored.height);
  const [width, height] = [end - x, bottom - y];
  return {
    x: isFlippedAcross(orientation) ? stored.width - end : x,
    y: isFlippedDown(orientation) ? stored.height - bottom : y,
    width,
    height,
  };
}

function clip(start: number, length: number, side: number): [number, number] {
  const first = Math.min(side, Math.max(0, start));
  return [first, Math.max(first, Math.min(side, start + length))];
}

export function cut(plane: Plane, { x, y, width, height }: Rectangle): Pixels {
  const { channels } = plane;
  const data = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * plane.width + x) * channels;
    data.set(plane.data.subarray(from, from + width * channels), row * width * channels);
  }
  return { width, height, channels, data };
}

// A stored part as it is shown.
export function turned(part: Pixels, orientation: number): Pixels {
  if (orientation === 1) return part;
  const { channels, data } = part;
  const exchanged = isTransposed(orientation);
  const [width, height] = exchanged ? [part.height, part.width] : [part.width, part.height];
  const result = new Uint8Array(data.length);
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [across, down] = exchanged ? [row, column] : [column, row];
      const x = isFlippedAcross(orientation) ? part.width - 1 - across : across;
      const y = isFlippedDown(orientation) ? part.height - 1 - down : down;
      const from = (y * part.width + x) * channels;
      for (let c = 0; c < channels; c++) result[to++] = data[from + c] ?? 0;
    }
  }
  return { width, height, channels, data: result };
}
