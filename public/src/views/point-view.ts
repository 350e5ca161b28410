// Below the answer: the operating point in force, moved where the model's evaluation tells what each
// threshold means.
import type { Judge, Judgement } from "../judgement.ts";
import type { ModelFacts } from "../messages.ts";
import { byId, part } from "./parts.ts";

// The panel that moves it. What moves it tells the judge.
export interface PointPanel {
  element: HTMLElement;
  follow(threshold: number): void; // in force, whoever put it there
}

export interface PointParts {
  judge: Judge;
  hasReport: (model: ModelFacts) => boolean;
  // The panel for a model, at the point in force; null where it did not load, which is told.
  open: (model: ModelFacts) => Promise<PointPanel | null>;
  redraw: () => void;
}

export class PointView {
  readonly #element = byId("point", HTMLElement);
  readonly #change = part(this.#element, "change", HTMLButtonElement);
  readonly #place = part(this.#element, "place");
  readonly #parts: PointParts;
  readonly #opened = new Map<string, PointPanel>(); // by the model's SHA-256
  #model: ModelFacts | null = null;

  constructor(parts: PointParts) {
    this.#parts = parts;
    this.#change.addEventListener("click", () => void this.#open());
  }

  // What was kept stays judged as it was kept.
  update(judgement: Judgement | null, isKept: boolean): void {
    const model = judgement === null || isKept ? null : judgement.model;
    this.#model = model;
    this.#element.hidden = model === null || !this.#parts.hasReport(model);
    const opened = model === null ? undefined : this.#opened.get(model.sha256);
    this.#change.hidden = opened !== undefined;
    if (opened === undefined) this.#place.replaceChildren();
    else if (this.#place.firstChild !== opened.element) this.#place.replaceChildren(opened.element);
    if (judgement !== null) opened?.follow(judgement.point.threshold);
  }

  async #open(): Promise<void> {
    const model = this.#model;
    if (model === null) return;
    this.#change.disabled = true;
    const panel = await this.#parts.open(model);
    if (panel !== null) this.#opened.set(model.sha256, panel);
    this.#change.disabled = false;
    this.#parts.redraw();
    this.#opened.get(model.sha256)?.element.querySelector("input")?.focus();
  }
}
