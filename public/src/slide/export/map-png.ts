// The image with its map on one picture, and under it the legend and what it was made by.
import { uncertainAt } from "../../judgement.ts";
import type { Tile } from "../messages.ts";
import { scaleBar } from "../scale.ts";
import { label } from "../views/drawing.ts";
import { drawLegendBar, type Band } from "../views/legend-bar.ts";
import { HATCH_SIDE, type Projection } from "../views/map-layer.ts";
import { about, pointText, type MapExport } from "./about.ts";

export const PICTURE_SIDE = 1_600; // px at most, of the image
export const STRIP_ROWS = 16 * HATCH_SIDE; // so that the hatching goes on from one strip to the next
const MARGIN = 16;
const LINE = 20;
const FONT = "13px system-ui, sans-serif"; // of the words
const LEGEND = { width: 256, height: 12 };

// How large the image is on the picture.
export function pictureSize({ size }: Pick<MapExport, "size">): { width: number; height: number } {
  const fit = Math.min(1, PICTURE_SIDE / Math.max(size.width, size.height));
  const side = (length: number) => Math.max(1, Math.round(length * fit));
  return { width: side(size.width), height: side(size.height) };
}

// draw: the map and what is drawn on it.
export async function mapPicture(
  made: MapExport,
  image: Tile,
  draw: (context: CanvasRenderingContext2D, to: Projection) => void,
  breathe: () => Promise<void>,
): Promise<HTMLCanvasElement> {
  const facts = about(made);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true }); // by what saves it
  if (context === null) throw new Error("This browser draws no pictures.");
  canvas.width = Math.max(image.width, 900);
  const room = canvas.width - 2 * MARGIN;
  context.font = FONT;
  const lines = [
    `${made.name === null ? "" : `${made.name}: `}${pointText(made)}`,
    `Model ${facts["model_id"] ?? ""} ${facts["model_version"] ?? ""}, SHA-256 ${facts["model_sha256"] ?? ""}`,
    `${facts["um_per_pixel"] ?? ""} µm per pixel (${facts["scale_from"] ?? ""}); a cell every ${facts["stride_px"] ?? ""} px of the model's ${facts["model_um_per_pixel"] ?? ""} µm`,
    ...made.warnings,
    `${facts["notice"] ?? ""} InSitu, ${facts["written"] ?? ""}`,
  ].flatMap((line) => wrapped(context, line, room));
  canvas.height = image.height + MARGIN * 2 + LEGEND.height + LINE * (lines.length + 1);
  for (const { top, rows } of strips(canvas.height)) {
    context.fillStyle = "#ffffff";
    context.fillRect(0, top, canvas.width, rows);
    await breathe();
  }
  const scale = image.width / made.size.width;
  await drawStrips(
    context,
    image,
    (strip, top) => draw(strip, { scale, left: 0, top: -top }),
    breathe,
  );
  drawScaleBar(context, made.scale.umPerPixel / scale, {
    x: MARGIN,
    y: image.height - MARGIN,
    most: image.width / 4,
    ratio: 1,
  });
  drawLegend(context, MARGIN, image.height + MARGIN, uncertainAt(made.model, made.point));
  context.fillStyle = "#1b2127";
  context.font = FONT;
  context.textAlign = "left";
  context.textBaseline = "top";
  const top = image.height + MARGIN + LEGEND.height;
  // A word that is longer than the room is squeezed.
  lines.forEach((line, index) => context.fillText(line, MARGIN, top + LINE * (index + 1), room));
  return canvas;
}

// What a picture is made in, with a breath after each: all at once would block the page.
export function strips(height: number): { top: number; rows: number }[] {
  return Array.from({ length: Math.ceil(height / STRIP_ROWS) }, (_, index) => {
    const top = index * STRIP_ROWS;
    return { top, rows: Math.min(STRIP_ROWS, height - top) };
  });
}

// The image with what lies over it.
async function drawStrips(
  context: CanvasRenderingContext2D,
  { width, height, rgba }: Tile,
  draw: (strip: CanvasRenderingContext2D, top: number) => void,
  breathe: () => Promise<void>,
): Promise<void> {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height: Math.min(height, STRIP_ROWS) });
  const strip = canvas.getContext("2d");
  if (strip === null) throw new Error("This browser draws no pictures.");
  for (const { top, rows } of strips(height)) {
    const pixels = rgba.subarray(top * width * 4, (top + rows) * width * 4);
    strip.putImageData(new ImageData(pixels, width, rows), 0, 0);
    draw(strip, top);
    context.drawImage(canvas, 0, 0, width, rows, 0, top, width, rows);
    await breathe();
  }
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

export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error("The picture could not be made."));
      else resolve(blob);
    }, "image/png"),
  );
}

function drawLegend(context: CanvasRenderingContext2D, x: number, y: number, band: Band): void {
  drawLegendBar(context, { x, y, ...LEGEND }, band);
  context.fillStyle = "#1b2127";
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
