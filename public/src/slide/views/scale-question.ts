// Asks how large a pixel is, and what the image is, where the file does not say. The bar on the image
// follows; nothing is scanned before it is confirmed.
import { make, paragraph, button } from "../../figures/build.ts";
import * as scales from "../scale.ts";
import type { SlideKind } from "../scale.ts";
import { KIND_NAMES, scaleWarning } from "../wording.ts";

export interface ScaleQuestionOptions {
  kind: SlideKind;
  umPerPixel: number | null; // to begin with; null: nothing is proposed
  said: string; // what the file says, or that it does not
  modelScale: (kind: SlideKind) => number | null; // µm per pixel, where it is known
  kinds: readonly SlideKind[]; // that the site has models for
  onChange: (umPerPixel: number | null) => void;
  onConfirm: (kind: SlideKind, umPerPixel: number) => void;
  onKeep: (() => void) | null; // the map that is there stays; null: there is none
}

let made = 0; // for ids

export class ScaleQuestion {
  readonly element: HTMLElement;
  readonly #options: ScaleQuestionOptions;
  readonly #presets = make("div", { class: "slide-presets", role: "group" });
  readonly #presetsName = make("div", { class: "small" });
  readonly #slider = make("input", { type: "range", min: 0, max: scales.SLIDER_STEPS, step: 1 });
  readonly #number = make("input", { type: "number", min: 0, step: "any" });
  readonly #unit = make("span", {}, "µm per pixel");
  readonly #note = paragraph("", "small mb-0");
  readonly #go: HTMLButtonElement;
  #kind: SlideKind;
  #umPerPixel: number | null;

  constructor(options: ScaleQuestionOptions) {
    this.#options = options;
    this.#kind = options.kind;
    this.#umPerPixel = options.umPerPixel;
    this.#go = button("Scan at this scale", () => this.#confirm(), true);
    this.#bind();
    this.element = make(
      "section",
      { class: "slide-question", "aria-label": "Scale" },
      make("h2", { class: "verdict" }, "How large is a pixel?"),
      paragraph(options.said, "mb-0"),
      this.#kinds(),
      make("div", { class: "slide-field" }, this.#presetsName, this.#presets),
      make(
        "div",
        { class: "slide-field" },
        make("label", { for: this.#slider.id, class: "small" }, "Scale"),
        this.#slider,
      ),
      make(
        "div",
        { class: "slide-scale-number" },
        make("label", { for: this.#number.id, class: "visually-hidden" }, "Size of a pixel"),
        this.#number,
        this.#unit,
      ),
      this.#note,
      make(
        "div",
        { class: "slide-presets" },
        this.#go,
        options.onKeep === null ? null : button("Keep the map as it is", options.onKeep),
      ),
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.target instanceof HTMLInputElement) event.stopPropagation();
    });
    this.#fillPresets();
    this.#show(true);
  }

  #bind(): void {
    const id = `slide-scale-${++made}`;
    this.#presetsName.id = `${id}-presets`;
    this.#presets.setAttribute("aria-labelledby", this.#presetsName.id);
    this.#slider.id = `${id}-slider`;
    this.#slider.className = "form-range";
    this.#slider.addEventListener("input", () =>
      this.#set(scales.scaleOf(this.#kind, this.#slider.valueAsNumber)),
    );
    this.#number.id = `${id}-number`;
    this.#number.className = "form-control form-control-sm";
    this.#number.setAttribute("aria-describedby", `${id}-note`);
    this.#note.id = `${id}-note`;
    this.#note.setAttribute("role", "status");
    this.#number.addEventListener("input", () => {
      const typed = this.#number.valueAsNumber * (this.#isFilm ? 1_000 : 1);
      this.#umPerPixel = scales.isScale(this.#kind, typed) ? typed : null;
      this.#show(false);
    });
    this.#number.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#confirm();
    });
  }

  get #isFilm(): boolean {
    return this.#kind === "mammogram";
  }

  #kinds(): HTMLElement {
    const group = make("fieldset", { class: "slide-kinds" });
    group.append(make("legend", { class: "visually-hidden" }, "What the image is"));
    for (const kind of this.#options.kinds) {
      const radio = make("input", {
        type: "radio",
        name: this.#slider.id,
        checked: kind === this.#kind,
      });
      radio.addEventListener("change", () => {
        this.#kind = kind;
        this.#umPerPixel = null;
        this.#fillPresets();
        this.#show(true);
      });
      group.append(make("label", {}, radio, ` ${KIND_NAMES[kind]}`));
    }
    return group;
  }

  #fillPresets(): void {
    const presets = scales.PRESETS[this.#kind];
    this.#presetsName.textContent = this.#isFilm ? "Usual pixels" : "Objective";
    this.#presets.replaceChildren(
      ...presets.map(({ name, umPerPixel }) => {
        const made = button(name, () => this.#set(umPerPixel));
        made.dataset["scale"] = String(umPerPixel);
        made.title = scales.scaleText(umPerPixel);
        return made;
      }),
    );
    this.#unit.textContent = this.#isFilm ? "mm per pixel" : "µm per pixel";
  }

  #set(umPerPixel: number): void {
    this.#umPerPixel = umPerPixel;
    this.#show(true);
  }

  #show(withNumber: boolean): void {
    const um = this.#umPerPixel;
    for (const preset of this.#presets.querySelectorAll("button")) {
      const chosen = Number(preset.dataset["scale"]) === um;
      preset.setAttribute("aria-pressed", String(chosen));
      preset.classList.toggle("active", chosen);
    }
    if (withNumber && um !== null)
      this.#number.value = String(Number((um / (this.#isFilm ? 1_000 : 1)).toPrecision(4)));
    if (withNumber && um === null) this.#number.value = "";
    const [least, most] = scales.LIMITS[this.#kind];
    this.#slider.value = String(scales.sliderOf(this.#kind, um ?? Math.sqrt(least * most)));
    this.#slider.setAttribute("aria-valuetext", um === null ? "not chosen" : scales.scaleText(um));
    const model = this.#options.modelScale(this.#kind);
    const verdict = um === null || model === null ? "fine" : scales.judgeScale(um, model);
    this.#note.classList.toggle("slide-warned", verdict !== "fine");
    this.#note.textContent =
      um === null
        ? "Choose it: the bar on the image shows what it would mean."
        : model === null
          ? ""
          : scaleWarning(this.#kind, um, model) || "The bar on the image shows what this means.";
    this.#go.disabled = um === null || verdict === "refused";
    this.#options.onChange(um);
  }

  #confirm(): void {
    if (this.#umPerPixel !== null && !this.#go.disabled)
      this.#options.onConfirm(this.#kind, this.#umPerPixel);
  }
}
