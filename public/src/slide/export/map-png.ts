// The image with its map on one picture, and under it the legend and what it was made by.
import { uncertainAt } from "../../judgement.ts";
import type { Picture, PictureStrip, Tile } from "../messages.ts";
import { scaleBar } from "../scale.ts";
import { canvasOf } from "../views/canvas.ts";
import { label } from "../views/drawing.ts";
import { drawLegendBar, type Band } from "../views/legend-bar.ts";
import { HATCH_SIDE, type Projection } from "../views/map-layer.ts";
import { about, pointText, type MapExport } from "./about.ts";

export const PICTURE_SIDE = 1_600; // px at most, of the image
export const STRIP_ROWS = 16 * HATCH_SIDE; // so that the hatching goes on from one strip to the next
const MIN_WIDTH = 900; // so that there is room for the words
const MARGIN = 16;
const LINE = 20;
const FONT = "13px system-ui, sans-serif"; // of the words
const PAPER = "#ffffff";
const INK = "#1b2127";
const LEGEND = { width: 256, height: 12 };

// How large the image is on the picture.
export function pictureSize({ size }: Pick<MapExport, "size">): { width: number; height: number } {
  const fit = Math.min(1, PICTURE_SIDE / Math.max(size.width, size.height));
  const side = (length: number) => Math.max(1, Math.round(length * fit));
  return { width: side(size.width), height: side(size.height) };
}

// draw: the map and what is drawn on it, on a canvas that is empty.
export async function mapPicture(
  made: MapExport,
  image: Tile,
  draw: (context: CanvasRenderingContext2D, to: Projection) => void,
  breathe: () => Promise<void>,
): Promise<Picture> {
  const width = Math.max(image.width, MIN_WIDTH);
  const scale = image.width / made.size.width;
  const over = contextOf(image.width, STRIP_ROWS);
  const strip = contextOf(width, STRIP_ROWS, { willReadFrequently: true });
  const strips: PictureStrip[] = [];
  for (let top = 0; top < image.height; top += STRIP_ROWS) {
    const rows = Math.min(STRIP_ROWS, image.height - top);
    strip.fillStyle = PAPER;
    strip.fillRect(0, 0, width, rows);
    const pixels = image.rgba.subarray(top * image.width * 4, (top + rows) * image.width * 4);
    strip.putImageData(new ImageData(pixels, image.width, rows), 0, 0);
    over.clearRect(0, 0, image.width, STRIP_ROWS);
    draw(over, { scale, left: 0, top: -top });
    strip.drawImage(over.canvas, 0, 0);
    // It may lie across two strips.
    drawScaleBar(strip, made.scale.umPerPixel / scale, {
      x: MARGIN,
      y: image.height - MARGIN - top,
      most: image.width / 4,
      ratio: 1,
    });
    strips.push({ top, rows, rgba: strip.getImageData(0, 0, width, rows).data });
    await breathe(); // all at once would block the page
  }
  const foot = drawFoot(made, image.height, width);
  return { width, height: image.height + foot.rows, strips: [...strips, foot] };
}

function contextOf(...wanted: Parameters<typeof canvasOf>): CanvasRenderingContext2D {
  const context = canvasOf(...wanted);
  if (context === null) throw new Error("This browser draws no pictures.");
  return context;
}

// The legend, and in words what the map was made by.
function drawFoot(made: MapExport, top: number, width: number): PictureStrip {
  const context = contextOf(width, 1, { willReadFrequently: true });
  const room = width - 2 * MARGIN;
  context.font = FONT;
  const lines = words(made).flatMap((line) => wrapped(context, line, room));
  const rows = MARGIN * 2 + LEGEND.height + LINE * (lines.length + 1);
  context.canvas.height = rows;
  context.fillStyle = PAPER;
  context.fillRect(0, 0, width, rows);
  context.translate(0, -top);
  drawLegend(context, MARGIN, top + MARGIN, uncertainAt(made.model, made.point));
  context.fillStyle = INK;
  context.font = FONT;
  context.textAlign = "left";
  context.textBaseline = "top";
  const first = top + MARGIN + LEGEND.height;
  // A word that is longer than the room is squeezed.
  lines.forEach((line, index) => context.fillText(line, MARGIN, first + LINE * (index + 1), room));
  return { top, rows, rgba: context.getImageData(0, 0, width, rows).data };
}

function words(made: MapExport): string[] {
  const facts = about(made);
  return [
    `${made.name === null ? "" : `${made.name}: `}${pointText(made)}`,
    `Model ${facts["model_id"] ?? ""} ${facts["model_version"] ?? ""}, SHA-256 ${facts["model_sha256"] ?? ""}`,
    `${facts["um_per_pixel"] ?? ""} µm per pixel (${facts["scale_from"] ?? ""}); a cell every ${facts["stride_px"] ?? ""} px of the model's ${facts["model_um_per_pixel"] ?? ""} µm`,
    ...made.warnings,
    `${facts["notice"] ?? ""} InSitu, ${facts["written"] ?? ""}`,
  ];
}

// In lines of whole words that are no wider, if a word is not.
function wrapped(context: CanvasRenderingContext2D, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    const fits = line === "" || context.measureText(longer).width <= width;
    if (!fits) lines.push(line);
    line = fits ? longer : word;
  }
  return [...lines, line];
}

function drawLegend(context: CanvasRenderingContext2D, x: number, y: number, band: Band): void {
  drawLegendBar(context, { x, y, ...LEGEND }, band);
  context.fillStyle = INK;
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "top";
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    context.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
    context.fillText(String(share), x + share * LEGEND.width, y + LEGEND.height + 2);
  }
  context.textAlign = "left";
  const open = band === null ? "" : "; underlined: uncertain";
  context.fillText(`probability; hatched: refused${open}`, x + LEGEND.width + MARGIN, y);
}

// The bar with its length, from its left end.
export function drawScaleBar(
  context: CanvasRenderingContext2D,
  umPerPixel: number,
  place: { x: number; y: number; most: number; ratio: number },
): void {
  const { x, y, most, ratio } = place;
  const bar = scaleBar(umPerPixel, most);
  for (const [colour, height] of [
    ["#000000", 8],
    ["#ffffff", 4],
  ] as const) {
    const edge = ((height - 4) / 2) * ratio;
    context.fillStyle = colour;
    context.fillRect(x - edge, y - 4 * ratio - edge, bar.pixels + 2 * edge, height * ratio);
  }
  label(context, bar.text, x + Math.max(bar.pixels / 2, 32 * ratio), y - 20 * ratio, ratio);
}
