// The operating point of a slide's model: the panel that moves it, fetched when it is asked for.
import { button, make } from "../../figures/build.ts";
import type { ModelFacts } from "../../messages.ts";
import type { PointPanel, PointParts } from "../../views/point-view.ts";
import type { Slide } from "../slide.ts";

const UNKNOWN = { sensitivity: Number.NaN, specificity: Number.NaN };

export class PointPlace {
  readonly element = make("div", { class: "point" });
  readonly #parts: PointParts;
  #offered = ""; // SHA-256 of the model that the button or the panel is of
  #open: { sha256: string; panel: PointPanel } | null = null;

  constructor(parts: PointParts) {
    this.#parts = parts;
  }

  update({ model, summary, phase }: Slide): void {
    const { judge, hasReport } = this.#parts;
    // Also where it is hidden, for the map's slider goes through it.
    if (model !== null && this.#open?.sha256 === model.facts.sha256)
      this.#open.panel.follow(judge.pointFor(model.facts).threshold);
    const isFor =
      model !== null && summary !== null && phase !== "asking" && hasReport(model.facts);
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
      this.#open.panel.follow(threshold); // tells the judge, with what it means
      return;
    }
    this.#parts.judge.choose(model, { name: "own", threshold, ...UNKNOWN });
    this.#parts.redraw();
  }

  async #openPoint(model: ModelFacts): Promise<void> {
    const panel = await this.#parts.open(model);
    if (panel === null || this.#offered !== model.sha256) return; // another model reads meanwhile
    this.#open = { sha256: model.sha256, panel };
    this.element.replaceChildren(panel.element);
    panel.element.querySelector("input")?.focus();
  }
}
