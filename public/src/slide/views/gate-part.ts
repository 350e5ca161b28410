// In the summary: what the gate refused, and the way past that; or back.
import { button, make, paragraph } from "../../figures/build.ts";
import type { GateReason } from "../../messages.ts";
import type { SlideKind } from "../scale.ts";
import type { Slide } from "../slide.ts";
import { anywayAreas, anywayTotal, refusedTotal, type Summary } from "../summary.ts";
import { areaText, refusalName } from "../wording.ts";

// areas: mm².
export function reasonList(kind: SlideKind, areas: readonly [GateReason, number][]): HTMLElement {
  const reasons = areas.map(([reason, mm2]) =>
    make("li", {}, `${refusalName(reason, kind)}: ${areaText(mm2)}`),
  );
  return make("ul", { class: "slide-reasons" }, ...reasons);
}

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
    return make(
      "div",
      { class: "slide-anyway small" },
      paragraph(`Judged although refused: ${areaText(anywayTotal(summary))}`, "mb-0"),
      reasonList(kind, anywayAreas(summary)),
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
