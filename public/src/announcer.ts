// What a screen reader is told: each answer once, and the end of a long list once.
import type { Judge } from "./judgement.ts";
import type { ImageEntry, Session } from "./session.ts";
import { named, plural, positiveLabel, probabilityText, verdict } from "./wording.ts";

export class Announcer {
  readonly #say: (text: string) => void;
  #saidOf: ImageEntry | null = null;
  #saidStep = "";
  #wasBusy = false;
  #readingsEnded = 0;
  #endedAtRest = 0; // readings that had ended when nothing was read any more

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  update(session: Session, judge: Judge): void {
    const { total, pending, settled, positive, uncertain, failed } = session.counts(judge);
    // A short list may be read from its first image to its last between two updates.
    const busy = this.#wasBusy || session.ended > this.#readingsEnded;
    const ended = busy && pending === 0 && total > 1 && settled > 0;
    this.#wasBusy = pending > 0;
    this.#readingsEnded = session.ended;
    const isOne = session.ended - this.#endedAtRest === 1;
    if (pending === 0) this.#endedAtRest = session.ended;
    if (ended) {
      const open = uncertain > 0 ? `, ${uncertain} uncertain` : "";
      const wrong = failed > 0 ? `, ${failed} could not be read` : "";
      const all = `${plural(settled - failed, "image")} read, ${positive} positive${open}${wrong}.`;
      const answer = isOne && session.selected !== null ? answerOf(session.selected, judge) : null;
      this.#say(answer === null ? all : `${answer} ${all}`); // of one that came alone, what it is
      this.#saidOf = session.selected;
      return;
    }
    // While a list is read, only its end is told.
    if (pending > 0 && total > 1) return;
    const entry = session.selected;
    if (entry === null) return;
    // A slide asks first and answers later.
    const step = entry.slide === null ? "" : entry.state;
    if (entry === this.#saidOf && step === this.#saidStep) return;
    const text = answerOf(entry, judge);
    if (text === null) return;
    this.#saidOf = entry;
    this.#saidStep = step;
    this.#say(text);
  }
}

function answerOf(entry: ImageEntry, judge: Judge): string | null {
  if (entry.state === "failed") return named(entry.name, entry.error?.message ?? "");
  if (entry.slide !== null) {
    const told = entry.state === "done" || entry.state === "asking";
    return told ? `${entry.name}: ${entry.slide.outcome()}.` : null;
  }
  const judgement = judge.of(entry);
  if (judgement === null) return null;
  const probability = probabilityText(judgement.probability);
  return (
    `${entry.name}: ${verdict(judgement)}. ` +
    `Probability of ${positiveLabel(judgement.model)} ${probability}.`
  );
}
