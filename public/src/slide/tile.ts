// A rectangle of a slide as it is drawn on the screen: from the level that is fine enough, averaged
// down. No DOM.
import type { Tile } from "./messages.ts";
import type { Level, Pixels, Rectangle, SlideFacts, SlideSource } from "./source.ts";

// Of source pixels that are in memory at a time for one tile.
const STRIP_PIXELS = 4_000_000;

// An average of so many samples a side looks like one of all of them.
const MAX_SAMPLES = 4;

const MAX_GREY_CHROMA = 6; // of 255: what JPEG leaves of colour in a grey film

// The coarsest level that still has at least a pixel for each one wanted. scale: wanted pixels per
// pixel of level 0.
export function levelFor({ levels }: SlideFacts, scale: number): number {
  const finest = levels[0];
  if (finest === undefined) throw new RangeError("a slide without a level");
  const SLACK = 0.99; // levels are rounded to whole pixels
  const fine = (level: Level) => level.width / finest.width >= scale * SLACK;
  return Math.max(0, levels.findLastIndex(fine));
}

// Rows of the tile [from, to) from pixels that cover them; window: what they are of the tile's whole
// source.
function averageRows(
  into: Uint8ClampedArray,
  tile: { width: number; from: number; to: number },
  pixels: Pixels,
  window: { left: number; top: number; stepX: number; stepY: number },
): boolean {
  const { data, width, height, channels } = pixels;
  const { left, top, stepX, stepY } = window;
  const samples = (step: number) => Math.max(1, Math.min(MAX_SAMPLES, Math.round(step)));
  const [countX, countY] = [samples(stepX), samples(stepY)];
  const total = countX * countY;
  let isGrey = true;
  for (let row = tile.from; row < tile.to; row++) {
    for (let column = 0; column < tile.width; column++) {
      let [red, green, blue] = [0, 0, 0];
      for (let v = 0; v < countY; v++) {
        const y = Math.floor((row + (v + 0.5) / countY) * stepY - top);
        const line = Math.max(0, Math.min(height - 1, y)) * width;
        for (let u = 0; u < countX; u++) {
          const x = Math.floor((column + (u + 0.5) / countX) * stepX - left);
          const at = (line + Math.max(0, Math.min(width - 1, x))) * channels;
          const value = data[at] ?? 0;
          red += value;
          green += channels === 3 ? (data[at + 1] ?? 0) : value;
          blue += channels === 3 ? (data[at + 2] ?? 0) : value;
        }
      }
      const out = (row * tile.width + column) * 4;
      into[out] = red / total;
      into[out + 1] = green / total;
      into[out + 2] = blue / total;
      into[out + 3] = 255;
      const chroma = Math.max(red, green, blue) - Math.min(red, green, blue);
      if (chroma > MAX_GREY_CHROMA * total) isGrey = false;
    }
  }
  return isGrey;
}

// rectangle: of level 0, inside the image.
export async function drawTile(
  source: SlideSource,
  rectangle: Rectangle,
  width: number,
  height: number,
  signal?: AbortSignal,
): Promise<Tile> {
  const { facts } = source;
  const at = levelFor(facts, width / rectangle.width);
  const [level, finest] = [facts.levels[at], facts.levels[0]];
  if (level === undefined || finest === undefined) throw new RangeError("a slide without a level");
  const [fx, fy] = [level.width / finest.width, level.height / finest.height];
  const [originX, originY] = [rectangle.x * fx, rectangle.y * fy];
  const [stepX, stepY] = [(rectangle.width * fx) / width, (rectangle.height * fy) / height];
  const left = Math.max(0, Math.floor(originX));
  const right = Math.min(level.width, Math.ceil(originX + rectangle.width * fx));
  const rgba = new Uint8ClampedArray(width * height * 4);
  const rows = Math.max(1, Math.floor(STRIP_PIXELS / Math.max(1, (right - left) * stepY)));
  let isGrey = true;
  for (let from = 0; from < height; from += rows) {
    const to = Math.min(height, from + rows);
    const top = Math.max(0, Math.min(level.height - 1, Math.floor(originY + from * stepY)));
    const bottom = Math.min(level.height, Math.max(top + 1, Math.ceil(originY + to * stepY)));
    const strip = { x: left, y: top, width: right - left, height: bottom - top };
    const pixels = await source.read(at, strip, signal);
    const window = { left: left - originX, top: top - originY, stepX, stepY };
    if (!averageRows(rgba, { width, from, to }, pixels, window)) isGrey = false;
  }
  return { width, height, rgba, isGrey };
}
