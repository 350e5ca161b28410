// The operating point of a slide's model: the panel that moves it, fetched when it is asked for.
import { button, make } from "../../figures/build.ts";
import type { Judge } from "../../judgement.ts";
import type { ModelFacts } from "../../messages.ts";
import { asOperatingPoint, type MeasuredPoint } from "../../operating-point.ts";
import type { Slide } from "../slide.ts";

export interface PointView {
  element: HTMLElement;
  set(threshold: number): void;
}

export interface PointPlaceOptions {
  judge: Judge;
  openPoint: (
    model: ModelFacts,
    onChange: (point: MeasuredPoint) => void,
  ) => Promise<PointView | null>;
  redraw: () => void;
  tell: (sentence: string) => void;
}

const UNKNOWN = { sensitivity: Number.NaN, specificity: Number.NaN };

export class PointPlace {
  readonly element = make("div", { class: "point" });
  readonly #options: PointPlaceOptions;
  #offered = ""; // SHA-256 of the model that the button or the panel is of
  #open: { sha256: string; view: PointView } | null = null;

  constructor(options: PointPlaceOptions) {
    this.#options = options;
  }

  update({ model, summary, phase }: Slide): void {
    const isFor = model !== null && summary !== null && phase !== "asking";
    this.element.hidden = !isFor;
    if (!isFor || this.#offered === model.facts.sha256) return;
    this.#offered = model.facts.sha256;
    this.#open = null;
    this.element.replaceChildren(
      button("Change the operating point", () => void this.#openPoint(model.facts)),
    );
  }

  // In force from now on, for all images of the model.
  setThreshold(model: ModelFacts, threshold: number): void {
    if (this.#open?.sha256 === model.sha256) {
      this.#open.view.set(threshold); // tells the judge, with what it means
      return;
    }
    this.#options.judge.choose(model, { name: "own", threshold, ...UNKNOWN });
    this.#options.redraw();
  }

  async #openPoint(model: ModelFacts): Promise<void> {
    const { openPoint, judge, redraw, tell } = this.#options;
    try {
      const view = await openPoint(model, (point) => {
        judge.choose(model, asOperatingPoint(point));
        redraw();
      });
      if (this.#offered !== model.sha256) return; // another model reads meanwhile
      this.element.replaceChildren();
      if (view === null) return;
      this.#open = { sha256: model.sha256, view };
      this.element.append(view.element);
      view.element.querySelector("input")?.focus();
    } catch (error) {
      tell(
        `The operating point did not load: ${String(error)}. Check the connection and try again.`,
      );
    }
  }
}
