// The map over the image: one pixel a cell in a canvas of its own, painted as blocks come in, and drawn
// enlarged. Refused cells are hatched, what is above the threshold is outlined where cells are large
// enough to see. A film's greys are its findings: only what reaches the threshold is painted over it, and
// that lightly; it is refused as a whole, which is said in words.
import { colourOf } from "../cividis.ts";
import type { CellVerdicts } from "../cell-verdicts.ts";
import type { ProbabilityMap } from "../probability-map.ts";
import { isJudged, isRefused, VERDICT } from "../verdicts.ts";
import { canvasOf } from "./canvas.ts";

// Cells are painted for so long at a time, so many at once; the rest follows in a task of its own.
const PAINT_MS = 8;
const PAINT_CELLS = 4_096;

const MIN_OUTLINED_CELL = 4; // px on the screen
const MAX_OUTLINED_CELLS = 30_000;

export const HATCH_SIDE = 8; // px

const REFUSED = 0xffffffff; // any opaque colour: only its shape is used

// From level 0 to the screen: multiply, then add.
export interface Projection {
  scale: number; // px per pixel of level 0
  left: number;
  top: number;
}

interface Cells {
  column: number;
  row: number;
  columns: number;
  rows: number;
}

// Gives its memory back, in a task of its own: megabytes take a while, and wait for a collection otherwise.
function release(context: CanvasRenderingContext2D | null): void {
  if (context !== null) setTimeout(() => (context.canvas.width = context.canvas.height = 0), 0);
}

// Light and dark lines, to be seen on any image.
function hatchPattern(context: CanvasRenderingContext2D): CanvasPattern | null {
  const tile = canvasOf(HATCH_SIDE, HATCH_SIDE);
  if (tile === null) return null;
  for (const [colour, shift] of [
    ["#10161c", 0],
    ["#f4f6f8", 1.5],
  ] as const) {
    tile.strokeStyle = colour;
    tile.lineWidth = 1.5;
    tile.beginPath();
    for (let from = -HATCH_SIDE; from <= HATCH_SIDE; from += HATCH_SIDE) {
      tile.moveTo(from - 1 + shift, HATCH_SIDE + 1);
      tile.lineTo(from + HATCH_SIDE + 1 + shift, -1);
    }
    tile.stroke();
  }
  return context.createPattern(tile.canvas, "repeat");
}

// What a coarser map has where a cell of the finer one is.
function below(
  under: ProbabilityMap,
  map: ProbabilityMap,
  column: number,
  row: number,
): [verdict: number, value: number] {
  const cell = under.under(map, column, row);
  if (cell === null) return [VERDICT.notYet, Number.NaN];
  return [under.verdict(cell.column, cell.row), under.value(cell.column, cell.row)];
}

// The pixels that are painted next, in memory that is kept: thrown away by the thousand, it would be
// collected in one long task.
class Brush {
  #all = new Uint32Array(PAINT_CELLS); // RGBA

  // So many, all clear.
  of(length: number): Uint32Array<ArrayBuffer> {
    if (length > this.#all.length) this.#all = new Uint32Array(length);
    return this.#all.subarray(0, length).fill(0);
  }
}

export class MapLayer {
  readonly #redraw: () => void;
  #map: ProbabilityMap | null = null;
  #under: ProbabilityMap | null = null;
  #verdicts: CellVerdicts | null = null; // of the map, with regions
  #threshold = 0.5;
  #isFilm = false;
  #cells: CanvasRenderingContext2D | null = null;
  #refused: CanvasRenderingContext2D | null = null;
  #anyRefused = false; // since the canvases are there
  #hatching: CanvasPattern | null = null; // made when first needed
  readonly #brushes = { cells: new Brush(), refused: new Brush() };
  #toPaint: Cells[] = [];
  #painting: ReturnType<typeof setTimeout> | null = null;

  // redraw: asks for draw() soon.
  constructor(redraw: () => void) {
    this.#redraw = redraw;
  }

  // under: what is drawn where the map has nothing yet.
  show(
    map: ProbabilityMap | null,
    verdicts: CellVerdicts | null,
    threshold: number,
    under: ProbabilityMap | null,
    isFilm: boolean,
  ): void {
    const isOther = map !== this.#map;
    this.#map = map;
    this.#isFilm = isFilm;
    this.#under = under;
    this.#verdicts = verdicts;
    this.#threshold = threshold;
    if (isOther) this.#makeCanvases();
    this.#repaint();
  }

  set threshold(threshold: number) {
    if (threshold === this.#threshold) return;
    this.#threshold = threshold;
    this.#repaint();
  }

  paintBlock(index: number): void {
    const block = this.#map?.plan.blocks[index];
    if (block !== undefined) this.#paintSoon(block);
  }

  // Nothing of it waits for a later task, nor for that threshold.
  isPaintedAt(threshold: number): boolean {
    return this.#toPaint.length === 0 && this.#threshold === threshold;
  }

  close(): void {
    if (this.#painting !== null) clearTimeout(this.#painting);
    this.#painting = null;
    this.#toPaint = [];
    this.#map = this.#under = this.#verdicts = null;
    this.#releaseCanvases();
  }

  #makeCanvases(): void {
    const map = this.#map;
    this.#releaseCanvases();
    this.#cells = map === null ? null : canvasOf(map.columns, map.rows);
    this.#refused = map === null ? null : canvasOf(map.columns, map.rows);
  }

  #releaseCanvases(): void {
    release(this.#cells);
    release(this.#refused);
    this.#cells = this.#refused = null;
    this.#anyRefused = false;
  }

  // All of it anew: what waits is part of it. What is there stays in sight until it is painted over.
  #repaint(): void {
    this.#toPaint = [];
    if (this.#map === null) this.#redraw();
    else this.#paintSoon({ column: 0, row: 0, columns: this.#map.columns, rows: this.#map.rows });
  }

  #paintSoon({ column, row, columns, rows }: Cells): void {
    if (columns > 0 && rows > 0) this.#toPaint.push({ column, row, columns, rows });
    this.#painting ??= setTimeout(() => this.#paintOn(), 0);
  }

  #paintOn(): void {
    this.#painting = null;
    const began = performance.now();
    while (performance.now() - began < PAINT_MS) {
      const [next] = this.#toPaint;
      if (next === undefined) break;
      const { column, row, columns } = next;
      const rows = Math.min(Math.max(1, Math.floor(PAINT_CELLS / columns)), next.rows);
      this.#paint(column, row, columns, rows);
      next.row += rows;
      next.rows -= rows;
      if (next.rows === 0) this.#toPaint.shift();
    }
    if (this.#toPaint.length > 0) this.#painting = setTimeout(() => this.#paintOn(), 0);
    this.#redraw();
  }

  #paint(column: number, row: number, columns: number, rows: number): void {
    const [map, verdicts] = [this.#map, this.#verdicts];
    if (map === null || verdicts === null) return;
    const cells = this.#brushes.cells.of(columns * rows);
    const refused = this.#brushes.refused.of(columns * rows);
    let anyRefused = false;
    for (let v = 0; v < rows; v++) {
      for (let u = 0; u < columns; u++) {
        const at = (row + v) * map.columns + column + u;
        let verdict = verdicts.at(at);
        let value = map.values[at] ?? Number.NaN;
        if (verdict === VERDICT.notYet && this.#under !== null)
          [verdict, value] = below(this.#under, map, column + u, row + v);
        if (isJudged(verdict)) cells[v * columns + u] = this.#colourOf(value);
        // What is judged although it was refused has both, its colour and the hatching.
        if (isRefused(verdict) || verdict === VERDICT.unread) {
          refused[v * columns + u] = REFUSED;
          anyRefused = true;
        }
      }
    }
    const put = (words: Uint32Array<ArrayBuffer>, into: CanvasRenderingContext2D | null) =>
      into?.putImageData(
        new ImageData(new Uint8ClampedArray(words.buffer, 0, words.byteLength), columns, rows),
        column,
        row,
      );
    put(cells, this.#cells);
    this.#anyRefused ||= anyRefused;
    if (this.#anyRefused) put(refused, this.#refused);
  }

  #colourOf(value: number): number {
    if (!this.#isFilm) return colourOf(value, this.#threshold);
    return value < this.#threshold ? 0 : colourOf(value, Infinity); // in the lighter of the colours
  }

  // context: with nothing on it.
  draw(context: CanvasRenderingContext2D, to: Projection, opacity: number): void {
    const [map, cells] = [this.#map, this.#cells];
    if (map === null || cells === null) return;
    const { extent, columns, rows } = map;
    const { width, height } = context.canvas;
    const cell = {
      width: (extent.width / columns) * to.scale,
      height: (extent.height / rows) * to.scale,
    };
    const [left, top] = [extent.x * to.scale + to.left, extent.y * to.scale + to.top];
    // One more on each side, which what is reduced smoothly at the edge is made of.
    const column = Math.max(0, Math.floor(-left / cell.width) - 1);
    const row = Math.max(0, Math.floor(-top / cell.height) - 1);
    const end = {
      column: Math.min(columns, Math.ceil((width - left) / cell.width) + 1),
      row: Math.min(rows, Math.ceil((height - top) / cell.height) + 1),
    };
    if (end.column <= column || end.row <= row) return;
    const seen = { column, row, columns: end.column - column, rows: end.row - row };
    const place = {
      x: left + column * cell.width,
      y: top + row * cell.height,
      width: seen.columns * cell.width,
      height: seen.rows * cell.height,
    };
    const copy = (from: CanvasRenderingContext2D) => {
      // Enlarged as squares, reduced smoothly.
      context.imageSmoothingEnabled = cell.width < 1;
      const { x, y } = place;
      const [w, h] = [place.width, place.height];
      context.drawImage(from.canvas, seen.column, seen.row, seen.columns, seen.rows, x, y, w, h);
    };
    if (this.#anyRefused && this.#refused !== null && !this.#isFilm) {
      copy(this.#refused);
      this.#hatch(context, Math.max(opacity, 0.4));
    }
    // Below the hatching, which is first because it takes the whole of an empty canvas.
    context.globalCompositeOperation = "destination-over";
    context.globalAlpha = opacity;
    copy(cells);
    context.globalAlpha = 1;
    context.globalCompositeOperation = "source-over";
    if (cell.width >= MIN_OUTLINED_CELL && seen.columns * seen.rows <= MAX_OUTLINED_CELLS)
      this.#outline(context, map, seen, { ...place, cell });
  }

  // What is there becomes hatched. No canvas of its own: its memory would take longer than all else.
  #hatch(context: CanvasRenderingContext2D, opacity: number): void {
    const { width, height } = context.canvas;
    this.#hatching ??= hatchPattern(context);
    if (this.#hatching === null) return;
    context.globalCompositeOperation = "source-in";
    context.globalAlpha = opacity;
    context.fillStyle = this.#hatching;
    context.fillRect(0, 0, width, height);
  }

  // Around the cells at or above the threshold.
  #outline(
    context: CanvasRenderingContext2D,
    map: ProbabilityMap,
    seen: Cells,
    place: { x: number; y: number; cell: { width: number; height: number } },
  ): void {
    const verdicts = this.#verdicts;
    const isPositive = (column: number, row: number) => {
      if (column < 0 || row < 0 || column >= map.columns || row >= map.rows) return false;
      const at = row * map.columns + column;
      return isJudged(verdicts?.at(at)) && (map.values[at] ?? 0) >= this.#threshold;
    };
    const path = new Path2D();
    const { cell } = place;
    for (let v = 0; v <= seen.rows; v++) {
      for (let u = 0; u <= seen.columns; u++) {
        const [column, row] = [seen.column + u, seen.row + v];
        const here = isPositive(column, row);
        const [x, y] = [place.x + u * cell.width, place.y + v * cell.height];
        if (here !== isPositive(column, row - 1)) {
          path.moveTo(x, y);
          path.lineTo(x + cell.width, y);
        }
        if (here !== isPositive(column - 1, row)) {
          path.moveTo(x, y);
          path.lineTo(x, y + cell.height);
        }
      }
    }
    for (const [colour, lineWidth] of [
      ["#000000", 3],
      ["#ffffff", 1.25],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = lineWidth;
      context.stroke(path);
    }
  }
}
