// A slide on the page: the image with its map where a patch would be, and its summary beside it.
import { button, make, paragraph } from "../../figures/build.ts";
import type { Judge } from "../../judgement.ts";
import type { EngineError, ModelFacts } from "../../messages.ts";
import type { MeasuredPoint } from "../../operating-point.ts";
import { byId, showFileName } from "../../views/parts.ts";
import { mapFile, type MapFile } from "../export/map-files.ts";
import { drawScaleBar } from "../export/map-png.ts";
import { BY_HAND, type SlideKind } from "../scale.ts";
import type { Slide } from "../slide.ts";
import type { Change } from "../slide-tools.ts";
import type { Rectangle } from "../source.ts";
import * as wording from "../wording.ts";
import { Drawing, label, type Measurement } from "./drawing.ts";
import { MapLayer, type Projection } from "./map-layer.ts";
import { MapStrip } from "./map-strip.ts";
import { ScaleQuestion } from "./scale-question.ts";
import { bindSlideKeys } from "./slide-keys.ts";
import { SlideViewer } from "./slide-viewer.ts";
import { SummaryPanel } from "./summary-panel.ts";

export interface SlideViewParts {
  judge: Judge;
  kinds: readonly SlideKind[];
  modelScale: (kind: SlideKind) => number | null;
  modelsOf: (kind: string) => readonly SiteModel[];
  chooseModel: (model: SiteModel) => void;
  openPoint: (
    model: ModelFacts,
    onChange: (point: MeasuredPoint) => void,
  ) => Promise<{ element: HTMLElement; set(threshold: number): void } | null>;
  redraw: () => void;
  tell: (sentence: string) => void;
  save: (name: string, content: Blob) => void;
}

const PLACE_MARGIN = 6; // patches around one that is gone to
const OPACITY = 0.55; // to begin with
const SCALE_BAR_SHARE = 0.25; // of the view, at most

export class SlideView {
  readonly #parts: SlideViewParts;
  readonly #room = make("div", { class: "slide-room" });
  readonly #message = paragraph("", "stage-message text-body-secondary");
  readonly #status = make("p", { class: "small mb-0" });
  readonly #progress = make("progress", {
    class: "list-progress",
    "aria-label": "Map made",
    max: 1,
  });
  readonly #cancel: HTMLButtonElement;
  readonly #resume: HTMLButtonElement;
  readonly #finer: HTMLButtonElement;
  readonly #head: HTMLElement;
  readonly #fileName = make("span", { class: "file-name" });
  readonly #readout = make("output", { class: "slide-readout" });
  readonly #caption = make(
    "div",
    { class: "stage-caption slide-caption small text-body-secondary" },
    this.#fileName,
    this.#readout,
  );
  readonly #stage: HTMLElement;
  readonly #panel = make("div", { id: "slide-panel", class: "slide-panel", hidden: true });
  readonly #question = make("div", {});
  readonly #pointPlace = make("div", { class: "point" });
  readonly #strip: MapStrip;
  readonly #summary: SummaryPanel;
  readonly #layer = new MapLayer(() => this.#viewer?.redraw());
  readonly #measurements = new WeakMap<Slide, Measurement[]>();
  readonly #opacity = { value: OPACITY, shown: true };
  #slide: Slide | null = null;
  #unwatch: () => void = () => undefined;
  #viewer: SlideViewer | null = null;
  #drawing: Drawing | null = null;
  #asked: { key: string; umPerPixel: number | null } | null = null;
  #marked: Rectangle | null = null; // the patch that was gone to
  #place = 0; // of the most suspicious
  #point: { sha256: string; view: { element: HTMLElement; set(threshold: number): void } } | null =
    null;

  constructor(parts: SlideViewParts) {
    this.#parts = parts;
    this.#cancel = button("Cancel", () => this.#slide?.cancel());
    this.#resume = button("Go on", () => this.#slide?.resume());
    this.#finer = button("", () => void this.#slide?.finer());
    this.#head = make(
      "div",
      { class: "slide-head" },
      this.#status,
      this.#cancel,
      this.#resume,
      this.#finer,
      this.#progress,
    );
    this.#strip = new MapStrip({
      zoom: (steps) => this.#viewer?.zoom(steps),
      home: () => this.#viewer?.home(),
      tool: (tool) => this.#drawing?.choose(this.#drawing.tool === tool ? null : tool),
      regionOfView: () => this.#addRegion(this.#viewer?.view ?? null),
      toggleMap: () => this.toggleMap(),
      setOpacity: (opacity) => this.setOpacity(opacity),
      setThreshold: (threshold) => this.#setThreshold(threshold),
    });
    this.#summary = new SummaryPanel({
      goToCell: (column, row) => this.#goToCell(column, row),
      goToFocus: () => this.#goToFocus(),
      ask: () => this.#slide?.ask(),
      modelsOf: parts.modelsOf,
      chooseModel: parts.chooseModel,
      removeRegion: (at) =>
        this.#slide?.setRegions(this.#slide.regions.filter((_, index) => index !== at)),
      removeMeasurement: (at) => this.#setMeasurements((all) => all.filter((_, i) => i !== at)),
      save: (kind) => void this.#export(kind),
    });
    this.#room.append(this.#message);
    this.#stage = make(
      "section",
      { id: "slide-stage", class: "stage-pane slide-pane", "aria-label": "Image and map" },
      this.#head,
      this.#room,
      this.#strip.element,
      this.#caption,
    );
    this.#stage.hidden = true;
    byId("stage", HTMLElement).after(this.#stage);
    this.#panel.append(this.#question, this.#summary.element, this.#pointPlace);
    byId("answer", HTMLElement).prepend(this.#panel);
    bindSlideKeys(this.#stage, this);
    this.#bindHover();
    this.#bindPrint();
  }

  show(slide: Slide | null): void {
    if (slide === this.#slide) {
      if (slide !== null) this.#follow();
      return;
    }
    this.#closeViewer();
    if (this.#slide !== null) this.#slide.shown = false;
    this.#unwatch();
    this.#slide = slide;
    this.#asked = null;
    this.#stage.hidden = this.#panel.hidden = slide === null;
    if (slide === null) return;
    slide.shown = true;
    this.#unwatch = slide.watch((change) => this.#changed(change));
    this.#layer.show(slide.map, slide.point()?.threshold ?? 0.5, slide.under);
    this.#follow();
  }

  // --- For the keys ----------------------------------------------------------------------------

  get viewer(): SlideViewer | null {
    return this.#viewer;
  }

  get drawing(): Drawing | null {
    return this.#drawing;
  }

  toggleMap(): void {
    this.#opacity.shown = !this.#opacity.shown;
    this.#follow();
    this.#viewer?.redraw();
  }

  setOpacity(opacity: number): void {
    this.#opacity.value = Math.max(0, Math.min(1, opacity));
    this.#opacity.shown = true;
    this.#follow();
    this.#viewer?.redraw();
  }

  get opacity(): number {
    return this.#opacity.value;
  }

  // The next of the most suspicious places, or the one before.
  stepPlace(step: number): void {
    const places = this.#slide?.summary?.places ?? [];
    if (places.length === 0) return;
    this.#place = (this.#place + step + places.length) % places.length;
    const place = places[this.#place];
    if (place !== undefined) this.#goToCell(place.column, place.row);
  }

  // --- Following the slide ---------------------------------------------------------------------

  #changed(change: Change): void {
    const slide = this.#slide;
    if (slide === null) return;
    if (change.kind === "block") {
      this.#layer.paintBlock(change.block);
      this.#followProgress(slide);
      return;
    }
    if (change.kind === "map") {
      this.#layer.show(slide.map, slide.point()?.threshold ?? 0.5, slide.under);
      this.#layer.verdicts = slide.verdicts;
    }
    this.#follow();
  }

  #follow(): void {
    const slide = this.#slide;
    if (slide === null) return;
    this.#openViewer(slide);
    this.#followProgress(slide);
    const threshold = slide.point()?.threshold ?? 0.5;
    this.#layer.threshold = threshold;
    if (slide.summary !== null && slide.summary.threshold !== threshold) slide.judgeAgain();
    this.#followQuestion(slide);
    const measurements = this.#measurements.get(slide) ?? [];
    if (this.#drawing !== null) {
      this.#drawing.regions = slide.regions;
      this.#drawing.measurements = measurements;
    }
    this.#summary.update(
      slide,
      measurements.map((of) => ({ of, text: this.#drawing?.textOf(of) ?? "" })),
    );
    this.#summary.element.hidden = slide.phase === "asking";
    this.#strip.update({
      hasMap: slide.map !== null,
      mapShown: this.#opacity.shown,
      opacity: this.#opacity.value,
      threshold,
      tool: this.#drawing?.tool ?? null,
    });
    this.#followPoint(slide);
    showFileName(this.#fileName, slide.name);
    this.#message.textContent =
      slide.phase === "failed" && slide.facts === null ? "No image to show." : "";
    this.#viewer?.redraw();
  }

  #followProgress(slide: Slide): void {
    const text = wording.progressText(slide);
    const isBusy = slide.phase === "scanning" || slide.phase === "opening";
    if (this.#status.textContent !== text) this.#status.textContent = text;
    this.#cancel.hidden = slide.phase !== "scanning";
    this.#resume.hidden = slide.phase !== "paused";
    const finer = wording.finerText(slide);
    this.#finer.hidden = finer === "";
    this.#finer.textContent = finer;
    this.#progress.hidden = !isBusy;
    if (slide.phase === "scanning") this.#progress.value = slide.progress.share;
    else this.#progress.removeAttribute("value");
  }

  #followQuestion(slide: Slide): void {
    const key = slide.phase === "asking" ? slide.name : "";
    this.#question.hidden = key === "";
    if (key === "" || this.#asked !== null) {
      if (key === "") {
        this.#asked = null;
        this.#question.replaceChildren();
      }
      return;
    }
    const asked: { key: string; umPerPixel: number | null } = { key, umPerPixel: null };
    this.#asked = asked;
    const { umPerPixel = null } = slide.scale ?? {};
    const fromFile = slide.facts?.umPerPixel ?? null;
    const question = new ScaleQuestion({
      kind: slide.kind,
      umPerPixel,
      said:
        fromFile === null
          ? "This file does not say its scale, and InSitu does not guess it."
          : `The file says: ${slide.facts?.scaleFrom ?? ""}.`,
      kinds: this.#parts.kinds,
      modelScale: this.#parts.modelScale,
      onChange: (um) => {
        asked.umPerPixel = um;
        this.#viewer?.redraw();
      },
      onConfirm: (kind, um) => {
        const from = um === fromFile ? (slide.facts?.scaleFrom ?? BY_HAND) : BY_HAND;
        void slide.confirm(kind, { umPerPixel: um, from });
      },
    });
    this.#question.replaceChildren(question.element);
  }

  #followPoint(slide: Slide): void {
    const model = slide.model?.facts ?? null;
    const isFor = model !== null && slide.summary !== null && slide.phase !== "asking";
    this.#pointPlace.hidden = !isFor;
    if (model === null || !isFor) return;
    if (this.#point?.sha256 === model.sha256) return;
    if (this.#pointPlace.dataset["model"] === model.sha256) return;
    this.#pointPlace.dataset["model"] = model.sha256;
    const change = button("Change the operating point", () => void this.#openPoint(model));
    this.#pointPlace.replaceChildren(change);
  }

  async #openPoint(model: ModelFacts): Promise<void> {
    const { openPoint, judge, redraw, tell } = this.#parts;
    try {
      const view = await openPoint(model, ({ threshold, preset, sensitivity, specificity }) => {
        judge.choose(model, {
          name: preset ?? "own",
          threshold,
          sensitivity: sensitivity?.value ?? Number.NaN,
          specificity: specificity?.value ?? Number.NaN,
        });
        redraw();
      });
      if (view === null) {
        this.#pointPlace.replaceChildren();
        return;
      }
      this.#point = { sha256: model.sha256, view };
      this.#pointPlace.replaceChildren(view.element);
      view.element.querySelector("input")?.focus();
    } catch (error) {
      tell(
        `The operating point did not load: ${String(error)}. Check the connection and try again.`,
      );
    }
  }

  #setThreshold(threshold: number): void {
    const model = this.#slide?.model?.facts;
    if (model === undefined) return;
    if (this.#point?.sha256 === model.sha256) {
      this.#point.view.set(threshold); // tells the judge, with what it means
      return;
    }
    const unknown = { sensitivity: Number.NaN, specificity: Number.NaN };
    this.#parts.judge.choose(model, { name: "own", threshold, ...unknown });
    this.#parts.redraw();
  }

  // --- The image -------------------------------------------------------------------------------

  #openViewer(slide: Slide): void {
    const [size] = slide.facts?.levels ?? [];
    if (this.#viewer !== null || size === undefined || this.#stage.hidden) return;
    this.#viewer = new SlideViewer({
      place: this.#room,
      size,
      label: `The image ${slide.name}. Arrow keys move it, plus and minus zoom; ? lists all keys.`,
      tile: (rectangle, width, height, signal) => slide.tile(rectangle, width, height, signal),
      draw: (context, to, ratio) => this.#draw(slide, context, to, ratio),
      tileFailed: (error) => {
        const isOpen = this.#slide === slide && (error as EngineError).code !== "cancelled";
        if (isOpen) this.#parts.tell(error instanceof Error ? error.message : String(error));
      },
      firstTile: () => this.#room.toggleAttribute("data-drawn", true),
    });
    this.#drawing = new Drawing({
      viewer: this.#viewer,
      umPerPixel: () => slide.scale?.umPerPixel ?? null,
      onRegion: (polygon) => slide.setRegions([...slide.regions, polygon]),
      onMeasured: (measurement) => this.#setMeasurements((all) => [...all, measurement]),
      onTool: () => this.#follow(),
    });
  }

  #closeViewer(): void {
    this.#layer.close();
    this.#drawing?.close();
    this.#viewer?.close();
    this.#viewer = this.#drawing = null;
    this.#marked = null;
    this.#room.removeAttribute("data-drawn");
  }

  #draw(slide: Slide, context: CanvasRenderingContext2D, to: Projection, ratio: number): void {
    if (this.#opacity.shown) this.#layer.draw(context, to, this.#opacity.value);
    this.#drawMark(context, to, ratio);
    this.#drawing?.draw(context, to, ratio);
    const umPerPixel =
      slide.phase === "asking" ? (this.#asked?.umPerPixel ?? null) : slide.scale?.umPerPixel;
    const { width, height } = context.canvas;
    if (umPerPixel == null) {
      if (slide.phase === "asking")
        label(context, "scale not known", 70 * ratio, height - 24 * ratio, ratio);
      return;
    }
    drawScaleBar(context, umPerPixel / to.scale, {
      x: 16 * ratio,
      y: height - 16 * ratio,
      most: width * SCALE_BAR_SHARE,
      ratio,
    });
  }

  // Around the patch that was gone to: white on black, to be seen on any image.
  #drawMark(context: CanvasRenderingContext2D, to: Projection, ratio: number): void {
    const mark = this.#marked;
    if (mark === null) return;
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

  #goToCell(column: number, row: number): void {
    const map = this.#slide?.under ?? this.#slide?.map;
    if (map == null) return;
    const patch = map.patchSquare(column, row);
    this.#marked = patch;
    const grown = (side: number) => side * (1 + PLACE_MARGIN);
    this.#viewer?.goTo({
      x: patch.x - (patch.width * PLACE_MARGIN) / 2,
      y: patch.y - (patch.height * PLACE_MARGIN) / 2,
      width: grown(patch.width),
      height: grown(patch.height),
    });
    this.#viewer?.redraw();
  }

  #goToFocus(): void {
    const map = this.#slide?.under ?? this.#slide?.map;
    const box = this.#slide?.summary?.largestFocus?.box;
    if (map == null || box === undefined) return;
    this.#marked = map.onLevel0(box);
    this.#viewer?.goTo(this.#marked);
  }

  #addRegion(view: Rectangle | null): void {
    const slide = this.#slide;
    if (slide === null || view === null) return;
    const { x, y, width, height } = view;
    const corners = [
      { x, y },
      { x: x + width, y },
      { x: x + width, y: y + height },
      { x, y: y + height },
    ];
    slide.setRegions([...slide.regions, corners]);
  }

  #setMeasurements(change: (all: Measurement[]) => Measurement[]): void {
    const slide = this.#slide;
    if (slide === null) return;
    this.#measurements.set(slide, change(this.#measurements.get(slide) ?? []));
    this.#follow();
  }

  #bindHover(): void {
    this.#room.addEventListener("pointermove", ({ clientX, clientY }) => {
      const box = this.#room.getBoundingClientRect();
      const at = this.#viewer?.toImage({ x: clientX - box.left, y: clientY - box.top });
      const map = this.#slide?.map;
      const cell = at == null ? null : map?.at(at);
      const verdicts = this.#slide?.verdicts;
      this.#readout.textContent =
        cell == null || map == null || verdicts == null
          ? ""
          : wording.cellText(map, verdicts, cell, this.#slide?.kind ?? "histology");
    });
    this.#room.addEventListener("pointerleave", () => (this.#readout.textContent = ""));
  }

  // Paper shows what is on the screen.
  #bindPrint(): void {
    const paper = make("canvas", { class: "slide-paper", "aria-hidden": "true" });
    this.#stage.append(paper);
    addEventListener("beforeprint", () => {
      const canvases = this.#viewer?.canvases ?? [];
      const [largest] = canvases.toSorted((a, b) => b.width - a.width);
      if (largest === undefined) return;
      Object.assign(paper, { width: largest.width, height: largest.height });
      const context = paper.getContext("2d");
      for (const canvas of canvases)
        context?.drawImage(canvas, 0, 0, largest.width, largest.height);
    });
  }

  // --- Saving ----------------------------------------------------------------------------------

  async #export(kind: MapFile): Promise<void> {
    const slide = this.#slide;
    if (slide === null) return;
    const { save, tell } = this.#parts;
    try {
      const { name, content } = await mapFile(slide, kind, (context, to) => {
        this.#layer.draw(context, to, this.#opacity.value);
        this.#drawing?.draw(context, to, 1);
      });
      save(name, content);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell(`The file could not be made: ${reason}`);
    }
  }
}
