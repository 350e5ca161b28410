// The way to the slide part: which files are for it, and fetching it when the first one comes.
import { EngineError, type ModelFacts, type NetworkRequest } from "./messages.ts";
import type { ImageEntry } from "./session.ts";
import type { SlideParts } from "./slide/main.ts";
import type { SlidePart, SlideReader, SlideRecord, TellState } from "./slide-record.ts";
import { isForSlides } from "./sniff.ts";

export class SlideLink implements SlideReader {
  readonly #script: string;
  readonly #given: SlideParts;
  readonly #model: () => ModelFacts | null;
  #loading: Promise<SlidePart> | null = null;
  #part: SlidePart | null = null;

  // model: that reads patches.
  constructor(script: string, given: SlideParts, model: () => ModelFacts | null) {
    this.#script = script;
    this.#given = given;
    this.#model = model;
  }

  async takes(file: Blob): Promise<boolean> {
    const model = this.#model();
    return model !== null && isForSlides(file, Math.max(model.inputWidth, model.inputHeight));
  }

  async open(entry: ImageEntry, tell: TellState): Promise<SlideRecord> {
    this.#loading ??= this.#load();
    let part: SlidePart;
    try {
      part = await this.#loading;
    } catch (error) {
      this.#loading = null; // the next one fetches again
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineError(
        "download",
        `The part that reads large images did not load: ${reason} Check the connection and add the image again.`,
      );
    }
    return part.open(entry, tell);
  }

  show(entry: ImageEntry | null): void {
    this.#part?.show(entry);
  }

  modelChosen(kind: string): void {
    this.#part?.modelChosen(kind);
  }

  explain(requests: NetworkRequest[]): { rest: NetworkRequest[]; note: string } {
    return this.#part?.explain(requests) ?? { rest: requests, note: "" };
  }

  async #load(): Promise<SlidePart> {
    type Code = typeof import("./slide/main.ts");
    const { start } = (await import(new URL(this.#script, this.#given.base).href)) as Code;
    this.#part = await start(this.#given);
    return this.#part;
  }
}
