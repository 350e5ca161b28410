// A slider over the thresholds of an evaluation, with what each means at the user's own prevalence.
// Stands by itself: beside an answer, or on the page of a model's figures.
import {
  defaultPrevalence,
  isPrevalence,
  nearestPoint,
  measuredPoint,
  presetsOf,
  type Estimate,
  type Measured,
  type MeasuredPoint,
  type Preset,
} from "../operating-point.ts";
import type { OperatingPoint } from "../messages.ts";
import { decimal } from "../wording.ts";
import { button, make, paragraph, fold } from "./build.ts";
import * as wording from "./wording.ts";

const PREVALENCE_KEY = "insitu.prevalence"; // a share, as text

export interface OperatingPointOptions {
  measured: Measured;
  source: string; // whose figures these are: "29 cases of cases_val"
  stated?: readonly OperatingPoint[]; // the model's own operating points
  threshold?: number; // to begin with; otherwise the one in force
  onChange?: (point: MeasuredPoint) => void; // also called once at the beginning
}

// What one panel is told holds for all; in the browser's storage too where there is any.
let ownPrevalence = storedPrevalence();

function storedPrevalence(): number | null {
  try {
    const share = Number(localStorage.getItem(PREVALENCE_KEY) ?? Number.NaN);
    return isPrevalence(share) ? share : null;
  } catch {
    return null;
  }
}

function storePrevalence(share: number | null): void {
  ownPrevalence = share;
  try {
    if (share === null) localStorage.removeItem(PREVALENCE_KEY);
    else localStorage.setItem(PREVALENCE_KEY, String(share));
  } catch {
    // It is then asked for again at the next visit.
  }
}

const NAMES = { sensitivity: "Sensitivity", specificity: "Specificity", ppv: "PPV", npv: "NPV" };
type FigureName = keyof typeof NAMES;

let made = 0; // for ids

export class OperatingPointView {
  readonly element: HTMLElement;
  readonly #options: OperatingPointOptions;
  readonly #presets: Preset[];
  readonly #slider: HTMLInputElement;
  readonly #prevalence: HTMLInputElement;
  readonly #prevalenceNote = paragraph("", "small mb-0");
  readonly #threshold = make("output", { class: "point-threshold" });
  readonly #buttons: [Preset, HTMLButtonElement][];
  readonly #figures = new Map<FigureName, HTMLElement>();
  #share: number;
  #point: MeasuredPoint;

  constructor(options: OperatingPointOptions) {
    this.#options = options;
    const { measured, stated = [], threshold = measured.threshold } = options;
    this.#presets = presetsOf(measured, stated);
    this.#share = ownPrevalence ?? defaultPrevalence(measured);
    this.#point = measuredPoint(measured, threshold, this.#share, this.#presets);
    const id = `operating-point-${++made}`;
    const last = measured.curve.length - 1;
    const slider = { type: "range", min: 0, max: last, step: 1, id, class: "form-range" };
    this.#slider = make("input", slider);
    this.#slider.addEventListener("input", () => {
      this.set(measured.curve[this.#slider.valueAsNumber]?.threshold ?? threshold);
    });
    const number = { type: "number", min: 0.01, max: 99.99, step: "any", id: `${id}-prevalence` };
    this.#prevalence = make("input", {
      ...number,
      class: "form-control form-control-sm",
      "aria-describedby": `${id}-note`,
    });
    this.#prevalenceNote.id = `${id}-note`;
    this.#prevalence.value = decimal(100 * this.#share, 2);
    this.#prevalence.addEventListener("input", () => this.#prevalenceTyped());
    this.#buttons = this.#presets.map((preset) => [preset, this.#presetButton(preset)]);
    this.element = this.#build(id);
    // Arrow keys and digits are the slider's and the field's, not the page's.
    this.element.addEventListener("keydown", (event) => {
      if (event.target instanceof HTMLInputElement) event.stopPropagation();
    });
    this.#show();
  }

  // To where another panel of the model put it, or the slider of a map.
  follow(threshold: number): void {
    const share = ownPrevalence ?? defaultPrevalence(this.#options.measured);
    if (share !== this.#share) {
      this.#share = share;
      this.#prevalence.value = decimal(100 * share, 2);
    } else if (threshold === this.#point.threshold) {
      return;
    }
    this.set(threshold);
  }

  set(threshold: number): void {
    this.#point = measuredPoint(this.#options.measured, threshold, this.#share, this.#presets);
    this.#show();
  }

  #presetButton(preset: Preset): HTMLButtonElement {
    const name = wording.PRESET_NAMES[preset.name];
    return button(name, () => this.set(preset.threshold));
  }

  #build(id: string): HTMLElement {
    const figures = (Object.keys(NAMES) as FigureName[]).flatMap((name) => {
      const value = make("dd", { class: "point-figure" });
      this.#figures.set(name, value);
      return [make("dt", {}, NAMES[name]), value];
    });
    const reset = button("Reset prevalence", () => {
      storePrevalence(null);
      this.#share = defaultPrevalence(this.#options.measured);
      this.#prevalence.value = decimal(100 * this.#share, 2);
      this.#prevalenceTyped(false);
    });
    return make(
      "div",
      { class: "operating-point" },
      make(
        "div",
        { class: "point-presets", role: "group", "aria-label": "Operating points" },
        ...this.#buttons.map(([, preset]) => preset),
      ),
      make(
        "div",
        { class: "point-slider" },
        make("label", { for: id, class: "small" }, "Threshold ", this.#threshold),
        this.#slider,
      ),
      make(
        "div",
        { class: "point-prevalence" },
        make("label", { for: `${id}-prevalence`, class: "small" }, "Your prevalence, %"),
        make("div", { class: "point-field" }, this.#prevalence, reset),
        this.#prevalenceNote,
      ),
      make("dl", { class: "point-figures" }, ...figures),
      fold(
        "Where these figures are from",
        paragraph(`Measured on ${this.#options.source}.`),
        ...this.#presets.map((preset) => paragraph(wording.presetSentence(preset))),
        paragraph(wording.PREDICTIVE_NOTE),
      ),
    );
  }

  #prevalenceTyped(keep = true): void {
    const share = this.#prevalence.valueAsNumber / 100;
    const valid = isPrevalence(share);
    this.#prevalence.toggleAttribute("aria-invalid", !valid);
    if (!valid) {
      this.#prevalenceNote.textContent = "Type a share between 0.01 and 99.99 %.";
      return;
    }
    this.#share = share;
    if (keep) storePrevalence(share);
    this.set(this.#point.threshold);
  }

  #show(): void {
    const { measured, onChange } = this.#options;
    const point = this.#point;
    this.#slider.value = String(nearestPoint(measured.curve, point.threshold));
    this.#slider.setAttribute("aria-valuetext", wording.pointSentence(point));
    this.#threshold.textContent = decimal(point.threshold, 4);
    for (const [preset, control] of this.#buttons) {
      const chosen = preset.threshold === point.threshold;
      control.setAttribute("aria-pressed", String(chosen));
      control.classList.toggle("active", chosen);
    }
    for (const [name, place] of this.#figures) showEstimate(place, point[name]);
    const usual = defaultPrevalence(measured);
    this.#prevalenceNote.textContent =
      Math.abs(this.#share - usual) < 1e-9
        ? measured.at_prevalence === undefined
          ? "That of the evaluated images."
          : "As in the report."
        : "Kept in this browser.";
    if (point.measuredAt !== point.threshold) {
      this.#prevalenceNote.textContent += ` Figures of threshold ${decimal(point.measuredAt, 4)}, the nearest that was measured.`;
    }
    onChange?.(point);
  }
}

function showEstimate(place: HTMLElement, estimate: Estimate | null): void {
  if (estimate === null) {
    place.replaceChildren("–");
    return;
  }
  const range = estimate.interval === null ? "no interval" : wording.span(estimate.interval);
  place.replaceChildren(
    make("strong", {}, wording.measure(estimate.value)),
    " ",
    make("span", { class: "small text-body-secondary" }, range),
  );
}
