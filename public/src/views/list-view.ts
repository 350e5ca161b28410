// The list of images. Only the rows in sight exist, so that it stays fluid with thousands.
import type { Judge, Judgement } from "../judgement.ts";
import type { ImageEntry, Session } from "../session.ts";
import { probabilityText, progressSentence, verdict } from "../wording.ts";
import { byId, drawPreview, element, part, showFileName } from "./parts.ts";

const ROW_HEIGHT = 64; // px, as --row-height in app.css
const SPARE_ROWS = 4; // beyond the edges

interface Row {
  element: HTMLElement;
  outcome: HTMLElement;
  probability: HTMLElement;
  thumbnail: HTMLCanvasElement;
  drawn: string; // what is drawn: the state and the answer
}

export class ListView {
  readonly element = byId("list", HTMLElement);
  readonly #rows = part(this.element, "rows");
  readonly #spacer = part(this.element, "spacer");
  readonly #made = new Map<ImageEntry, Row>();
  readonly #session: Session;
  readonly #judge: Judge;
  #followed: ImageEntry | null = null;
  #takesFocus = false;

  constructor(session: Session, judge: Judge) {
    this.#session = session;
    this.#judge = judge;
    this.#rows.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(this.#rows);
    part(this.element, "cancel").addEventListener("click", () => session.cancel());
    part(this.element, "resume").addEventListener("click", () => session.resume());
  }

  // After the next drawing.
  focusOnceShown(): void {
    this.#takesFocus = true;
  }

  update(): void {
    const counts = this.#session.counts(this.#judge);
    this.element.hidden = counts.total < 2;
    const progress = part(this.element, "progress", HTMLProgressElement);
    progress.hidden = counts.pending === 0;
    progress.max = Math.max(1, counts.total - counts.cancelled);
    progress.value = counts.settled;
    part(this.element, "progress-text").textContent = progressSentence(counts);
    part(this.element, "cancel").hidden = counts.pending === 0;
    part(this.element, "resume").hidden = counts.pending > 0 || counts.cancelled === 0;
    this.#spacer.style.height = `${counts.total * ROW_HEIGHT}px`;
    if (this.#session.selected !== this.#followed) this.#follow();
    this.#draw();
    if (!this.#takesFocus || this.element.hidden) return;
    this.#takesFocus = false;
    this.#rows.focus({ preventScroll: true }); // on a phone it lies below the answer
  }

  // Brings the selected row into sight.
  #follow(): void {
    const { selected, entries } = this.#session;
    this.#followed = selected;
    if (selected === null) return;
    const top = entries.indexOf(selected) * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.#inSight();
    if (top < scrollTop) this.#rows.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) {
      this.#rows.scrollTop = top + ROW_HEIGHT - clientHeight;
    }
  }

  // Hidden it is not asked for: the page would be laid out for it.
  #inSight(): { scrollTop: number; clientHeight: number } {
    return this.element.hidden ? { scrollTop: 0, clientHeight: 0 } : this.#rows;
  }

  #draw(): void {
    const { entries, selected } = this.#session;
    const { scrollTop, clientHeight } = this.#inSight();
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const end = Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + SPARE_ROWS;
    const visible = new Set(entries.slice(first, end));
    if (selected !== null) visible.add(selected); // aria-activedescendant must exist
    for (const [entry, row] of this.#made) {
      if (visible.has(entry)) continue;
      row.element.remove();
      this.#made.delete(entry);
    }
    for (const entry of visible) this.#drawRow(entry, entries.indexOf(entry), entries.length);
    if (selected === null) this.#rows.removeAttribute("aria-activedescendant");
    else this.#rows.setAttribute("aria-activedescendant", `image-${selected.key}`);
  }

  #drawRow(entry: ImageEntry, index: number, count: number): void {
    const row = this.#made.get(entry) ?? this.#makeRow(entry);
    row.element.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
    row.element.setAttribute("aria-posinset", String(index + 1));
    row.element.setAttribute("aria-setsize", String(count));
    row.element.setAttribute("aria-selected", String(entry === this.#session.selected));
    const judgement = this.#judge.of(entry);
    const said = entry.slide === null ? "" : `${entry.slide.outcome()} ${entry.slide.figure()}`;
    const drawn = `${entry.state} ${judgement?.answer ?? ""} ${judgement?.model.sha256 ?? ""} ${said}`;
    if (row.drawn === drawn) return;
    row.drawn = drawn;
    row.element.dataset["state"] = entry.state;
    row.outcome.textContent = outcomeOf(entry, judgement);
    if (judgement === null) {
      delete row.element.dataset["answer"];
      row.probability.textContent = entry.slide?.figure() ?? "";
      const preview = entry.slide?.preview ?? null;
      row.element.toggleAttribute("data-pictured", preview !== null);
      if (preview !== null) drawPreview(row.thumbnail, preview);
      return;
    }
    row.element.dataset["answer"] = judgement.answer;
    row.probability.textContent = probabilityText(judgement.probability);
    const preview = entry.reading?.preview;
    if (preview) drawPreview(row.thumbnail, preview);
  }

  #makeRow(entry: ImageEntry): Row {
    const row: Row = {
      element: element("div", "list-row"),
      outcome: element("div", "list-outcome"),
      probability: element("div", "list-probability"),
      thumbnail: element("canvas", "list-thumbnail"),
      drawn: "",
    };
    row.element.id = `image-${entry.key}`;
    row.element.setAttribute("role", "option");
    const name = element("div", "file-name");
    showFileName(name, entry.name);
    row.thumbnail.setAttribute("aria-hidden", "true");
    const words = element("div", "list-words");
    words.append(name, row.outcome);
    row.element.append(row.thumbnail, words, row.probability);
    row.element.addEventListener("click", () => this.#session.select(entry));
    this.#spacer.append(row.element);
    this.#made.set(entry, row);
    return row;
  }
}

function outcomeOf(entry: ImageEntry, judgement: Judgement | null): string {
  if (judgement !== null) return verdict(judgement);
  if (entry.slide !== null) return entry.slide.outcome();
  if (entry.state === "failed") return `not read: ${entry.error?.message ?? ""}`;
  const words = { waiting: "waiting", reading: "being read", cancelled: "cancelled" };
  return { ...words, asking: "", done: "" }[entry.state];
}
