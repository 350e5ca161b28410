// The Orientation field: which side of the picture the first row and the first column of the file are.
import type { Level, Rectangle } from "../../source.ts";

// By the field's value: rows and columns change places, then columns, rows run backwards.
const TURNS: Readonly<Record<number, readonly [swap: boolean, left: boolean, up: boolean]>> = {
  1: [false, false, false],
  2: [false, true, false],
  3: [false, true, true],
  4: [false, false, true],
  5: [true, false, false],
  6: [true, true, false],
  7: [true, true, true],
  8: [true, false, true],
};

// null: there is no such orientation
export const isTransposed = (orientation: number): boolean | null =>
  TURNS[orientation]?.[0] ?? null;

// As a person sees it.
export function storedSize({ width, height }: Level, orientation: number): Level {
  return isTransposed(orientation) === true ? { width: height, height: width } : { width, height };
}

// A rectangle of what a person sees -> where it lies in the file's image.
export function storedRectangle(
  { x, y, width, height }: Rectangle,
  image: Level,
  orientation: number,
): Rectangle {
  const [swap, left, up] = TURNS[orientation] ?? [false, false, false];
  const seen = storedSize(image, orientation);
  const across = left ? seen.width - x - width : x;
  const down = up ? seen.height - y - height : y;
  return swap
    ? { x: down, y: across, width: height, height: width }
    : { x: across, y: down, width, height };
}

// data: (height, width, channels) of the file -> as a person sees it
export function turned(
  data: Uint8Array<ArrayBuffer>,
  width: number,
  height: number,
  channels: number,
  orientation: number,
): Uint8Array<ArrayBuffer> {
  const [swap, left, up] = TURNS[orientation] ?? [false, false, false];
  if (!swap && !left && !up) return data;
  const [seenWidth, seenHeight] = swap ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  for (let y = 0; y < seenHeight; y += 1) {
    for (let x = 0; x < seenWidth; x += 1) {
      const across = left ? seenWidth - 1 - x : x;
      const down = up ? seenHeight - 1 - y : y;
      const from = (swap ? across * width + down : down * width + across) * channels;
      const to = (y * seenWidth + x) * channels;
      for (let channel = 0; channel < channels; channel += 1)
        out[to + channel] = data[from + channel] ?? 0;
    }
  }
  return out;
}
