// The way to the slide part: which files are for it, and fetching it when the first one comes.
import { EngineError, textOf, type ModelFacts, type NetworkRequest } from "./messages.ts";
import type { ImageEntry, IncomingFile } from "./session.ts";
import type { SlideParts } from "./slide/main.ts";
import type { SlidePart, SlideReader, SlideRecord, TellState } from "./slide-record.ts";
import { isForSlides, maybeDicom, sniff } from "./sniff.ts";

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

  // Whether some of them may be one slide, which join() then looks for.
  mayBelong(files: readonly IncomingFile[]): boolean {
    return files.filter(({ name }) => maybeDicom(name)).length > 1;
  }

  // The files with those put together that are the levels of one slide in DICOM. Where that cannot be
  // found out each stays by itself, and says on opening what is wrong.
  async join(files: readonly IncomingFile[]): Promise<IncomingFile[]> {
    const dicom: IncomingFile[] = [];
    for (const incoming of files) {
      if (!maybeDicom(incoming.name)) continue;
      const found = await sniff(incoming.file).catch(() => null);
      if (found?.format === "dicom") dicom.push(incoming);
    }
    if (dicom.length < 2) return [...files];
    try {
      const part = await this.#fetched();
      return joined(files, dicom, await part.series(dicom.map(({ file }) => file)));
    } catch {
      return [...files];
    }
  }

  async open(entry: ImageEntry, tell: TellState): Promise<SlideRecord> {
    return (await this.#fetched()).open(entry, tell);
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

  async #fetched(): Promise<SlidePart> {
    this.#loading ??= this.#load();
    try {
      return await this.#loading;
    } catch (error) {
      this.#loading = null; // the next one fetches again
      throw new EngineError(
        "download",
        `The part that reads large images did not load: ${textOf(error)} Check the connection and add the image again.`,
      );
    }
  }

  async #load(): Promise<SlidePart> {
    type Code = typeof import("./slide/main.ts");
    const { start } = (await import(new URL(this.#script, this.#given.base).href)) as Code;
    this.#part = await start(this.#given);
    return this.#part;
  }
}

// pictures: numbers in dicom. Each stands where its first file stood, by the name of its finest level.
export function joined(
  files: readonly IncomingFile[],
  dicom: readonly IncomingFile[],
  pictures: readonly (readonly number[])[],
): IncomingFile[] {
  const place = (incoming: IncomingFile) => files.indexOf(incoming);
  const together = pictures.flatMap((numbers) => {
    const [finest, ...rest] = numbers.flatMap((number) => dicom[number] ?? []);
    if (finest === undefined) return [];
    const first = Math.min(...[finest, ...rest].map(place));
    return [{ first, incoming: { ...finest, others: rest.map(({ file }) => file) } }];
  });
  const others = files.filter((incoming) => !dicom.includes(incoming));
  const alone = others.map((incoming) => ({ first: place(incoming), incoming }));
  return [...together, ...alone].sort((a, b) => a.first - b.first).map(({ incoming }) => incoming);
}
