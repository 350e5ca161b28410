// Beside the image: what the map says in numbers, where to look, and what it was made by.
import { make, button, fold, paragraph, type Child } from "../../figures/build.ts";
import type { ModelFacts } from "../../messages.ts";
import { besideThreshold, operatingPoint } from "../../wording.ts";
import { MAP_FILES, type MapFile } from "../export/map-files.ts";
import type { Slide } from "../slide.ts";
import { refusals, refusedTotal, type SuspiciousPlace, type Summary } from "../summary.ts";
import * as wording from "../wording.ts";
import type { Measurement } from "./drawing.ts";
import { GatePart, reasonList } from "./gate-part.ts";

export interface PanelOptions {
  goToCell: (column: number, row: number) => void;
  goToFocus: () => void;
  readPatch: (column: number, row: number) => void;
  ask: () => void;
  hasReport: (model: ModelFacts) => boolean;
  modelsOf: (kind: string) => readonly SiteModel[];
  chooseModel: (model: SiteModel) => void;
  removeRegion: (index: number) => void;
  removeMeasurement: (index: number) => void;
  save: (kind: MapFile, withName: boolean) => void;
  judgeAnyway: (anyway: boolean) => void;
}

const SHORT_HASH = 10; // digits
const PATCH_HINT =
  "Read: as a patch of its own, beside this image, with what the network used. Of an image at another scale than the model's it is drawn anew, and its probability may differ a little. The key E does it for the place under the pointer.";

type Row = [name: string, value: Child] | null;

function facts(rows: Row[], className = "facts judged small mb-0"): HTMLElement {
  const list = make("dl", { class: className });
  for (const row of rows) {
    if (row !== null) list.append(make("dt", {}, row[0]), make("dd", {}, row[1]));
  }
  return list;
}

const link = (text: string, act: () => void) => {
  const made = button(text, act);
  made.className = "btn btn-sm btn-outline-secondary slide-go";
  return made;
};

function uncertainPart(slide: Slide, summary: Summary): HTMLElement | null {
  const said = wording.uncertainSentence(slide, summary);
  return said === "" ? null : paragraph(said, "small");
}

export class SummaryPanel {
  readonly element = make("div", { class: "slide-summary" });
  readonly #options: PanelOptions;
  readonly #gate: GatePart;
  #savesOpen = false;
  readonly #named = new WeakSet<Slide>(); // whose files hold its name, since a person ticked it

  constructor(options: PanelOptions) {
    this.#options = options;
    this.#gate = new GatePart(options.judgeAnyway);
  }

  update(slide: Slide, measurements: readonly { of: Measurement; text: string }[]): void {
    const focused = document.activeElement?.getAttribute("data-key");
    this.element.replaceChildren(
      ...this.#content(slide, measurements).filter((child) => child !== null),
    );
    if (focused != null)
      this.element.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #content(slide: Slide, measurements: readonly { of: Measurement; text: string }[]): Child[] {
    const { summary, phase } = slide;
    const notes = wording.warnings(slide).map((text) => paragraph(text, "gate-note"));
    if (phase === "failed")
      return [
        make("h2", { class: "verdict" }, "Not read"),
        paragraph(wording.failureSentence(slide), "mb-0"),
      ];
    if (summary === null) {
      return [...notes, this.#about(slide), this.#drawn(slide, measurements)];
    }
    return [
      ...notes,
      make("h2", { class: "verdict" }, wording.headline(slide)),
      slide.kind === "mammogram" ? this.#film(slide, summary) : this.#areas(slide, summary),
      this.#gate.element(slide, summary),
      this.#places(slide, summary),
      this.#about(slide),
      this.#drawn(slide, measurements),
      this.#exports(slide),
    ];
  }

  #areas(slide: Slide, summary: Summary): HTMLElement {
    const area = wording.areaText;
    const refused = refusals(summary);
    const focus = summary.largestFocus;
    const interval = wording.intervalSentence(summary);
    const why = wording.nothingJudged(slide, summary);
    const { uncertain } = summary;
    return make(
      "div",
      {},
      why === "" ? null : paragraph(why),
      this.#share(slide, summary),
      interval === "" ? null : paragraph(interval, "small text-body-secondary"),
      uncertainPart(slide, summary),
      facts([
        ["Tissue judged", area(summary.judgedMm2)],
        ["Positive", area(summary.positiveMm2)],
        uncertain === null ? null : ["Uncertain", area(uncertain.areaMm2)],
        focus === null
          ? null
          : [
              "Largest focus",
              make(
                "span",
                {},
                `${area(focus.areaMm2)} `,
                this.#keyed(
                  "focus",
                  link("Show", () => this.#options.goToFocus()),
                ),
              ),
            ],
        ["No tissue", area(summary.noTissueMm2)],
        [
          "Refused",
          refused.length === 0
            ? area(0)
            : make("span", {}, `${area(refusedTotal(summary))} `, reasonList(slide.kind, refused)),
        ],
        summary.outsideMm2 > 0
          ? [
              slide.regions.length > 0 ? "Outside the regions" : "Not read",
              area(summary.outsideMm2),
            ]
          : null,
        ["Rim, not judged", area(summary.rimMm2)],
      ]),
    );
  }

  // The share as a bar, with its interval.
  #share(slide: Slide, { positiveFraction, fractionInterval }: Summary): HTMLElement | null {
    if (Number.isNaN(positiveFraction)) return null;
    const bar = make(
      "div",
      { class: "probability-track", role: "img" },
      make("div", { class: "probability-fill" }),
      fractionInterval === null ? null : make("div", { class: "probability-range" }),
    );
    const [low, high] = fractionInterval ?? [positiveFraction, positiveFraction];
    const { style } = bar;
    style.setProperty("--probability", String(positiveFraction));
    style.setProperty("--interval-low", String(low));
    style.setProperty("--interval-high", String(high));
    bar.setAttribute("aria-label", wording.headline(slide));
    return make("div", { class: "slide-share" }, bar);
  }

  #film(slide: Slide, summary: Summary): HTMLElement {
    const film = summary.film;
    if (film === null) return this.#areas(slide, summary);
    const texts = besideThreshold(film.score ?? 0, summary.threshold);
    const { reaching, below } = wording.marksByThreshold(summary);
    return make(
      "div",
      { class: "slide-film" },
      film.score === null
        ? null
        : paragraph(`Strongest mark ${texts.probability}, threshold ${texts.threshold}.`, "mb-0"),
      uncertainPart(slide, summary),
      facts([
        ["Breast judged", wording.areaText(summary.judgedMm2)],
        ["Not breast", wording.areaText(summary.noTissueMm2)],
        refusedTotal(summary) > 0
          ? [
              "Refused",
              refusals(summary)
                .map(([why]) => wording.refusalName(why, slide.kind))
                .join(", "),
            ]
          : null,
        summary.rimMm2 > 0 ? ["Rim, not judged", wording.areaText(summary.rimMm2)] : null,
      ]),
      this.#marks("Marks", summary, reaching, 0),
      this.#marks("Below the threshold", summary, below, reaching.length),
    );
  }

  #marks(
    title: string,
    summary: Summary,
    marks: readonly SuspiciousPlace[],
    before: number,
  ): HTMLElement | null {
    if (marks.length === 0) return null;
    return make(
      "div",
      {},
      make("h3", { class: "slide-heading" }, title),
      this.#list(summary, marks, before),
    );
  }

  #places({ kind, map }: Slide, summary: Summary): HTMLElement | null {
    const { places, film } = summary;
    if (map === null || (kind === "mammogram" && film !== null) || places.length === 0) return null;
    return make(
      "div",
      {},
      make("h3", { class: "slide-heading" }, "Most suspicious places"),
      this.#list(summary, places),
      paragraph(PATCH_HINT, "slide-read-hint small text-body-secondary mt-1 mb-0"),
    );
  }

  // before: how many others the numbers go on from
  #list(summary: Summary, places: readonly SuspiciousPlace[], before = 0): HTMLElement {
    return make(
      "ol",
      { class: "slide-places" },
      ...places.map((place, index) => {
        const { column, row } = place;
        const text = wording.placeText(summary, place, before + index + 1);
        const made = link(text, () => this.#options.goToCell(column, row));
        made.setAttribute("aria-label", `${text}, show this place`);
        const shown = this.#keyed(`place-${before + index}`, made);
        if (summary.film !== null) return make("li", {}, shown); // what reads patches reads no films
        const read = link("Read", () => this.#options.readPatch(column, row));
        read.classList.add("slide-read");
        read.setAttribute("aria-label", `${text}, read as a patch of its own`);
        return make("li", {}, shown, " ", this.#keyed(`read-${before + index}`, read));
      }),
    );
  }

  #about(slide: Slide): HTMLElement | null {
    const { model, scale, map } = slide;
    const [finest] = slide.facts?.levels ?? [];
    const point = slide.point();
    const change = this.#keyed(
      "scale",
      link("Change", () => this.#options.ask()),
    );
    const said = wording.scaleSentence(slide);
    return facts([
      finest === undefined
        ? null
        : ["Image", `${slide.facts?.format ?? ""}, ${finest.width}×${finest.height} px`],
      scale === null || said === "" ? null : ["Scale", make("span", {}, `${said} `, change)],
      map === null ? null : ["Map", wording.mapSentence(slide)],
      model === null
        ? null
        : [
            "Model",
            make(
              "span",
              {},
              `${model.facts.id} ${model.facts.version} `,
              make(
                "code",
                { class: "slide-hash", title: model.facts.sha256 },
                model.facts.sha256.slice(0, SHORT_HASH),
              ),
              " ",
              this.#options.hasReport(model.facts)
                ? make("a", { href: "#figures" }, "How good is it?")
                : null,
              this.#choice(slide),
            ),
          ],
      model === null || point === null ? null : ["Judged at", operatingPoint(point)],
      wording.timeSentence(slide) === "" ? null : ["Time", wording.timeSentence(slide)],
    ]);
  }

  #choice({ kind, model, phase }: Slide): HTMLSelectElement | null {
    const models = this.#options.modelsOf(kind);
    if (models.length < 2 || (phase !== "done" && phase !== "paused")) return null;
    const made = make("select", { class: "model-choice", "aria-label": "Read with the model" });
    made.append(...models.map(({ id }) => new Option(`Read with ${id}`)));
    made.selectedIndex = models.findIndex(({ sha256 }) => sha256 === model?.facts.sha256);
    made.dataset["key"] = "model";
    made.addEventListener("change", () => {
      const chosen = models[made.selectedIndex];
      if (chosen !== undefined) this.#options.chooseModel(chosen);
    });
    return made;
  }

  #drawn(slide: Slide, measurements: readonly { of: Measurement; text: string }[]): Child {
    if (slide.regions.length === 0 && measurements.length === 0) return null;
    const remove = (name: string, label: string, act: () => void) => {
      const made = link("Remove", act);
      made.setAttribute("aria-label", label);
      return this.#keyed(name, made);
    };
    return make(
      "div",
      {},
      make("h3", { class: "slide-heading" }, "Drawn"),
      make(
        "ul",
        { class: "slide-drawn" },
        ...slide.regions.map((_, index) =>
          make(
            "li",
            {},
            `Region ${index + 1} `,
            remove(`region-${index}`, `Remove region ${index + 1}`, () =>
              this.#options.removeRegion(index),
            ),
          ),
        ),
        ...measurements.map(({ text }, index) =>
          make(
            "li",
            {},
            `${text} `,
            remove(`measure-${index}`, `Remove the measurement of ${text}`, () =>
              this.#options.removeMeasurement(index),
            ),
          ),
        ),
      ),
    );
  }

  #exports(slide: Slide): HTMLElement {
    const files = MAP_FILES.filter(({ onlyDicom }) => onlyDicom !== true || slide.isDicom);
    const buttons = files.map(({ kind, name }) =>
      this.#keyed(
        `save-${kind}`,
        button(name, () => this.#options.save(kind, this.#named.has(slide))),
      ),
    );
    const note = slide.isDicom
      ? paragraph("The DICOM files repeat whose image it is, as their standard asks.", "small mb-0")
      : null;
    const made = fold(
      "Save the map",
      this.#naming(slide),
      make("div", { class: "slide-exports" }, ...buttons),
      note,
    );
    made.open = this.#savesOpen; // as it was, when all is drawn anew
    made.addEventListener("toggle", () => (this.#savesOpen = made.open));
    return made;
  }

  #naming(slide: Slide): HTMLElement {
    const box = make("input", { type: "checkbox", checked: this.#named.has(slide) });
    box.dataset["key"] = "name";
    box.addEventListener("change", () => {
      if (box.checked) this.#named.add(slide);
      else this.#named.delete(slide);
    });
    return make(
      "div",
      { class: "slide-naming small" },
      make("label", {}, box, " With the file's name"),
      paragraph(
        "It may say whose image it is: unless this is ticked, nothing that is saved here holds it.",
        "mb-0",
      ),
    );
  }

  #keyed(key: string, made: HTMLButtonElement): HTMLButtonElement {
    made.dataset["key"] = key;
    return made;
  }
}
