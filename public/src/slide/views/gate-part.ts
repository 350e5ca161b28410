// In the summary: what the gate refused, and the way past that; or back.
import { button, make, paragraph, type Child } from "../../figures/build.ts";
import type { Slide } from "../slide.ts";
import { anywayTotal, judgedAnyway, refusedTotal, type Summary } from "../summary.ts";
import { areaText, refusalName } from "../wording.ts";

export class GatePart {
  readonly #judge: (anyway: boolean) => void;
  #open = false;
  #shown: Slide | null = null;

  constructor(judge: (anyway: boolean) => void) {
    this.#judge = judge;
  }

  // null: the gate refused nothing, or the scan is not at rest.
  element(slide: Slide, summary: Summary): HTMLElement | null {
    if (slide !== this.#shown) this.#open = false; // each image is asked for by itself
    this.#shown = slide;
    if (slide.phase !== "done" && slide.phase !== "paused") return null;
    if (slide.judgesAnyway) return this.#back(slide, summary);
    return refusedTotal(summary) > 0 ? this.#anyway() : null;
  }

  #anyway(): HTMLElement {
    const made = make(
      "details",
      { class: "more slide-anyway" },
      make("summary", {}, "Judge it anyway"),
      paragraph(
        "The model was not made for what was refused, so what it says there may mean nothing. That " +
          "it was refused, and judged because you asked for it, becomes part of the result and of " +
          "every file of it. Where there is no tissue nothing is judged.",
        "small mb-2",
      ),
      this.#button("Judge what was refused anyway", true),
    );
    made.open = this.#open;
    made.addEventListener("toggle", () => (this.#open = made.open));
    return made;
  }

  #back({ kind }: Slide, summary: Summary): HTMLElement {
    const reasons = judgedAnyway(summary).map(([reason, mm2]): Child =>
      make("li", {}, `${refusalName(reason, kind)}: ${areaText(mm2)}`),
    );
    return make(
      "div",
      { class: "slide-anyway small" },
      paragraph(`Judged although refused: ${areaText(anywayTotal(summary))}`, "mb-0"),
      make("ul", { class: "slide-reasons" }, ...reasons),
      this.#button("Leave out what was refused", false),
    );
  }

  #button(text: string, anyway: boolean): HTMLButtonElement {
    const made = button(text, () => this.#judge(anyway));
    made.className = "btn btn-sm btn-outline-secondary";
    made.dataset["key"] = "anyway";
    return made;
  }
}
