// The answer: the words, the probability against its threshold, and what it was judged by.
import { uncertainAt, type Judge, type Judgement } from "../judgement.ts";
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
  readonly #judge: Judge;
  readonly #modelsOf: (kind: string) => readonly SiteModel[];
  readonly #choice = part(this.element, "model-choice", HTMLSelectElement);
  #choices: readonly SiteModel[] = [];
  #hash = "";

  // modelsOf: those of the site that read the same kind of image.
  constructor(
    judge: Judge,
    modelsOf: (kind: string) => readonly SiteModel[],
    choose: (model: SiteModel) => void,
  ) {
    this.#judge = judge;
    this.#modelsOf = modelsOf;
    this.#choice.addEventListener("change", () => {
      const chosen = this.#choices[this.#choice.selectedIndex];
      if (chosen !== undefined) choose(chosen);
    });
    this.#copy.addEventListener("click", () => void this.#copyHash());
  }

  // ready: a model is there to read with.
  update(ready: boolean, entry: ImageEntry | null): void {
    const reading = entry?.reading ?? null;
    const judgement = entry === null ? null : this.#judge.of(entry);
    const failed = entry?.state === "failed";
    const waiting = entry !== null && reading === null && !failed;
    part(this.element, "result").hidden = reading === null;
    part(this.element, "error").hidden = !failed;
    part(this.element, "waiting").hidden = !waiting;
    this.element.dataset["answer"] = judgement?.answer ?? "";
    if (judgement !== null) this.#offerModels(judgement, entry?.keptPoint === null);
    if (failed) this.#text("error-text", wording.named(entry.name, entry.error?.message ?? ""));
    else if (waiting) this.#text("waiting", waitingText(ready, entry));
    else if (judgement !== null && reading !== null) {
      this.#show(judgement, reading, entry?.answeredMs ?? 0);
    }
  }

  #text(name: string, text: string): void {
    part(this.element, name).textContent = text;
  }

  // now: it was read in this visit, so another model may read it too.
  #offerModels({ model }: Judgement, now: boolean): void {
    const models = now ? this.#modelsOf(model.kind) : [];
    this.#choice.hidden = models.length < 2;
    if (models !== this.#choices && models.length >= 2) {
      this.#choices = models;
      this.#choice.replaceChildren(...models.map(({ id }) => new Option(`Read with ${id}`)));
    }
    this.#choice.selectedIndex = models.findIndex(({ sha256 }) => sha256 === model.sha256);
  }

  #show(judgement: Judgement, reading: Reading, answeredMs: number): void {
    const { model } = judgement;
    this.#hash = model.sha256;
    this.#text("verdict", wording.verdict(judgement));
    this.#showProbability(judgement, reading.interval);
    const warning = part(this.element, "warning");
    warning.textContent = model.warning;
    warning.hidden = model.warning === "";
    this.#text("model", `${model.id} ${model.version}`);
    this.#text("hash", model.sha256.slice(0, SHORT_HASH));
    this.#text("operating-point", wording.operatingPoint(judgement.point));
    this.#text("uncertain", wording.uncertainSentence(judgement));
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

  #showProbability(judgement: Judgement, interval: Reading["interval"]): void {
    const { model, point, probability } = judgement;
    const label = `Probability of ${wording.positiveLabel(model)}`;
    const texts = wording.besideThreshold(probability, point.threshold);
    const threshold = `threshold ${texts.threshold}`;
    const value = texts.probability;
    const between = interval === null ? "" : `95 % interval ${wording.intervalText(interval)}`;
    const band = uncertainAt(model, point);
    const open = band === null ? "" : `, no answer from ${band.low} to ${band.high}`;
    this.#text("label", label);
    this.#text("probability", value);
    this.#text("interval", between);
    this.#text("threshold", threshold);
    const range = between === "" ? "" : `, ${between}`;
    this.#bar.setAttribute("aria-label", `${label} ${value}${range}, ${threshold}${open}`);
    const at = Math.max(LABEL_MARGIN, Math.min(1 - LABEL_MARGIN, point.threshold));
    const places = {
      probability,
      threshold: point.threshold,
      "label-at": at,
      "interval-low": interval?.[0] ?? probability,
      "interval-high": interval?.[1] ?? probability,
      "uncertain-low": band?.low ?? point.threshold,
      "uncertain-high": band?.high ?? point.threshold,
    };
    for (const [name, value] of Object.entries(places)) {
      this.#bar.style.setProperty(`--${name}`, String(value));
    }
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

function waitingText(ready: boolean, entry: ImageEntry): string {
  if (entry.state === "cancelled") return `${entry.name} was not read: reading was cancelled.`;
  if (!ready) return `${entry.name} is read as soon as the model is here.`;
  return entry.state === "reading"
    ? `${entry.name} is being read.`
    : `${entry.name} waits its turn.`;
}
