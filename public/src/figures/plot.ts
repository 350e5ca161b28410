// A small chart: axes, and what is drawn between them. Colours and widths are the style sheet's.
import { draw, type Attributes } from "./build.ts";

export type Point = readonly [x: number, y: number];

export interface PlotOptions {
  label: string; // what a screen reader says in its place
  xTitle: string;
  yTitle: string;
  xTicks?: readonly number[];
  xTop?: number; // the axes begin at 0
  yTicks?: readonly number[];
  yTop?: number;
}

const WIDTH = 340;
const HEIGHT = 300;
const MARGIN = { left: 44, right: 12, top: 10, bottom: 44 };
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

export type Shape = "disc" | "ring" | "diamond" | "square";

const round = (value: number) => Math.round(value * 100) / 100;

function shapePath(shape: Shape, x: number, y: number, size: number): string {
  if (shape === "square") {
    const half = size * 0.85;
    return `M${round(x - half)} ${round(y - half)}h${2 * half}v${2 * half}h${-2 * half}z`;
  }
  if (shape === "diamond") {
    const reach = size * 1.3;
    return `M${round(x)} ${round(y - reach)}l${reach} ${reach}l${-reach} ${reach}l${-reach} ${-reach}z`;
  }
  return `M${round(x - size)} ${round(y)}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0z`;
}

interface Note {
  from: number;
  width: number;
  row: number;
}

const GLYPH = 6.5; // about as wide is a letter
const LINE = 13;

function overlaps(a: Note, b: Note): boolean {
  return a.from < b.from + b.width && b.from < a.from + a.width && Math.abs(a.row - b.row) < LINE;
}

export class Plot {
  readonly element: SVGSVGElement;
  readonly #right: number;
  readonly #top: number;
  readonly #notes: Note[] = [];

  constructor(options: PlotOptions) {
    const { label, xTitle, yTitle } = options;
    const { xTicks = TICKS, xTop = 1, yTicks = TICKS, yTop = 1 } = options;
    this.#right = xTop;
    this.#top = yTop;
    this.element = draw("svg", {
      class: "plot",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": label,
    });
    for (const tick of xTicks) {
      this.line(
        [
          [tick, 0],
          [tick, yTop],
        ],
        "plot-grid",
      );
      this.#text(this.x(tick), HEIGHT - MARGIN.bottom + 16, String(tick), {
        "text-anchor": "middle",
      });
    }
    for (const tick of yTicks) {
      this.line(
        [
          [0, tick],
          [xTop, tick],
        ],
        "plot-grid",
      );
      this.#text(MARGIN.left - 6, this.y(tick) + 4, String(tick), { "text-anchor": "end" });
    }
    this.line(
      [
        [0, yTop],
        [0, 0],
        [xTop, 0],
      ],
      "plot-axis",
    );
    const middle = (this.x(0) + this.x(xTop)) / 2;
    this.#text(middle, HEIGHT - 8, xTitle, { "text-anchor": "middle", class: "plot-title" });
    const across = (this.y(0) + this.y(yTop)) / 2;
    this.#text(12, across, yTitle, {
      "text-anchor": "middle",
      class: "plot-title",
      transform: `rotate(-90 12 ${across})`,
    });
  }

  x(value: number): number {
    return round(MARGIN.left + (value / this.#right) * (WIDTH - MARGIN.left - MARGIN.right));
  }

  y(value: number): number {
    return round(
      HEIGHT - MARGIN.bottom - (value / this.#top) * (HEIGHT - MARGIN.top - MARGIN.bottom),
    );
  }

  line(points: readonly Point[], className: string): SVGElement {
    const at = points.map(([x, y]) => `${this.x(x)},${this.y(y)}`).join(" ");
    return this.#add(draw("polyline", { points: at, class: className, fill: "none" }));
  }

  area(points: readonly Point[], className: string): SVGElement {
    const at = points.map(([x, y]) => `${this.x(x)},${this.y(y)}`).join(" ");
    return this.#add(draw("polygon", { points: at, class: className }));
  }

  mark(shape: Shape, [x, y]: Point, className: string, size = 4): SVGElement {
    const path = shapePath(shape, this.x(x), this.y(y), size);
    return this.#add(draw("path", { d: path, class: className }));
  }

  move(mark: SVGElement, shape: Shape, [x, y]: Point, size = 4): void {
    mark.setAttribute("d", shapePath(shape, this.x(x), this.y(y), size));
  }

  // Beside a point or a little below it, on the side where there is room, and not over another note.
  note(text: string, [x, y]: Point, where: "beside" | "below" = "beside"): SVGElement {
    const left = x > 0.6 * this.#right;
    const at = this.x(x) + (left ? -9 : 9);
    const width = text.length * GLYPH;
    const from = left ? at - width : at;
    const first = where === "beside" ? 4 : 16;
    const rows = [0, 14, -14, 28, -28].map((down) => this.y(y) + first + down);
    const free = rows.filter((row) => row > MARGIN.top + 4 && row < HEIGHT - MARGIN.bottom);
    const place =
      free.find((row) => !this.#notes.some((note) => overlaps(note, { from, width, row }))) ??
      free[0] ??
      this.y(y);
    this.#notes.push({ from, width, row: place });
    return this.#text(at, place, text, {
      "text-anchor": left ? "end" : "start",
      class: "plot-note",
    });
  }

  #text(x: number, y: number, text: string, attributes: Attributes): SVGElement {
    return this.#add(draw("text", { x, y, ...attributes }, text));
  }

  #add<T extends SVGElement>(made: T): T {
    this.element.append(made);
    return made;
  }
}
