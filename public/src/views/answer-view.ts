// The answer: the words, the probability against its threshold, and what it was judged by.
import type { ModelFacts, Reading } from "../messages.ts";
import type { ImageEntry } from "../session.ts";
import * as wording from "../wording.ts";
import { byId, part } from "./parts.ts";

const SHORT_HASH = 10; // digits
const COPIED_MS = 2_000;

// The label of the threshold stays inside the bar.
const LABEL_MARGIN = 0.16;

export class AnswerView {
  readonly element = byId("answer", HTMLElement);
  readonly #bar = part(this.element, "bar");
  readonly #copy = part(this.element, "copy");
  #hash = "";

  constructor() {
    this.#copy.addEventListener("click", () => void this.#copyHash());
  }

  update(pageModel: ModelFacts | null, entry: ImageEntry | null): void {
    const model = entry?.judgedBy ?? pageModel;
    const reading = entry?.reading ?? null;
    const failed = entry?.state === "failed";
    const waiting = entry !== null && reading === null && !failed;
    part(this.element, "result").hidden = reading === null;
    part(this.element, "error").hidden = !failed;
    part(this.element, "waiting").hidden = !waiting;
    this.element.dataset["positive"] = String(reading?.isPositive);
    if (failed) this.#text("error-text", `${entry.name}: ${entry.error?.message ?? ""}`);
    else if (waiting) this.#text("waiting", waitingText(model, entry));
    else if (model !== null && reading !== null) this.#show(model, reading, entry?.answeredMs ?? 0);
  }

  #text(name: string, text: string): void {
    part(this.element, name).textContent = text;
  }

  #show(model: ModelFacts, reading: Reading, answeredMs: number): void {
    this.#hash = model.sha256;
    this.#text("verdict", wording.verdict(model, reading));
    this.#showProbability(model, wording.positiveProbability(model, reading));
    this.#text("model", `${model.id} ${model.version}`);
    this.#text("hash", model.sha256.slice(0, SHORT_HASH));
    this.#text("operating-point", wording.operatingPoint(model));
    this.#text("input", wording.inputSentence(model, reading));
    this.#text("scale", wording.scaleSentence(model, reading));
    const { decodeMs, preprocessMs, networkMs } = reading;
    const ms = wording.milliseconds;
    this.#text("time", ms(decodeMs + preprocessMs + networkMs));
    this.#text(
      "stages",
      `decode ${ms(decodeMs)}, prepare ${ms(preprocessMs)}, network ${ms(networkMs)}` +
        (answeredMs > 0 ? `; from file to answer ${ms(answeredMs)}` : ""),
    );
    this.#text("probabilities", probabilities(model, reading));
    this.#text("training", model.trainingData);
    this.#text("full-hash", model.sha256);
    this.#text("file-hash", reading.sha256 ?? "only over https or on localhost");
  }

  #showProbability(model: ModelFacts, probability: number): void {
    const label = `Probability of ${wording.positiveLabel(model)}`;
    const texts = wording.besideThreshold(probability, model.threshold);
    const threshold = `threshold ${texts.threshold}`;
    const value = texts.probability;
    this.#text("label", label);
    this.#text("probability", value);
    this.#text("threshold", threshold);
    this.#bar.setAttribute("aria-label", `${label} ${value}, ${threshold}`);
    const at = Math.max(LABEL_MARGIN, Math.min(1 - LABEL_MARGIN, model.threshold));
    this.#bar.style.setProperty("--probability", String(probability));
    this.#bar.style.setProperty("--threshold", String(model.threshold));
    this.#bar.style.setProperty("--label-at", String(at));
  }

  async #copyHash(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#hash);
      this.#copy.textContent = "Copied";
    } catch {
      this.#copy.textContent = "Not allowed here: select and copy it";
    }
    setTimeout(() => (this.#copy.textContent = "Copy"), COPIED_MS);
  }
}

function probabilities(model: ModelFacts, reading: Reading): string {
  return model.labels
    .map((label, index) => {
      const value = reading.probabilities[index];
      return `${label} ${value === undefined ? "?" : value.toFixed(6)}`;
    })
    .join(", ");
}

function waitingText(model: ModelFacts | null, entry: ImageEntry): string {
  if (entry.state === "cancelled") return `${entry.name} was not read: reading was cancelled.`;
  if (model === null) return `${entry.name} is read as soon as the model is here.`;
  return entry.state === "reading"
    ? `${entry.name} is being read.`
    : `${entry.name} waits its turn.`;
}
