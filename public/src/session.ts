// The images of this visit and what became of each. Nothing is kept when the page closes.
import type { Answer, Judge } from "./judgement.ts";
import {
  EngineError,
  textOf,
  type ModelFacts,
  type OperatingPoint,
  type Reading,
} from "./messages.ts";
import type { ClassifyOptions } from "./engine-pool.ts";
import type { SlideReader, SlideRecord, TellState } from "./slide-record.ts";

// Beyond this many a list is of no use to a person, and its previews take much memory.
export const MAX_IMAGES = 10_000;

export const THUMBNAIL_SIDE = 64; // pixels

// asking: a person has to say something before it can be read, as the scale of a slide.
export type ImageState = "waiting" | "reading" | "asking" | "done" | "failed" | "cancelled";

export interface IncomingFile {
  name: string; // with its folder where one was dropped
  file: Blob;
  others?: readonly Blob[]; // of the same picture, as the levels of a slide's series in DICOM
}

export interface ImageEntry extends IncomingFile {
  readonly key: number;
  readonly others: readonly Blob[];
  readonly cameAt: number; // performance.now()
  state: ImageState;
  reading: Reading | null; // of a patch, when done
  slide: SlideRecord | null; // of an image larger than a patch
  error: EngineError | null; // when failed
  answeredMs: number; // from the queue to the answer, when done; 0 if it was read at another time
  model: ModelFacts | null; // that read it, when done
  judgeAnyway: boolean; // somebody asked for it although the gate refuses the image
  keptPoint: OperatingPoint | null; // what was kept, and at which point; null: read in this visit
}

export interface Read {
  reading: Reading;
  model: ModelFacts;
}

export interface Reader {
  classify(file: Blob, options: ClassifyOptions): Promise<Read>;
}

export interface Counts {
  total: number;
  settled: number; // done or failed
  pending: number; // waiting or reading
  positive: number;
  uncertain: number;
  failed: number;
  cancelled: number;
  asking: number;
}

export class Session {
  readonly #now: () => number;
  readonly #onChange: (entry: ImageEntry | null) => void;
  readonly #stops = new Map<ImageEntry, AbortController>();
  #entries: ImageEntry[] = [];
  #selected: ImageEntry | null = null;
  #reader: Reader | null = null;
  #slides: SlideReader | null = null;
  #failure: EngineError | null = null;
  #nextKey = 1;
  #ended = 0;

  // onChange: after every change, with the entry whose state changed.
  constructor(now: () => number, onChange: (entry: ImageEntry | null) => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  get entries(): readonly ImageEntry[] {
    return this.#entries;
  }

  // How many readings have ended in this visit, well or not.
  get ended(): number {
    return this.#ended;
  }

  get selected(): ImageEntry | null {
    return this.#selected;
  }

  // From now on files are read; those that came before have waited for it.
  // slides: what reads those that are no patches.
  start(reader: Reader, slides: SlideReader | null = null): void {
    this.#reader = reader;
    this.#slides = slides;
    this.#readWaiting();
  }

  // Nothing can be read, now or later.
  fail(error: EngineError): void {
    this.#failure = error;
    this.#readWaiting();
  }

  // Selects the first of them. Returns how many were left out because of MAX_IMAGES.
  add(files: readonly IncomingFile[]): number {
    const taken = files.slice(0, Math.max(0, MAX_IMAGES - this.#entries.length));
    const cameAt = this.#now();
    const added = taken.map(({ name, file, others = [] }): ImageEntry => {
      const key = this.#nextKey++;
      const nothingYet = {
        reading: null,
        slide: null,
        error: null,
        answeredMs: 0,
        model: null,
        judgeAnyway: false,
        keptPoint: null,
      };
      return { key, name, file, others, cameAt, state: "waiting", ...nothingYet };
    });
    this.#entries.push(...added);
    this.#selected = added[0] ?? this.#selected;
    this.#onChange(null);
    this.#readWaiting();
    return files.length - taken.length;
  }

  // An image that was read at another time, with what it was judged by then. Selects it.
  addRead(image: IncomingFile, read: Read, keptPoint: OperatingPoint): ImageEntry {
    const entry = keptEntry(this.#nextKey++, image, this.#now(), read, keptPoint);
    this.#entries.push(entry);
    this.select(entry);
    return entry;
  }

  select(entry: ImageEntry): void {
    this.#selected = entry;
    this.#onChange(null);
  }

  // To the next image, the one before, or as far as the list goes.
  move(steps: number): void {
    if (this.#selected === null) return;
    const last = this.#entries.length - 1;
    const to = this.#entries.indexOf(this.#selected) + steps;
    const entry = this.#entries[Math.max(0, Math.min(last, to))];
    if (entry !== undefined) this.select(entry);
  }

  cancel(): void {
    for (const entry of this.#entries) {
      if (entry.state !== "waiting" && entry.state !== "reading") continue;
      if (entry.slide === null) entry.state = "cancelled";
      else entry.slide.cancel(); // and says when it has stopped
    }
    this.#abortAll();
    this.#onChange(null);
  }

  get pending(): number {
    return this.#entries.filter(({ state }) => state === "waiting" || state === "reading").length;
  }

  // Reads what was cancelled after all.
  resume(): void {
    for (const entry of this.#entries) {
      if (entry.state !== "cancelled") continue;
      if (entry.slide === null) entry.state = "waiting";
      else entry.slide.resume();
    }
    this.#onChange(null);
    this.#readWaiting();
  }

  // Reads those anew that were read in this visit, as when another model was chosen.
  readAnew(wanted: (entry: ImageEntry) => boolean): void {
    for (const entry of this.#entries) {
      if (entry.state !== "done" || entry.keptPoint !== null || !wanted(entry)) continue;
      if (entry.slide !== null) continue; // they are told by the slide part
      Object.assign(entry, { state: "waiting", reading: null, model: null, answeredMs: 0 });
    }
    this.#onChange(null);
    this.#readWaiting();
  }

  // Reads an image that the gate refused; the reading says that it was asked for.
  readAnyway(entry: ImageEntry): void {
    if (entry.error?.code !== "image_refused") return;
    Object.assign(entry, { state: "waiting", error: null, judgeAnyway: true });
    this.#onChange(null);
    this.#readWaiting();
  }

  remove(entry: ImageEntry): void {
    const index = this.#entries.indexOf(entry);
    if (index < 0) return;
    this.#entries.splice(index, 1);
    if (this.#selected === entry) {
      this.#selected = this.#entries[Math.min(index, this.#entries.length - 1)] ?? null;
    }
    this.#stops.get(entry)?.abort();
    entry.slide?.close();
    this.#onChange(null);
  }

  clear(): void {
    for (const { slide } of this.#entries) slide?.close();
    this.#entries = [];
    this.#selected = null;
    this.#abortAll();
    this.#onChange(null);
  }

  counts(judge: Judge): Counts {
    const of = (state: ImageState) => this.#entries.filter((entry) => entry.state === state).length;
    const total = this.#entries.length;
    const failed = of("failed");
    const cancelled = of("cancelled");
    const done = of("done");
    const answers = this.#entries.map((entry) => judge.of(entry)?.answer);
    const answered = (answer: Answer) => answers.filter((one) => one === answer).length;
    const [positive, uncertain] = [answered("positive"), answered("uncertain")];
    const settled = done + failed;
    const asking = of("asking");
    const pending = total - settled - cancelled - asking;
    return { total, settled, pending, positive, uncertain, failed, cancelled, asking };
  }

  #abortAll(): void {
    const stops = [...this.#stops.values()];
    this.#stops.clear();
    for (const stop of stops) stop.abort();
  }

  #readWaiting(): void {
    for (const entry of this.#entries) {
      if (entry.state !== "waiting" || entry.slide !== null || this.#stops.has(entry)) continue;
      if (this.#failure !== null) this.#fail(entry, this.#failure);
      else if (this.#reader !== null) void this.#read(entry, this.#reader);
    }
  }

  async #read(entry: ImageEntry, reader: Reader): Promise<void> {
    const stop = new AbortController();
    this.#stops.set(entry, stop);
    let began = this.#now();
    const onStart = () => {
      began = this.#now();
      entry.state = "reading";
      this.#onChange(entry);
    };
    const { judgeAnyway } = entry;
    const options = { previewSide: THUMBNAIL_SIDE, signal: stop.signal, onStart, judgeAnyway };
    try {
      const slides = this.#slides;
      if (slides !== null) {
        const isSlide = await slides.takes(entry.file);
        if (stop.signal.aborted) return;
        if (isSlide) {
          await this.#openSlide(entry, slides, stop.signal);
          return;
        }
      }
      const { reading, model } = await reader.classify(entry.file, options);
      Object.assign(entry, { reading, model });
      entry.state = "done";
      this.#ended += 1;
      entry.answeredMs = this.#now() - began;
    } catch (error) {
      if (stop.signal.aborted) return; // its entry says so already, or is gone
      this.#fail(entry, asEngineError(error));
    } finally {
      if (this.#stops.get(entry) === stop) this.#stops.delete(entry);
    }
    this.#onChange(entry);
  }

  async #openSlide(entry: ImageEntry, slides: SlideReader, signal: AbortSignal): Promise<void> {
    const tell: TellState = (state, error) => {
      if (!this.#entries.includes(entry)) return;
      if (entry.state === "reading" && state === "done") this.#ended += 1;
      if (state === "failed" && error !== undefined) {
        this.#fail(entry, error);
        return;
      }
      Object.assign(entry, { state, error: null });
      this.#onChange(entry);
    };
    const slide = await slides.open(entry, tell);
    if (signal.aborted) slide.close();
    else entry.slide = slide;
  }

  #fail(entry: ImageEntry, error: EngineError): void {
    entry.state = "failed";
    entry.error = error;
    this.#ended += 1;
    this.#onChange(entry);
  }
}

// An image that was read at another time.
export function keptEntry(
  key: number,
  image: IncomingFile,
  cameAt: number,
  { reading, model }: Read,
  keptPoint: OperatingPoint,
): ImageEntry {
  const judgeAnyway = reading.gate?.judgedAnyway ?? false;
  const said = { reading, slide: null, error: null, answeredMs: 0, model, judgeAnyway, keptPoint };
  return { ...image, others: [], key, cameAt, state: "done", ...said };
}

export function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError("engine_trap", `Reading broke off: ${textOf(error)}. Reload the page.`);
}
