// The image on the screen: OpenSeadragon, whose tiles come from the slide's worker, with a canvas over
// it for the map and what is drawn on it. Nothing of it is fetched: no picture, no style.
import OpenSeadragon from "openseadragon";
import type { Tile } from "../messages.ts";
import type { Point } from "../probability-map.ts";
import type { Level, Rectangle } from "../source.ts";
import { canvasOf } from "./canvas.ts";
import type { Projection } from "./map-layer.ts";

const TILE_SIDE = 512; // px
const ZOOM_STEP = 1.5;
const PAN_STEP = 0.15; // of the view
const MAX_ENLARGEMENT = 8; // px of the screen a pixel of level 0
const ALL_IN_VIEW = 1.02; // of the view that an image may take, to count as seen whole
const MARGIN = 1.25; // around a place that is gone to

export interface ViewerOptions {
  place: HTMLElement;
  size: Level; // level 0
  label: string;
  tile: (rectangle: Rectangle, width: number, height: number, signal: AbortSignal) => Promise<Tile>;
  draw: (context: CanvasRenderingContext2D, to: Projection, ratio: number) => void;
  firstTile: () => void;
  tileFailed: (error: unknown) => void;
}

// OpenSeadragon adds a style element for phones, which the page's policy forbids, unless one of that
// name is there: this one is no style of HTML and does nothing.
function keepStyleOut(): void {
  if (document.querySelector("style[data-openseadragon-mobile-css]") !== null) return;
  const mark = document.createElementNS("urn:insitu", "style");
  mark.setAttribute("data-openseadragon-mobile-css", "");
  document.head.append(mark);
}

class WorkerTiles extends OpenSeadragon.TileSource {
  readonly #options: ViewerOptions;
  #any = false;
  isClosed = false; // then no tile is handed over any more

  constructor(options: ViewerOptions) {
    const { width, height } = options.size;
    super({
      width,
      height,
      tileSize: TILE_SIDE,
      tileOverlap: 0,
    });
    this.#options = options;
  }

  override getTileUrl(level: number, x: number, y: number): string {
    return `${level}/${x}/${y}`; // a name; nothing is asked of a server
  }

  override hasTransparency(): boolean {
    return false;
  }

  override downloadTileStart(job: OpenSeadragon.ImageJob): void {
    const { tile, size, firstTile } = this.#options;
    const [level = 0, column = 0, row = 0] = job.src.split("/").map(Number);
    const side = TILE_SIDE / 2 ** (level - this.maxLevel);
    const [x, y] = [column * side, row * side];
    const width = Math.min(side, size.width - x);
    const height = Math.min(side, size.height - y);
    const drawn = (length: number) => Math.max(1, Math.round((length / side) * TILE_SIDE));
    const stop = new AbortController();
    job.userData = stop;
    tile({ x, y, width, height }, drawn(width), drawn(height), stop.signal).then(
      ({ width: w, height: h, rgba }) => {
        if (this.isClosed) return;
        const context = canvasOf(w, h);
        context?.putImageData(new ImageData(rgba, w, h), 0, 0);
        job.finish(context, null, "context2d");
        if (!this.#any) firstTile();
        this.#any = true;
      },
      (error: unknown) => {
        if (this.isClosed) return;
        // A place that cannot be read stays empty, and the person is told; what is no longer wanted is
        // nobody's business.
        if (!stop.signal.aborted) this.#options.tileFailed(error);
        job.finish(canvasOf(drawn(width), drawn(height)), null, "context2d");
      },
    );
  }

  override downloadTileAbort(job: OpenSeadragon.ImageJob): void {
    (job.userData as AbortController).abort();
  }
}

export class SlideViewer {
  readonly #viewer: OpenSeadragon.Viewer;
  readonly #options: ViewerOptions;
  readonly #tiles: WorkerTiles;
  readonly #overlay: HTMLCanvasElement;
  readonly #resize: ResizeObserver;
  #shown = { width: 0, height: 0 }; // of the place, CSS px
  #asked = 0;

  constructor(options: ViewerOptions) {
    keepStyleOut();
    this.#options = options;
    const { place, label } = options;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#viewer = new OpenSeadragon.Viewer({
      element: place,
      drawer: "canvas",
      showNavigationControl: false, // own buttons; OpenSeadragon's are pictures to be fetched
      showNavigator: true,
      navigatorPosition: "TOP_RIGHT",
      navigatorSizeRatio: 0.16,
      navigatorOpacity: 1,
      navigatorAutoFade: false,
      navigatorBackground: "transparent",
      navigatorBorderColor: "transparent",
      navigatorDisplayRegionColor: "#f0b14a",
      keyboardNavEnabled: false,
      animationTime: still ? 0 : 0.4,
      maxZoomPixelRatio: MAX_ENLARGEMENT,
      minZoomImageRatio: 0.8,
      visibilityRatio: 0.5,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      imageSmoothingEnabled: true,
      silenceMultiImageWarnings: true,
    });
    this.#overlay = document.createElement("canvas");
    this.#overlay.className = "slide-overlay";
    this.#viewer.canvas.after(this.#overlay); // below the navigator
    this.#viewer.canvas.setAttribute("role", "img");
    this.#viewer.canvas.setAttribute("aria-label", label);
    this.#viewer.canvas.tabIndex = 0;
    this.#tiles = new WorkerTiles(options);
    this.#viewer.open([{ tileSource: this.#tiles }] as never);
    for (const event of ["update-viewport", "open", "resize"] as const)
      this.#viewer.addHandler(event, () => this.redraw());
    this.#measure();
    this.#resize = new ResizeObserver(() => {
      this.#measure();
      this.redraw();
    });
    this.#resize.observe(place);
  }

  get focusTarget(): HTMLElement {
    return this.#viewer.canvas;
  }

  get overlay(): HTMLCanvasElement {
    return this.#overlay;
  }

  // What is drawn now, the image under what lies over it.
  get canvases(): HTMLCanvasElement[] {
    const { canvas } = this.#viewer.drawer as unknown as { canvas: HTMLCanvasElement };
    return [canvas, this.#overlay];
  }

  get ready(): boolean {
    return this.#viewer.isOpen();
  }

  // Once a frame.
  redraw(): void {
    if (this.#asked !== 0) return;
    this.#asked = requestAnimationFrame(() => {
      this.#asked = 0;
      this.#drawNow();
    });
  }

  projection(): Projection | null {
    if (!this.#viewer.isOpen()) return null;
    const bounds = this.#viewer.viewport.getBounds(true);
    const perUnit = this.#shown.width / bounds.width; // a unit is the image's width
    return {
      scale: perUnit / this.#options.size.width,
      left: -bounds.x * perUnit,
      top: -bounds.y * perUnit,
    };
  }

  // Of the element, px, to pixels of level 0.
  toImage({ x, y }: Point): Point | null {
    const to = this.projection();
    return to === null ? null : { x: (x - to.left) / to.scale, y: (y - to.top) / to.scale };
  }

  // What of level 0 is on the screen.
  get view(): Rectangle {
    const { width, height } = this.#options.size;
    const [from, to] = [
      this.toImage({ x: 0, y: 0 }),
      this.toImage({ x: this.#shown.width, y: this.#shown.height }),
    ];
    if (from === null || to === null) return { x: 0, y: 0, width, height };
    const [x, y] = [Math.max(0, from.x), Math.max(0, from.y)];
    return { x, y, width: Math.min(width, to.x) - x, height: Math.min(height, to.y) - y };
  }

  zoom(steps: number): void {
    const { viewport } = this.#viewer;
    viewport.zoomBy(ZOOM_STEP ** steps);
    viewport.applyConstraints();
  }

  pan(across: number, down: number): void {
    const { viewport } = this.#viewer;
    const { width, height } = viewport.getBounds();
    viewport.panBy(new OpenSeadragon.Point(across * PAN_STEP * width, down * PAN_STEP * height));
    viewport.applyConstraints();
  }

  home(): void {
    this.#viewer.viewport.goHome();
  }

  // So that the rectangle of level 0 takes a good part of the view.
  goTo({ x, y, width, height }: Rectangle): void {
    const unit = this.#options.size.width;
    const [w, h] = [(width * MARGIN) / unit, (height * MARGIN) / unit];
    const left = (x + width / 2) / unit - w / 2;
    const top = (y + height / 2) / unit - h / 2;
    this.#viewer.viewport.fitBoundsWithConstraints(new OpenSeadragon.Rect(left, top, w, h));
  }

  // Whether dragging and clicking move the image.
  set moves(moves: boolean) {
    this.#viewer.setMouseNavEnabled(moves);
  }

  close(): void {
    this.#tiles.isClosed = true;
    cancelAnimationFrame(this.#asked);
    this.#resize.disconnect();
    this.#viewer.destroy();
    this.#overlay.remove();
  }

  // Kept, since to ask for it in each frame would lay the page out each time.
  #measure(): void {
    const { clientWidth: width, clientHeight: height } = this.#options.place;
    this.#shown = { width, height };
  }

  // The small view lies over the image: it is there only while a part of the image is not.
  #followNavigator(scale: number): void {
    const { width, height } = this.#options.size;
    const fits = (side: number, room: number) => side * scale <= room * ALL_IN_VIEW;
    const isWhole = fits(width, this.#shown.width) && fits(height, this.#shown.height);
    this.#viewer.navigator.element.classList.toggle("slide-navigator-idle", isWhole);
  }

  #drawNow(): void {
    const ratio = devicePixelRatio;
    const width = Math.round(this.#shown.width * ratio);
    const height = Math.round(this.#shown.height * ratio);
    if (width === 0 || height === 0) return; // it is not on the screen
    if (this.#overlay.width !== width || this.#overlay.height !== height)
      Object.assign(this.#overlay, { width, height });
    const context = this.#overlay.getContext("2d");
    const to = this.projection();
    if (context === null || to === null) return;
    this.#followNavigator(to.scale);
    context.clearRect(0, 0, width, height);
    const { scale, left, top } = to;
    const device = { scale: scale * ratio, left: left * ratio, top: top * ratio };
    this.#options.draw(context, device, ratio);
  }
}
