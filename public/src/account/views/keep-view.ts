// Below the answer: whether this image is kept, and what can be done about it.
import type { Judge, Judgement } from "../../judgement.ts";
import { textOf } from "../../messages.ts";
import type { ImageEntry, Read } from "../../session.ts";
import { byteCount, positiveLabel, probabilityText, verdict } from "../../wording.ts";
import type { Keeping } from "../keeper.ts";
import { clock, failureSentence, keepingSentence, SLIDES_NOT_KEPT } from "../wording.ts";
import { actions, button, make, paragraph, type Child } from "./build.ts";
import type { Context } from "./context.ts";
import { noteView } from "./history-view.ts";
import { signInView } from "./entrance.ts";
import { storageView } from "./storage.ts";

export interface KeepParts {
  judge: Judge;
  readAgain: (entry: ImageEntry) => Promise<Read>;
}

export class KeepView {
  readonly #element: HTMLElement;
  readonly #context: Context;
  readonly #parts: KeepParts;
  readonly #again = new Map<ImageEntry, string>(); // what reading again gave
  #drawn = "";

  constructor(element: HTMLElement, context: Context, parts: KeepParts) {
    this.#element = element;
    this.#context = context;
    this.#parts = parts;
  }

  update(entry: ImageEntry | null): void {
    const { account, keeper } = this.#context;
    const isScanned = entry?.slide != null && entry.state === "done";
    const read = entry?.state === "done" && entry.reading !== null ? entry : null;
    const keeping = read === null ? null : keeper.keepingOf(read);
    const again = read === null ? "" : (this.#again.get(read) ?? "");
    // Redrawn only when it changes, so that the focus stays where it is.
    const drawn = JSON.stringify([
      read?.key,
      isScanned,
      keeping,
      account.state,
      account.keeps,
      account.ended,
      again,
    ]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const content = read === null ? this.#ofSlide(isScanned) : this.#content(read, keeping, again);
    this.#element.hidden = content.length === 0;
    this.#element.replaceChildren(...content.filter((child) => child !== null));
  }

  // Told where an image would be kept: a slide may be larger than any storage.
  #ofSlide(isScanned: boolean): Child[] {
    const { account } = this.#context;
    const wouldKeep =
      account.state === "signed-in" && account.config.storage !== "off" && account.keeps !== null;
    return isScanned && wouldKeep ? [paragraph(SLIDES_NOT_KEPT, "account-help mb-0")] : [];
  }

  #content(entry: ImageEntry, keeping: Keeping | null, again: string): Child[] {
    const { account, panel } = this.#context;
    if (keeping !== null) return this.#keeping(entry, keeping, again);
    if (account.state !== "signed-in" || account.config.storage === "off") return [];
    if (account.keeps === null) {
      return [
        actions(
          make("span", { class: "account-help" }, "Storage is off."),
          button("Turn it on", () => panel.show(storageView(this.#context)), "link"),
        ),
      ];
    }
    return [actions(button("Keep this image and its result", () => this.#keep(entry)))];
  }

  #keep(entry: ImageEntry): void {
    const judgement = this.#parts.judge.of(entry);
    if (judgement !== null) this.#context.keeper.keep(entry, judgement);
  }

  #keeping(entry: ImageEntry, keeping: Keeping, again: string): Child[] {
    const { account, keeper, panel } = this.#context;
    const signedIn = account.state === "signed-in";
    const sentence = paragraph(keepingSentence(keeping, signedIn), "mb-0");
    switch (keeping.step) {
      case "waiting":
        return [
          sentence,
          actions(
            signedIn
              ? null
              : button("Sign in", () => panel.show(signInView(this.#context)), "primary"),
            button("Do not keep", () => keeper.forget(entry)),
          ),
        ];
      case "sealing":
      case "sending":
        return [sentence, actions(button("Cancel", () => keeper.forget(entry)))];
      case "failed":
        return [
          sentence,
          actions(
            button("Try again", () => this.#keep(entry)),
            button("Do not keep", () => keeper.forget(entry)),
          ),
        ];
      case "kept":
        return [sentence, ...this.#kept(entry, keeping, again)];
    }
  }

  #kept(entry: ImageEntry, kept: Extract<Keeping, { step: "kept" }>, again: string): Child[] {
    const { model, keptPoint } = entry;
    const readNow = keptPoint === null || model === null;
    const sealed = kept.sealed ? "encrypted" : "for the server to encrypt";
    const facts = readNow
      ? `${byteCount(kept.bytes)} sent at ${clock(kept.at)}, ${sealed}.`
      : `The answer is shown as it was kept, by ${model.id} ${model.version}.`;
    const note = button("Note", () => this.#note(kept.id));
    return [
      paragraph(facts, "account-help"),
      actions(note, readNow ? null : button("Read it again", () => this.#readAgain(entry))),
      again === "" ? null : make("p", { class: "mb-0", role: "status" }, again),
    ];
  }

  async #note(id: string): Promise<void> {
    const { history, panel, tell } = this.#context;
    try {
      if (history.find(id) === null) await history.load();
      const item = history.find(id);
      if (item !== null) panel.show(noteView(this.#context, item, null));
    } catch (error) {
      tell(failureSentence(error));
    }
  }

  async #readAgain(entry: ImageEntry): Promise<void> {
    const kept = this.#parts.judge.of(entry);
    if (kept === null || entry.reading === null) return;
    try {
      const { reading, model } = await this.#parts.readAgain(entry);
      const again = this.#parts.judge.of({ ...entry, reading, model });
      const isSame = reading.probabilities.every(
        (value, index) => value === entry.reading?.probabilities[index],
      );
      if (again !== null) this.#again.set(entry, compared(again, kept, isSame));
    } catch (error) {
      this.#again.set(entry, textOf(error));
    }
    this.update(entry);
  }
}

function compared(again: Judgement, kept: Judgement, isSame: boolean): string {
  const { model, probability } = again;
  const by = `${model.id} ${model.version}`;
  const sameModel = model.sha256 === kept.model.sha256;
  if (isSame && sameModel) return `Read again by ${by}: the same answer, to the last digit.`;
  const why = sameModel ? "" : " This page has another model than the one it was kept with.";
  return (
    `Read again by ${by}: ${verdict(again)}, ${positiveLabel(model)} ` +
    `${probabilityText(probability)}.${why}`
  );
}
