// Drawing on the image by hand: polygons that limit the analysis, and a ruler. A tool takes the pointer
// while it is chosen; the wheel still zooms.
import type { Point } from "../probability-map.ts";
import { lengthText } from "../scale.ts";
import type { Projection } from "./map-layer.ts";
import type { SlideViewer } from "./slide-viewer.ts";

export type Tool = "region" | "ruler";

export interface Measurement {
  from: Point; // pixels of level 0
  to: Point;
}

const CLOSE_PX = 10; // so near the first corner a click closes a polygon
const MIN_CORNERS = 3;

export interface DrawingOptions {
  viewer: SlideViewer;
  umPerPixel: () => number | null;
  onRegion: (polygon: Point[]) => void;
  onMeasured: (measurement: Measurement) => void;
  onTool: (tool: Tool | null) => void; // chosen, or left
}

export class Drawing {
  readonly #options: DrawingOptions;
  readonly #stop = new AbortController();
  #tool: Tool | null = null;
  #corners: Point[] = [];
  #pointer: Point | null = null; // of level 0
  regions: readonly (readonly Point[])[] = [];
  measurements: readonly Measurement[] = [];

  constructor(options: DrawingOptions) {
    this.#options = options;
    const { overlay } = options.viewer;
    const { signal } = this.#stop;
    overlay.addEventListener("pointerdown", (event) => this.#press(event), { signal });
    overlay.addEventListener("pointermove", (event) => this.#move(event), { signal });
    overlay.addEventListener("pointerup", (event) => this.#lift(event), { signal });
    overlay.addEventListener("dblclick", () => this.finish(), { signal });
    overlay.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        options.viewer.zoom(-Math.sign(event.deltaY) / 2);
      },
      { signal, passive: false },
    );
  }

  get tool(): Tool | null {
    return this.#tool;
  }

  choose(tool: Tool | null): void {
    this.#tool = tool;
    this.#corners = [];
    this.#pointer = null;
    const { viewer, onTool } = this.#options;
    viewer.overlay.classList.toggle("drawing", tool !== null);
    viewer.moves = tool === null;
    onTool(tool);
    viewer.redraw();
  }

  // Closes the polygon that is being drawn.
  finish(): void {
    if (this.#tool !== "region" || this.#corners.length < MIN_CORNERS) return;
    const polygon = this.#corners;
    this.choose(null);
    this.#options.onRegion(polygon);
  }

  close(): void {
    this.#stop.abort();
  }

  #place(event: PointerEvent): Point | null {
    const box = this.#options.viewer.overlay.getBoundingClientRect();
    return this.#options.viewer.toImage({
      x: event.clientX - box.left,
      y: event.clientY - box.top,
    });
  }

  #press(event: PointerEvent): void {
    const at = this.#place(event);
    if (at === null || event.button !== 0) return;
    if (this.#tool === "ruler" && this.#corners.length === 0) this.#corners = [at];
    if (this.#tool === "region") {
      const [first] = this.#corners;
      const scale = this.#options.viewer.projection()?.scale ?? 1;
      const near =
        first !== undefined && Math.hypot(first.x - at.x, first.y - at.y) * scale < CLOSE_PX;
      if (near && this.#corners.length >= MIN_CORNERS) this.finish();
      else if (!near) this.#corners.push(at);
    }
    this.#pointer = at;
    this.#options.viewer.redraw();
  }

  #move(event: PointerEvent): void {
    if (this.#tool === null || this.#corners.length === 0) return;
    this.#pointer = this.#place(event);
    this.#options.viewer.redraw();
  }

  // A ruler is drawn by dragging, or by two clicks.
  #lift(event: PointerEvent): void {
    const [from] = this.#corners;
    const to = this.#place(event);
    if (this.#tool !== "ruler" || from === undefined || to === null) return;
    const scale = this.#options.viewer.projection()?.scale ?? 1;
    if (Math.hypot(from.x - to.x, from.y - to.y) * scale < CLOSE_PX) return;
    this.choose(null);
    this.#options.onMeasured({ from, to });
  }

  draw(context: CanvasRenderingContext2D, to: Projection, ratio: number): void {
    const at = ({ x, y }: Point): [number, number] => [
      x * to.scale + to.left,
      y * to.scale + to.top,
    ];
    const trace = (points: readonly Point[], isClosed: boolean) => {
      context.beginPath();
      points.forEach((point, index) =>
        index === 0 ? context.moveTo(...at(point)) : context.lineTo(...at(point)),
      );
      if (isClosed) context.closePath();
      for (const [colour, width] of [
        ["#000000", 4],
        ["#ffffff", 2],
      ] as const) {
        context.strokeStyle = colour;
        context.lineWidth = width * ratio;
        context.stroke();
      }
    };
    for (const region of this.regions) trace(region, true);
    const moving = this.#pointer === null ? [] : [this.#pointer];
    if (this.#corners.length > 0) trace([...this.#corners, ...moving], false);
    const [from] = this.#corners;
    const drawn = [...this.measurements];
    if (this.#tool === "ruler" && from !== undefined && this.#pointer !== null)
      drawn.push({ from, to: this.#pointer });
    for (const measurement of drawn) {
      trace([measurement.from, measurement.to], false);
      const [x, y] = at({
        x: (measurement.from.x + measurement.to.x) / 2,
        y: (measurement.from.y + measurement.to.y) / 2,
      });
      label(context, this.textOf(measurement), x, y, ratio);
    }
  }

  textOf({ from, to }: Measurement): string {
    const um = this.#options.umPerPixel();
    const pixels = Math.hypot(from.x - to.x, from.y - to.y);
    return um === null ? `${Math.round(pixels)} px` : lengthText(pixels * um);
  }
}

// White on black, to be read on any image.
export function label(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  ratio: number,
): void {
  context.font = `${13 * ratio}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 10 * ratio;
  context.fillStyle = "rgb(0 0 0 / 75%)";
  context.fillRect(x - width / 2, y - 10 * ratio, width, 20 * ratio);
  context.fillStyle = "#ffffff";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}
