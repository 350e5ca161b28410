// The empty page: what it is for, and how far the model has come.
import type { EngineError, ModelFacts } from "../messages.ts";
import { byteCount, decimal } from "../wording.ts";
import { byId, part } from "./parts.ts";

export type LoadState =
  | { step: "loading"; received: number; total: number }
  | { step: "fetched"; model: string } // its id; it is started when somebody is about to read
  | { step: "ready"; model: ModelFacts }
  | { step: "failed"; error: EngineError };

export class StartView {
  readonly element = byId("start", HTMLElement);
  readonly #status = byId("load-status", HTMLElement);
  readonly #progress = byId("load-progress", HTMLProgressElement);
  readonly #failure = byId("failure", HTMLElement);

  constructor(actions: { choose: () => void; reload: () => void }) {
    byId("choose", HTMLButtonElement).addEventListener("click", actions.choose);
    part(this.#failure, "reload").addEventListener("click", actions.reload);
  }

  // empty: there is no image on the page.
  update(load: LoadState, empty: boolean): void {
    this.element.hidden = !empty || load.step === "failed";
    this.#failure.hidden = load.step !== "failed";
    this.#progress.hidden = load.step !== "loading";
    if (load.step === "failed") part(this.#failure, "message").textContent = load.error.message;
    else this.#status.textContent = statusOf(load);
    if (load.step === "loading" && load.total > 0) {
      this.#progress.value = load.received / load.total;
    }
  }
}

function statusOf(load: Exclude<LoadState, { step: "failed" }>): string {
  if (load.step === "loading") {
    if (load.total === 0) return "The model is being loaded.";
    return `The model is being loaded: ${byteCount(load.received)} of ${byteCount(load.total)}.`;
  }
  if (load.step === "fetched") return `Model ${load.model} is here; it starts when you do.`;
  const { id, version, inputWidth, inputHeight, umPerPixel } = load.model;
  return (
    `Ready: model ${id} ${version} for patches of ${inputWidth}×${inputHeight} px ` +
    `at ${decimal(umPerPixel)} µm/px.`
  );
}
