// Above the image: how far the scan is, and what can be done about it.
import { button, make } from "../../figures/build.ts";
import type { Slide } from "../slide.ts";
import * as wording from "../wording.ts";

export interface ScanHeadOptions {
  cancel: () => void;
  resume: () => void;
  finer: () => void;
}

export class ScanHead {
  readonly element: HTMLElement;
  readonly #status = make("p", { class: "small mb-0" });
  readonly #progress = make("progress", {
    class: "list-progress",
    "aria-label": "Map made",
    max: 1,
  });
  readonly #cancel: HTMLButtonElement;
  readonly #resume: HTMLButtonElement;
  readonly #finer: HTMLButtonElement;

  constructor({ cancel, resume, finer }: ScanHeadOptions) {
    this.#cancel = button("Cancel", cancel);
    this.#resume = button("Go on", resume);
    this.#finer = button("", finer);
    this.element = make(
      "div",
      { class: "slide-head" },
      this.#status,
      this.#cancel,
      this.#resume,
      this.#finer,
      this.#progress,
    );
  }

  update(slide: Slide): void {
    const text = wording.progressText(slide);
    if (this.#status.textContent !== text) this.#status.textContent = text;
    this.#cancel.hidden = slide.phase !== "scanning";
    this.#resume.hidden = slide.phase !== "paused";
    const finer = wording.finerText(slide);
    this.#finer.hidden = finer === "";
    this.#finer.textContent = finer;
    this.#progress.hidden = slide.phase !== "scanning" && slide.phase !== "opening";
    if (slide.phase === "scanning") this.#progress.value = slide.progress.share;
    else this.#progress.removeAttribute("value");
  }
}
