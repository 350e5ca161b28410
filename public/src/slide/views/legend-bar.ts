// The colours of a map from 0 to 1 as a bar, underlined where the model gives no answer.
import { cividis } from "../cividis.ts";
import type { Rectangle } from "../source.ts";

export type Band = { low: number; high: number } | null;

const LINE = 4; // px

export function drawLegendBar(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Rectangle,
  band: Band,
): void {
  for (let at = 0; at < width; at++) {
    context.fillStyle = `rgb(${cividis(at / (width - 1)).join(" ")})`;
    context.fillRect(x + at, y, 1, height);
  }
  if (band === null) return;
  // Light within dark, to be seen on every colour.
  const place = (probability: number) => Math.round(x + probability * (width - 1));
  const [from, to] = [place(band.low), place(band.high)];
  context.fillStyle = "#000000";
  context.fillRect(from, y + height - LINE, to - from, LINE);
  context.fillStyle = "#ffffff";
  context.fillRect(from + 1, y + height - LINE + 1, to - from - 2, LINE - 2);
}
