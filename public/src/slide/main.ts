// The slide part: what reads images larger than a patch. Fetched when the first one comes in. Puts
// everything together.
import { closedWorkerFactory } from "../closed-worker.ts";
import { SiteFiles } from "../figures/files.ts";
import type { Judge } from "../judgement.ts";
import { EngineError, type ModelFacts, type NetworkRequest } from "../messages.ts";
import { chooseEngine } from "../model-loader.ts";
import type { Models } from "../models.ts";
import type { ImageEntry, IncomingFile } from "../session.ts";
import type { SlidePart, SlideRecord, TellState } from "../slide-record.ts";
import type { PointParts } from "../views/point-view.ts";
import { byteCount, plural } from "../wording.ts";
import type { SlideKind } from "./scale.ts";
import { scanWorkers } from "./scan-pool.ts";
import { Slide } from "./slide.ts";
import type { SlideModel, SlideTools } from "./slide-tools.ts";
import { Turns } from "./turns.ts";
import { SlideView } from "./views/slide-view.ts";
import { WorkerClient } from "./worker-client.ts";

// What the page gives.
export interface SlideParts {
  base: string; // of the page's files
  siteModels: readonly SiteModel[];
  judge: Judge;
  models: () => Promise<Models>; // when they can read
  modelFile: (entry: SiteModel) => Promise<ArrayBuffer>;
  chooseModel: (model: SiteModel) => void; // to read images of its kind from now on
  point: PointParts; // to move the operating point
  report: (requests: NetworkRequest[]) => void; // a worker saw itself use the network
  redraw: () => void;
  tell: (sentence: string) => void;
  save: (name: string, content: Blob) => void;
  read: (patch: IncomingFile) => void; // among the images of the page
}

const KINDS: readonly SlideKind[] = ["histology", "mammogram"];

class Slides implements SlidePart {
  readonly #parts: SlideParts;
  readonly #files: SiteFiles;
  readonly #tools: SlideTools;
  readonly #view: SlideView;
  readonly #facts = new Map<SlideKind, ModelFacts>();
  readonly #slides = new Set<Slide>();

  constructor(
    parts: SlideParts,
    files: SiteFiles,
    made: Pick<SlideTools, "createWorker" | "codecs" | "scan">,
  ) {
    this.#parts = parts;
    this.#files = files;
    this.#tools = {
      ...made,
      model: (kind) => this.#model(kind),
      point: (model) => parts.judge.pointFor(model),
      workers: scanWorkers(navigator.hardwareConcurrency),
      turns: new Turns(),
      now: () => performance.now(),
      onRequests: parts.report,
    };
    const { point, chooseModel, tell, save, read, siteModels } = parts;
    this.#view = new SlideView({
      point,
      chooseModel,
      modelsOf: (kind) => siteModels.filter((entry) => entry.kind === kind),
      tell,
      save,
      read,
      kinds: KINDS.filter((kind) => siteModels.some((entry) => entry.kind === kind)),
      modelScale: (kind) => this.#modelScale(kind),
    });
  }

  // A worker of its own looks, which is ended then.
  async series(files: readonly Blob[]): Promise<number[][]> {
    const client = new WorkerClient(this.#tools.createWorker, this.#tools.onRequests);
    try {
      return await client.ask({ op: "series", files });
    } finally {
      client.end();
    }
  }

  open({ file, others, name }: ImageEntry, tell: TellState): SlideRecord {
    const slide = new Slide([file, ...others], name, this.#tools, tell);
    this.#slides.add(slide);
    void slide.begin();
    return slide;
  }

  show(entry: ImageEntry | null): void {
    this.#view.show(entry?.slide instanceof Slide ? entry.slide : null);
  }

  modelChosen(kind: string): void {
    for (const slide of this.#slides) if (slide.kind === kind) void slide.readAnew();
  }

  explain(requests: NetworkRequest[]): { rest: NetworkRequest[]; note: string } {
    const rest = requests.filter(({ url }) => !this.#files.has(url));
    const own = requests.filter(({ url }) => this.#files.has(url));
    if (own.length === 0) return { rest, note: "" };
    const bytes = own.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
    const made = plural(own.length, "request");
    return {
      rest,
      note: `The part that reads large images was fetched meanwhile: ${made}, ${byteCount(bytes)} received.`,
    };
  }

  async #model(kind: SlideKind): Promise<SlideModel> {
    const models = await this.#parts.models();
    const entry = models.chosen(kind);
    if (entry === undefined)
      throw new EngineError("no_model", `This site has no model that reads a ${kind}.`);
    const [facts, file] = await Promise.all([models.warm(entry), this.#parts.modelFile(entry)]);
    this.#facts.set(kind, facts);
    return { facts, file };
  }

  // Known once the model is there; it is asked for meanwhile.
  #modelScale(kind: SlideKind): number | null {
    const facts = this.#facts.get(kind);
    if (facts !== undefined) return facts.umPerPixel;
    this.#model(kind).then(
      () => this.#parts.redraw(),
      (error: unknown) => this.#parts.tell(String(error)),
    );
    return null;
  }
}

export async function start(parts: SlideParts): Promise<SlidePart> {
  const { base, siteModels } = parts;
  const models = siteModels.map(({ file }) => new URL(file, base).href);
  const files = new SiteFiles(base, [import.meta.url, ...models]);
  const { style, worker, codecs, scan } = SLIDE_CATALOG;
  const compile = async (file: SiteFile) =>
    WebAssembly.compile(await (await files.fetch(file)).arrayBuffer());
  const [source, codecsModule, scanModule] = await Promise.all([
    files.fetch(worker).then((response) => response.text()),
    compile(codecs),
    compile(scan[chooseEngine()]),
    files.style(style),
  ]);
  const createWorker = await closedWorkerFactory(source);
  return new Slides(parts, files, { createWorker, codecs: codecsModule, scan: scanModule });
}
