// The image of a slide with its map over it: what is zoomed, pointed at, drawn on and gone to.
import { make, paragraph } from "../../figures/build.ts";
import { textOf, type EngineError } from "../../messages.ts";
import { drawScaleBar } from "../export/map-png.ts";
import type { Point } from "../probability-map.ts";
import type { Slide } from "../slide.ts";
import type { Change } from "../slide-tools.ts";
import type { Rectangle } from "../source.ts";
import { cellText, inSight, type Cell } from "../cell-text.ts";
import { Drawing, label, type Measurement } from "./drawing.ts";
import { MapLayer, type Projection } from "./map-layer.ts";
import type { KeyTarget } from "./slide-keys.ts";
import { SlideViewer } from "./slide-viewer.ts";

export interface ImageRoomOptions {
  askedScale: () => number | null; // µm per pixel, while its scale is asked
  changed: () => void; // a tool, the opacity or a measurement
  readPatch: (cell: Cell) => void;
  tell: (sentence: string) => void;
}

const PLACE_MARGIN = 6; // patches around one that is gone to
const OPACITY = 0.55; // to begin with
const SCALE_BAR_SHARE = 0.25; // of the view, at most
const THRESHOLD = 0.5; // before the model's is known

export const thresholdOf = (slide: Slide) => slide.point()?.threshold ?? THRESHOLD;

export class ImageRoom implements KeyTarget {
  readonly element = make("div", { class: "slide-room" });
  readonly readout = make("output", { class: "slide-readout" }); // of what is under the pointer
  readonly paper = make("canvas", { class: "slide-paper", "aria-hidden": "true" });
  readonly #options: ImageRoomOptions;
  readonly #message = paragraph("", "stage-message text-body-secondary");
  readonly #layer = new MapLayer(() => this.#viewer?.redraw());
  readonly #measurements = new WeakMap<Slide, Measurement[]>();
  #opacity = OPACITY;
  #mapShown = true;
  #slide: Slide | null = null;
  #viewer: SlideViewer | null = null;
  #drawing: Drawing | null = null;
  #marked: Rectangle | null = null; // the patch that was gone to
  #pointer: Point | null = null; // px, from the corner of the element
  #place = -1; // of the most suspicious; -1: none was gone to

  constructor(options: ImageRoomOptions) {
    this.#options = options;
    this.element.append(this.#message);
    this.#bindHover();
    addEventListener("beforeprint", () => this.#drawPaper());
  }

  show(slide: Slide | null): void {
    this.#close();
    this.#slide = slide;
    if (slide !== null) this.#showMap(slide);
  }

  changed({ kind, ...change }: Change): void {
    const slide = this.#slide;
    if (slide === null) return;
    if (kind === "block" && "block" in change) this.#layer.paintBlock(change.block);
    if (kind !== "map") return;
    this.#showMap(slide);
  }

  update(slide: Slide): void {
    this.#open(slide);
    this.element.dataset["film"] = String(slide.kind === "mammogram");
    this.#layer.threshold = thresholdOf(slide);
    if (this.#drawing !== null) {
      this.#drawing.regions = slide.regions;
      this.#drawing.measurements = this.#measurements.get(slide) ?? [];
    }
    const isEmpty = slide.phase === "failed" && slide.facts === null;
    this.#message.textContent = isEmpty ? "No image to show." : "";
    this.redraw();
  }

  redraw(): void {
    this.#viewer?.redraw();
  }

  get viewer(): SlideViewer | null {
    return this.#viewer;
  }

  get drawing(): Drawing | null {
    return this.#drawing;
  }

  get mapShown(): boolean {
    return this.#mapShown;
  }

  get opacity(): number {
    return this.#opacity;
  }

  setOpacity(opacity: number): void {
    this.#opacity = Math.max(0, Math.min(1, opacity));
    this.#mapShown = true;
    this.#options.changed();
  }

  toggleMap(): void {
    this.#mapShown = !this.#mapShown;
    this.#options.changed();
  }

  // --- Going to a place ------------------------------------------------------------------------

  // The next of the most suspicious places, or the one before.
  stepPlace(step: number): void {
    const { film, places = [] } = this.#slide?.summary ?? {};
    const all = film?.marks ?? places;
    if (all.length === 0) return;
    const from = this.#place < 0 && step < 0 ? 0 : this.#place;
    const place = all[(from + step + all.length) % all.length];
    if (place !== undefined) this.goToCell(place.column, place.row);
  }

  goToCell(column: number, row: number): void {
    const map = this.#slide?.summedMap;
    if (map == null) return;
    const { film, places = [] } = this.#slide?.summary ?? {};
    this.#place = (film?.marks ?? places).findIndex(
      (place) => place.column === column && place.row === row,
    );
    const patch = map.patchSquare(column, row);
    this.#marked = patch;
    this.#pointAt(null); // until it moves again, the place is what is meant
    const grown = (side: number) => side * (1 + PLACE_MARGIN);
    this.#viewer?.goTo({
      x: patch.x - (patch.width * PLACE_MARGIN) / 2,
      y: patch.y - (patch.height * PLACE_MARGIN) / 2,
      width: grown(patch.width),
      height: grown(patch.height),
    });
    this.redraw();
  }

  // The cell under the pointer, or else the one that was gone to.
  readPointed(): void {
    const marked = this.#marked;
    const middle = marked && { x: marked.x + marked.width / 2, y: marked.y + marked.height / 2 };
    const cell = this.#cellAt(this.#pointed()) ?? this.#cellAt(middle);
    if (cell !== null) this.#options.readPatch(cell);
    else this.#options.tell("No place of the map is under the pointer: point at one and press E.");
  }

  goToFocus(): void {
    const map = this.#slide?.summedMap;
    const box = this.#slide?.summary?.largestFocus?.box;
    if (map == null || box === undefined) return;
    this.#marked = map.onLevel0(box);
    this.#pointAt(null);
    this.#viewer?.goTo(this.#marked);
  }

  // --- Drawn by hand ---------------------------------------------------------------------------

  addRegionOfView(): void {
    const [slide, view] = [this.#slide, this.#viewer?.view];
    if (slide === null || view === undefined) return;
    const { x, y, width, height } = view;
    const corners = [
      { x, y },
      { x: x + width, y },
      { x: x + width, y: y + height },
      { x, y: y + height },
    ];
    slide.setRegions([...slide.regions, corners]);
  }

  measurements(slide: Slide): { of: Measurement; text: string }[] {
    const all = this.#measurements.get(slide) ?? [];
    return all.map((of) => ({ of, text: this.#drawing?.textOf(of) ?? "" }));
  }

  removeMeasurement(index: number): void {
    this.#setMeasurements((all) => all.filter((_, at) => at !== index));
  }

  #setMeasurements(change: (all: Measurement[]) => Measurement[]): void {
    const slide = this.#slide;
    if (slide === null) return;
    this.#measurements.set(slide, change(this.#measurements.get(slide) ?? []));
    this.#options.changed();
  }

  // --- The viewer ------------------------------------------------------------------------------

  #open(slide: Slide): void {
    const [size] = slide.facts?.levels ?? [];
    if (this.#viewer !== null || size === undefined) return;
    this.#viewer = new SlideViewer({
      place: this.element,
      size,
      label: `The image ${slide.name}. Arrow keys move it, plus and minus zoom; ? lists all keys.`,
      tile: (rectangle, width, height, signal) => slide.tile(rectangle, width, height, signal),
      draw: (context, to, ratio) => this.#draw(slide, context, to, ratio),
      tileFailed: (error) => {
        const isOpen = this.#slide === slide && (error as EngineError).code !== "cancelled";
        if (isOpen) this.#options.tell(textOf(error));
      },
      firstTile: () => this.element.toggleAttribute("data-drawn", true),
    });
    this.#drawing = new Drawing({
      viewer: this.#viewer,
      umPerPixel: () => slide.scale?.umPerPixel ?? null,
      onRegion: (polygon) => slide.setRegions([...slide.regions, polygon]),
      onMeasured: (measurement) => this.#setMeasurements((all) => [...all, measurement]),
      onTool: () => this.#options.changed(),
    });
  }

  #close(): void {
    this.#layer.close();
    this.#drawing?.close();
    this.#viewer?.close();
    this.#viewer = this.#drawing = null;
    this.#marked = null;
    this.#place = -1;
    this.#pointAt(null);
    this.element.removeAttribute("data-drawn");
  }

  #showMap(slide: Slide): void {
    const { map, verdicts, under, kind } = slide;
    this.#layer.show(map, verdicts, thresholdOf(slide), under, kind === "mammogram");
  }

  #bindHover(): void {
    this.element.addEventListener("pointermove", ({ clientX, clientY }) => {
      const { left, top } = this.element.getBoundingClientRect();
      this.#pointAt({ x: clientX - left, y: clientY - top });
    });
    this.element.addEventListener("pointerleave", () => this.#pointAt(null));
  }

  #pointAt(place: Point | null): void {
    this.#pointer = place;
    const at = this.#pointed();
    this.readout.textContent = at === null ? "" : this.#textAt(at);
  }

  // Of level 0, wherever the view has moved to since.
  #pointed(): Point | null {
    return this.#pointer && (this.#viewer?.toImage(this.#pointer) ?? null);
  }

  // That is in sight there.
  #cellAt(place: Point | null): Cell | null {
    const { map, verdicts, under } = this.#slide ?? {};
    if (place === null || map == null || verdicts == null) return null;
    const cell = map.at(place);
    return cell && inSight({ map, verdicts, under: under ?? null }, cell);
  }

  #textAt(place: Point): string {
    const slide = this.#slide;
    if (slide === null) return "";
    const { map, verdicts, under, kind, model } = slide;
    const cell = map?.at(place) ?? null;
    if (cell === null || map === null || verdicts === null) return "";
    const point = slide.point();
    const judged = model === null || point === null ? null : { model: model.facts, point };
    return cellText({ map, verdicts, under, kind, judged }, cell);
  }

  // --- What is drawn over the image ------------------------------------------------------------

  // Whether the map in sight has all its cells, at the point in force: the page hears of another one in
  // the next frame only.
  get isPainted(): boolean {
    return this.#slide === null || this.#layer.isPaintedAt(thresholdOf(this.#slide));
  }

  async painted(): Promise<void> {
    while (!this.isPainted) await new Promise(requestAnimationFrame);
  }

  // Map, regions and measurements alone, as they are saved.
  drawMap(context: CanvasRenderingContext2D, to: Projection, opacity: number): void {
    this.#layer.draw(context, to, opacity);
    this.#drawing?.draw(context, to, 1);
  }

  #draw(slide: Slide, context: CanvasRenderingContext2D, to: Projection, ratio: number): void {
    if (this.#mapShown) this.#layer.draw(context, to, this.#opacity);
    if (this.#marked !== null) drawMark(context, this.#marked, to, ratio);
    this.#drawing?.draw(context, to, ratio);
    const isAsking = slide.phase === "asking";
    const umPerPixel = isAsking ? this.#options.askedScale() : (slide.scale?.umPerPixel ?? null);
    const { width, height } = context.canvas;
    if (umPerPixel !== null)
      drawScaleBar(context, umPerPixel / to.scale, {
        x: 16 * ratio,
        y: height - 16 * ratio,
        most: width * SCALE_BAR_SHARE,
        ratio,
      });
    else if (isAsking) label(context, "scale not known", 70 * ratio, height - 24 * ratio, ratio);
  }

  // Paper shows what is on the screen.
  #drawPaper(): void {
    const canvases = (this.#viewer?.canvases ?? []).filter(({ width, height }) => width * height);
    const [largest] = canvases.toSorted((a, b) => b.width - a.width);
    if (largest === undefined) return;
    const { width, height } = largest;
    Object.assign(this.paper, { width, height });
    const context = this.paper.getContext("2d");
    for (const canvas of canvases) context?.drawImage(canvas, 0, 0, width, height);
  }
}

// Around the patch that was gone to: white on black, to be seen on any image.
function drawMark(
  context: CanvasRenderingContext2D,
  mark: Rectangle,
  to: Projection,
  ratio: number,
): void {
  const [x, y] = [mark.x * to.scale + to.left, mark.y * to.scale + to.top];
  for (const [colour, width] of [
    ["#000000", 4],
    ["#ffffff", 2],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width * ratio;
    context.strokeRect(x, y, mark.width * to.scale, mark.height * to.scale);
  }
}
