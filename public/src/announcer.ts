// What a screen reader is told: each answer once, and the end of a long list once.
import type { ModelFacts } from "./messages.ts";
import type { ImageEntry, Session } from "./session.ts";
import { plural, positiveLabel, positiveProbability, probabilityText, verdict } from "./wording.ts";

export class Announcer {
  readonly #say: (text: string) => void;
  #saidOf: ImageEntry | null = null;
  #wasBusy = false;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  update(session: Session, model: ModelFacts | null): void {
    const { total, pending, settled, positive, failed } = session.counts();
    const ended = this.#wasBusy && pending === 0 && total > 1 && settled > 0;
    this.#wasBusy = pending > 0;
    if (ended) {
      const wrong = failed > 0 ? `, ${failed} could not be read` : "";
      this.#say(`${plural(settled - failed, "image")} read, ${positive} positive${wrong}.`);
      this.#saidOf = session.selected;
      return;
    }
    // While a list is read, only its end is told.
    if (pending > 0 && total > 1) return;
    const entry = session.selected;
    if (entry === null || entry === this.#saidOf) return;
    const text = answerOf(entry, model);
    if (text === null) return;
    this.#saidOf = entry;
    this.#say(text);
  }
}

function answerOf(entry: ImageEntry, pageModel: ModelFacts | null): string | null {
  const model = entry.judgedBy ?? pageModel;
  if (entry.state === "failed") return `${entry.name}: ${entry.error?.message ?? ""}`;
  if (entry.reading === null || model === null) return null;
  const probability = probabilityText(positiveProbability(model, entry.reading));
  return (
    `${entry.name}: ${verdict(model, entry.reading)}. ` +
    `Probability of ${positiveLabel(model)} ${probability}.`
  );
}
