// A slide on the page: the image with its map where a patch would be, and its summary beside it.
import { make } from "../../figures/build.ts";
import { uncertainAt } from "../../judgement.ts";
import { textOf } from "../../messages.ts";
import type { IncomingFile } from "../../session.ts";
import { byId, showFileName } from "../../views/parts.ts";
import type { PointParts } from "../../views/point-view.ts";
import type { Cell } from "../cell-text.ts";
import { mapFile, type Draw, type MapFile } from "../export/map-files.ts";
import { patchFile } from "../patch-file.ts";
import { BY_HAND, type SlideKind } from "../scale.ts";
import type { Slide } from "../slide.ts";
import type { Change } from "../slide-tools.ts";
import { ImageRoom, thresholdOf } from "./image-room.ts";
import { MapStrip } from "./map-strip.ts";
import { PointPlace } from "./point-place.ts";
import { ScaleQuestion } from "./scale-question.ts";
import { ScanHead } from "./scan-head.ts";
import { bindSlideKeys } from "./slide-keys.ts";
import { SummaryPanel } from "./summary-panel.ts";

export interface SlideViewParts {
  point: PointParts;
  kinds: readonly SlideKind[];
  modelScale: (kind: SlideKind) => number | null;
  modelsOf: (kind: string) => readonly SiteModel[];
  chooseModel: (model: SiteModel) => void;
  tell: (sentence: string) => void;
  save: (name: string, content: Blob) => void;
  read: (patch: IncomingFile) => void; // among the images of the page
}

export class SlideView {
  readonly #parts: SlideViewParts;
  readonly #head: ScanHead;
  readonly #room: ImageRoom;
  readonly #strip: MapStrip;
  readonly #fileName = make("span", { class: "file-name" });
  readonly #stage: HTMLElement;
  readonly #panel = make("div", { id: "slide-panel", class: "slide-panel", hidden: true });
  readonly #question = make("div", {});
  readonly #summary: SummaryPanel;
  readonly #point: PointPlace;
  #slide: Slide | null = null;
  #unwatch: () => void = () => undefined;
  #asked: { umPerPixel: number | null } | null = null; // null: there is no question
  #isReadingPatch = false;

  constructor(parts: SlideViewParts) {
    this.#parts = parts;
    this.#head = new ScanHead({
      cancel: () => this.#slide?.cancel(),
      resume: () => this.#slide?.resume(),
      finer: () => void this.#slide?.finer(),
    });
    this.#room = new ImageRoom({
      askedScale: () => this.#asked?.umPerPixel ?? null,
      changed: () => this.#follow(),
      readPatch: (cell) => void this.#readPatch(cell),
      tell: parts.tell,
    });
    this.#strip = this.#makeStrip(this.#room);
    this.#summary = this.#makeSummary(this.#room);
    this.#point = new PointPlace(parts.point);
    this.#stage = make(
      "section",
      { id: "slide-stage", class: "stage-pane slide-pane", "aria-label": "Image and map" },
      this.#head.element,
      this.#room.element,
      this.#strip.element,
      make(
        "div",
        { class: "stage-caption slide-caption small text-body-secondary" },
        this.#fileName,
        this.#room.readout,
      ),
      this.#room.paper,
    );
    this.#stage.hidden = true;
    byId("stage", HTMLElement).after(this.#stage);
    this.#panel.append(this.#question, this.#summary.element, this.#point.element);
    byId("answer", HTMLElement).prepend(this.#panel);
    bindSlideKeys(this.#stage, this.#room);
  }

  show(slide: Slide | null): void {
    if (slide !== this.#slide) {
      this.#room.show(slide);
      if (this.#slide !== null) this.#slide.shown = false;
      this.#unwatch();
      this.#slide = slide;
      this.#asked = null;
      this.#stage.hidden = this.#panel.hidden = slide === null;
      if (slide !== null) {
        slide.shown = true;
        this.#unwatch = slide.watch((change) => this.#changed(change));
      }
    }
    this.#follow();
  }

  #makeStrip(room: ImageRoom): MapStrip {
    return new MapStrip({
      zoom: (steps) => room.viewer?.zoom(steps),
      home: () => room.viewer?.home(),
      tool: (tool) => room.drawing?.choose(room.drawing.tool === tool ? null : tool),
      regionOfView: () => room.addRegionOfView(),
      toggleMap: () => room.toggleMap(),
      setOpacity: (opacity) => room.setOpacity(opacity),
      setThreshold: (threshold) => {
        const model = this.#slide?.model?.facts;
        if (model !== undefined) this.#point.setThreshold(model, threshold);
      },
    });
  }

  #makeSummary(room: ImageRoom): SummaryPanel {
    return new SummaryPanel({
      goToCell: (column, row) => room.goToCell(column, row),
      goToFocus: () => room.goToFocus(),
      readPatch: (column, row) => {
        const map = this.#slide?.summedMap ?? null;
        if (map !== null) void this.#readPatch({ map, column, row });
      },
      ask: () => this.#slide?.ask(),
      hasReport: this.#parts.point.hasReport,
      modelsOf: this.#parts.modelsOf,
      chooseModel: this.#parts.chooseModel,
      removeRegion: (at) =>
        this.#slide?.setRegions(this.#slide.regions.filter((_, index) => index !== at)),
      removeMeasurement: (at) => room.removeMeasurement(at),
      save: (kind, withName) => void this.#export(kind, withName),
      judgeAnyway: (anyway) => void this.#slide?.judgeAnyway(anyway),
    });
  }

  // --- Following the slide ---------------------------------------------------------------------

  #changed(change: Change): void {
    const slide = this.#slide;
    if (slide === null) return;
    this.#room.changed(change);
    if (change.kind === "block") this.#head.update(slide);
    else this.#follow();
  }

  #follow(): void {
    const slide = this.#slide;
    if (slide === null) return;
    const point = slide.point();
    const threshold = thresholdOf(slide);
    if (slide.summary !== null && slide.summary.threshold !== threshold) slide.judgeAgain();
    this.#head.update(slide);
    this.#followQuestion(slide);
    this.#room.update(slide);
    this.#summary.update(slide, this.#room.measurements(slide));
    this.#summary.element.hidden = slide.phase === "asking";
    this.#strip.update({
      hasMap: slide.map !== null,
      isFilm: slide.kind === "mammogram",
      mapShown: this.#room.mapShown,
      opacity: this.#room.opacity,
      threshold,
      uncertain:
        slide.model === null || point === null ? null : uncertainAt(slide.model.facts, point),
      tool: this.#room.drawing?.tool ?? null,
    });
    this.#point.update(slide);
    showFileName(this.#fileName, slide.name);
  }

  #followQuestion(slide: Slide): void {
    const isAsking = slide.phase === "asking";
    this.#question.hidden = !isAsking;
    if (!isAsking) {
      this.#asked = null;
      this.#question.replaceChildren();
    } else if (this.#asked === null) {
      this.#asked = { umPerPixel: null };
      this.#question.replaceChildren(this.#makeQuestion(slide, this.#asked).element);
    }
  }

  #makeQuestion(slide: Slide, asked: { umPerPixel: number | null }): ScaleQuestion {
    const fromFile = slide.facts?.umPerPixel ?? null;
    const scaleFrom = slide.facts?.scaleFrom ?? null;
    return new ScaleQuestion({
      kind: slide.kind,
      umPerPixel: slide.scale?.umPerPixel ?? null,
      said:
        fromFile === null
          ? "This file does not say its scale, and InSitu does not guess it."
          : `The file says: ${scaleFrom ?? ""}.`,
      kinds: this.#parts.kinds,
      modelScale: this.#parts.modelScale,
      onChange: (um) => {
        asked.umPerPixel = um;
        this.#room.redraw();
      },
      onConfirm: (kind, um) => {
        const from = um === fromFile ? (scaleFrom ?? BY_HAND) : BY_HAND;
        void slide.confirm(kind, { umPerPixel: um, from });
      },
      onKeep: slide.map === null ? null : () => slide.keep(),
    });
  }

  // --- A cell by itself ------------------------------------------------------------------------

  // One at a time, and only while its slide is shown.
  async #readPatch(cell: Cell): Promise<void> {
    const slide = this.#slide;
    const { tell, read } = this.#parts;
    if (slide === null || this.#isReadingPatch) return;
    if (slide.kind === "mammogram") {
      tell("A place of a film is not read by itself: its answer is the map's.");
      return;
    }
    this.#isReadingPatch = true;
    try {
      const patch = await patchFile(slide, cell);
      if (this.#slide === slide) read(patch);
    } catch (error) {
      if (this.#slide === slide) tell(`The place could not be read: ${textOf(error)}`);
    } finally {
      this.#isReadingPatch = false;
    }
  }

  // --- Saving ----------------------------------------------------------------------------------

  async #export(kind: MapFile, withName: boolean): Promise<void> {
    const slide = this.#slide;
    if (slide === null) return;
    const { save, tell } = this.#parts;
    try {
      if (slide.phase !== "done" && slide.phase !== "paused")
        throw new Error("the map is still being made. Save it when it is done, or cancel it first");
      await this.#room.painted();
      const { verdicts } = slide;
      const threshold = slide.point()?.threshold;
      const { opacity } = this.#room;
      // The room draws what it shows, a strip at a time: meanwhile another image may have been chosen, the
      // point moved, also to and fro, or a region drawn.
      const draw: Draw = (context, to) => {
        if (this.#slide !== slide)
          throw new Error("another image is shown. Stay with this one until it is saved");
        if (slide.point()?.threshold !== threshold)
          throw new Error("the operating point was moved. Leave it until the file is saved");
        if (slide.verdicts !== verdicts || !this.#room.isPainted)
          throw new Error("the map was changed meanwhile. Leave it until the file is saved");
        this.#room.drawMap(context, to, opacity);
      };
      const { name, content } = await mapFile(slide, kind, withName, draw);
      save(name, content);
    } catch (error) {
      tell(`The file could not be made: ${textOf(error)}`);
    }
  }
}
