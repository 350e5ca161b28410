// The map over the image: one pixel a cell in a canvas of its own, painted as blocks come in and drawn
// enlarged. Refused cells are hatched, what is above the threshold is outlined where cells are large
// enough to see. A film's greys are its findings: only what reaches the threshold is painted over it, and
// that lightly; it is refused as a whole, which is said in words.
import { colourOf } from "../cividis.ts";
import type { CellVerdicts } from "../cell-verdicts.ts";
import type { ProbabilityMap } from "../probability-map.ts";
import { isJudged, isRefused, VERDICT } from "../verdicts.ts";

// Cells are painted for so long at a time; the rest follows in the next frame.
const PAINT_MS = 8;

const MIN_OUTLINED_CELL = 4; // px on the screen
const MAX_OUTLINED_CELLS = 30_000;

const HATCH_SIDE = 8; // px

const REFUSED = 0xffffffff; // any opaque colour: only its shape is used

// From level 0 to the screen: multiply, then add.
export interface Projection {
  scale: number; // px per pixel of level 0
  left: number;
  top: number;
}

function canvasOf(width: number, height: number): CanvasRenderingContext2D | null {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext("2d");
}

// Light and dark lines, to be seen on any image.
function hatch(context: CanvasRenderingContext2D): CanvasPattern | null {
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

export class MapLayer {
  readonly #redraw: () => void;
  #map: ProbabilityMap | null = null;
  #under: ProbabilityMap | null = null;
  #verdicts: CellVerdicts | null = null; // of the map, with regions
  #threshold = 0.5;
  #isFilm = false;
  #cells: CanvasRenderingContext2D | null = null;
  #refused: CanvasRenderingContext2D | null = null;
  #scratch: CanvasRenderingContext2D | null = null;
  #anyRefused = false;
  #rowToPaint = Infinity;
  #painting = 0;

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
    this.#map = map;
    this.#isFilm = isFilm;
    this.#under = under;
    this.#verdicts = verdicts;
    this.#threshold = threshold;
    this.#anyRefused = false;
    this.#cells = map === null ? null : canvasOf(map.columns, map.rows);
    this.#refused = map === null ? null : canvasOf(map.columns, map.rows);
    this.#repaint();
  }

  set threshold(threshold: number) {
    if (threshold === this.#threshold) return;
    this.#threshold = threshold;
    this.#repaint();
  }

  paintBlock(index: number): void {
    const block = this.#map?.plan.blocks[index];
    if (block === undefined) return;
    this.#paint(block.column, block.row, block.columns, block.rows);
    this.#redraw();
  }

  // Nothing of it waits for a later frame.
  get isPainted(): boolean {
    return this.#painting === 0;
  }

  close(): void {
    cancelAnimationFrame(this.#painting);
    this.#painting = 0;
    this.#map = this.#under = this.#verdicts = null;
    this.#cells = this.#refused = this.#scratch = null;
  }

  // All of it, a little at a time.
  #repaint(): void {
    this.#rowToPaint = 0;
    if (this.#painting === 0) this.#paintOn();
  }

  #paintOn(): void {
    this.#painting = 0;
    const map = this.#map;
    if (map === null) {
      this.#redraw();
      return;
    }
    const began = performance.now();
    const ROWS = 16;
    while (this.#rowToPaint < map.rows && performance.now() - began < PAINT_MS) {
      const rows = Math.min(ROWS, map.rows - this.#rowToPaint);
      this.#paint(0, this.#rowToPaint, map.columns, rows);
      this.#rowToPaint += rows;
    }
    if (this.#rowToPaint < map.rows) {
      this.#painting = requestAnimationFrame(() => this.#paintOn());
    }
    this.#redraw();
  }

  #paint(column: number, row: number, columns: number, rows: number): void {
    const [map, verdicts] = [this.#map, this.#verdicts];
    if (map === null || verdicts === null || columns === 0 || rows === 0) return;
    const cells = new Uint32Array(columns * rows);
    const refused = new Uint32Array(columns * rows);
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
        new ImageData(new Uint8ClampedArray(words.buffer), columns, rows),
        column,
        row,
      );
    put(cells, this.#cells);
    if (anyRefused || this.#anyRefused) put(refused, this.#refused);
    this.#anyRefused ||= anyRefused;
  }

  #colourOf(value: number): number {
    if (!this.#isFilm) return colourOf(value, this.#threshold);
    return value < this.#threshold ? 0 : colourOf(value, Infinity); // in the lighter of the colours
  }

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
    const first = { column: Math.floor(-left / cell.width), row: Math.floor(-top / cell.height) };
    const column = Math.max(0, first.column);
    const row = Math.max(0, first.row);
    const end = {
      column: Math.min(columns, Math.ceil((width - left) / cell.width)),
      row: Math.min(rows, Math.ceil((height - top) / cell.height)),
    };
    if (end.column <= column || end.row <= row) return;
    const seen = { column, row, columns: end.column - column, rows: end.row - row };
    const place = {
      x: left + column * cell.width,
      y: top + row * cell.height,
      width: seen.columns * cell.width,
      height: seen.rows * cell.height,
    };
    const copy = (from: CanvasRenderingContext2D, into: CanvasRenderingContext2D) => {
      // Enlarged as squares, reduced smoothly.
      into.imageSmoothingEnabled = cell.width < 1;
      const { x, y } = place;
      const [w, h] = [place.width, place.height];
      into.drawImage(from.canvas, seen.column, seen.row, seen.columns, seen.rows, x, y, w, h);
    };
    context.globalAlpha = opacity;
    copy(cells, context);
    context.globalAlpha = 1;
    if (this.#anyRefused && this.#refused !== null && !this.#isFilm)
      this.#drawHatch(context, this.#refused, copy, Math.max(opacity, 0.4));
    if (cell.width >= MIN_OUTLINED_CELL && seen.columns * seen.rows <= MAX_OUTLINED_CELLS)
      this.#outline(context, map, seen, { ...place, cell });
  }

  #drawHatch(
    context: CanvasRenderingContext2D,
    refused: CanvasRenderingContext2D,
    copy: (from: CanvasRenderingContext2D, into: CanvasRenderingContext2D) => void,
    opacity: number,
  ): void {
    const { width, height } = context.canvas;
    if (this.#scratch?.canvas.width !== width || this.#scratch.canvas.height !== height)
      this.#scratch = canvasOf(width, height);
    const scratch = this.#scratch;
    const pattern = scratch === null ? null : hatch(scratch);
    if (scratch === null || pattern === null) return;
    scratch.globalCompositeOperation = "copy";
    copy(refused, scratch);
    scratch.globalCompositeOperation = "source-in";
    scratch.fillStyle = pattern;
    scratch.fillRect(0, 0, width, height);
    context.globalAlpha = opacity;
    context.drawImage(scratch.canvas, 0, 0);
    context.globalAlpha = 1;
  }

  // Around the cells at or above the threshold.
  #outline(
    context: CanvasRenderingContext2D,
    map: ProbabilityMap,
    seen: { column: number; row: number; columns: number; rows: number },
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
