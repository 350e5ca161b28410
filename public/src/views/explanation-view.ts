// Which parts of the image moved the probability, drawn over it when asked for.
import type { Explanation } from "../messages.ts";
import { asEngineError, type ImageEntry } from "../session.ts";
import { explanationSentence } from "../wording.ts";
import { byId, part } from "./parts.ts";

const CELL = 24; // px of the canvas, which is shown as large as its place
const STRONGEST_ALPHA = 0.65;
const MARKED_SHARE = 0.5; // of the strongest: such cells bear a sign, for colour alone says nothing
const RAISED = "217, 150, 38"; // amber, as a positive answer
const LOWERED = "70, 140, 200";

function strongest({ values }: Explanation): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function draw(canvas: HTMLCanvasElement, map: Explanation): void {
  canvas.width = map.width * CELL;
  canvas.height = map.height * CELL;
  const drawing = canvas.getContext("2d");
  const most = strongest(map);
  if (drawing === null || most === 0) return;
  drawing.font = `${CELL * 0.7}px sans-serif`;
  drawing.textAlign = "center";
  drawing.textBaseline = "middle";
  map.values.forEach((value, index) => {
    const share = Math.abs(value) / most;
    const [x, y] = [(index % map.width) * CELL, Math.floor(index / map.width) * CELL];
    drawing.fillStyle = `rgba(${value > 0 ? RAISED : LOWERED}, ${share * STRONGEST_ALPHA})`;
    drawing.fillRect(x, y, CELL, CELL);
    if (share < MARKED_SHARE) return;
    drawing.fillStyle = "#000000";
    drawing.fillText(value > 0 ? "+" : "−", x + CELL / 2, y + CELL / 2);
  });
}

export class ExplanationView {
  readonly #element = byId("explanation", HTMLElement);
  readonly #button = part(this.#element, "show", HTMLButtonElement);
  readonly #text = part(this.#element, "text");
  readonly #canvas = part(byId("stage", HTMLElement), "map", HTMLCanvasElement);
  readonly #explain: (entry: ImageEntry) => Promise<Explanation>;
  readonly #maps = new WeakMap<object, Explanation>(); // by reading
  readonly #asked = new WeakSet<object>(); // readings whose map is being worked out
  #entry: ImageEntry | null = null;
  #wanted = false; // stays as images are gone through

  constructor(explain: (entry: ImageEntry) => Promise<Explanation>) {
    this.#explain = explain;
    this.#button.addEventListener("click", () => {
      this.#wanted = !this.#wanted;
      this.update(this.#entry);
    });
  }

  update(entry: ImageEntry | null): void {
    this.#entry = entry;
    const reading = entry?.reading ?? null;
    this.#element.hidden = reading === null;
    this.#button.textContent = this.#wanted
      ? "Hide what the network used"
      : "Show what the network used";
    this.#button.setAttribute("aria-pressed", String(this.#wanted));
    const map = reading === null ? undefined : this.#maps.get(reading);
    const isPending = entry !== null && reading !== null && this.#wanted && map === undefined;
    this.#say(
      isPending ? "Being worked out." : map && this.#wanted ? explanationSentence(map.values) : "",
    );
    this.#show(this.#wanted ? map : undefined);
    if (isPending && !this.#asked.has(reading)) void this.#ask(entry, reading);
  }

  // A screen reader says again what is written again.
  #say(text: string): void {
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  #show(map: Explanation | undefined): void {
    this.#canvas.hidden = map === undefined;
    const reading = this.#entry?.reading;
    if (map === undefined || reading == null) return;
    draw(this.#canvas, map);
    const percent = (value: number) => `${(100 * value).toFixed(3)}%`;
    const { style } = this.#canvas;
    style.left = percent(map.region.left / reading.imageWidth);
    style.top = percent(map.region.top / reading.imageHeight);
    style.width = percent(map.region.width / reading.imageWidth);
    style.height = percent(map.region.height / reading.imageHeight);
  }

  async #ask(entry: ImageEntry, reading: object): Promise<void> {
    this.#asked.add(reading);
    try {
      this.#maps.set(reading, await this.#explain(entry));
    } catch (error) {
      if (this.#entry?.reading !== reading) return;
      this.#wanted = false;
      this.update(this.#entry);
      this.#text.textContent = asEngineError(error).message;
      return;
    } finally {
      this.#asked.delete(reading);
    }
    if (this.#entry?.reading === reading) this.update(this.#entry);
  }
}
