// What the gate said of an image: why it was refused, and the way past that; or a warning beside the
// answer.
import type { ImageEntry } from "../session.ts";
import { gateNote } from "../wording.ts";
import { byId, part } from "./parts.ts";

export class GateView {
  readonly #answer = byId("answer", HTMLElement);
  readonly #note = part(this.#answer, "gate");
  readonly #anyway = part(this.#answer, "anyway", HTMLDetailsElement);
  #shown: ImageEntry | null = null;

  constructor(judgeAnyway: (entry: ImageEntry) => void) {
    part(this.#anyway, "judge-anyway").addEventListener("click", () => {
      if (this.#shown !== null) judgeAnyway(this.#shown);
    });
  }

  update(entry: ImageEntry | null): void {
    if (entry !== this.#shown) this.#anyway.open = false; // each image is asked for by itself
    this.#shown = entry;
    this.#anyway.hidden = entry?.error?.code !== "image_refused";
    const gate = entry?.reading?.gate ?? null;
    this.#note.textContent = gate === null ? "" : gateNote(gate);
    this.#note.hidden = this.#note.textContent === "";
  }
}
