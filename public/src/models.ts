// The models of this site: each with workers of its own, fetched when the first image needs it.
import type { ClassifyOptions, EnginePool, JobOptions } from "./engine-pool.ts";
import { EngineError, type Explanation, type ModelFacts, type Reading } from "./messages.ts";
import type { Read } from "./session.ts";

// Kinds of which one patch is an image by itself. A film takes a map of many patches (slide/): one that
// is no larger than a patch would be answered nonsense, so it stays refused.
const ONE_PATCH_KINDS: ReadonlySet<string> = new Set(["histology"]);

export interface ModelsOptions {
  entries: readonly SiteModel[]; // the first one of a kind reads until another is chosen
  open: (entry: SiteModel) => Promise<EnginePool>;
}

export class Models {
  readonly #options: ModelsOptions;
  readonly #chosen = new Map<string, SiteModel>(); // by kind
  readonly #byKind = new Map<string, SiteModel[]>();
  readonly #opened = new Map<SiteModel, Promise<EnginePool>>();

  constructor(options: ModelsOptions) {
    this.#options = options;
    for (const entry of options.entries) {
      const known = this.#byKind.get(entry.kind);
      if (known === undefined) this.#byKind.set(entry.kind, [entry]);
      else known.push(entry);
      if (!this.#chosen.has(entry.kind)) this.#chosen.set(entry.kind, entry);
    }
  }

  ofKind(kind: string): readonly SiteModel[] {
    return this.#byKind.get(kind) ?? [];
  }

  // What reads images of the kind; undefined: the site has no such model.
  chosen(kind: string): SiteModel | undefined {
    return this.#chosen.get(kind);
  }

  // What reads images of its kind from now on.
  choose(entry: SiteModel): void {
    this.#chosen.set(entry.kind, entry);
  }

  // Rejects if no engine can be started with the model; the next call tries again.
  async warm(entry: SiteModel): Promise<ModelFacts> {
    return (await this.#open(entry)).warm();
  }

  // By the chosen model of the kind, or of the kind that the gate takes the image for, if the site
  // has such a one; same: by this very model, if the site still has it. Rejects with an EngineError.
  async classify(
    file: Blob,
    options: ClassifyOptions,
    { kind, same }: { kind: string; same?: string | undefined },
  ): Promise<Read> {
    const entry =
      this.#options.entries.find(({ sha256 }) => sha256 === same) ?? this.#chosen.get(kind);
    if (entry === undefined) {
      throw new EngineError("no_model", `This site has no model that reads a ${kind}.`);
    }
    const pool = await this.#open(entry);
    try {
      const [model, reading]: [ModelFacts, Reading] = await Promise.all([
        pool.warm(),
        pool.classify(file, options),
      ]);
      return { model, reading };
    } catch (error) {
      const seen = error instanceof EngineError ? error.gate?.kind : undefined;
      const reads = seen !== entry.kind && ONE_PATCH_KINDS.has(seen ?? "");
      if (seen === undefined || !reads || !this.#chosen.has(seen)) throw error;
      return this.classify(file, options, { kind: seen });
    }
  }

  // By the model that read the image. Rejects with an EngineError.
  async explain(file: Blob, options: JobOptions, model: ModelFacts): Promise<Explanation> {
    const entry = this.#options.entries.find(({ sha256 }) => sha256 === model.sha256);
    if (entry === undefined) {
      const by = `${model.id} ${model.version}`;
      throw new EngineError("no_model", `This site no longer has the model ${by}.`);
    }
    return (await this.#open(entry)).explain(file, options);
  }

  #open(entry: SiteModel): Promise<EnginePool> {
    const opened = this.#opened.get(entry) ?? this.#options.open(entry);
    this.#opened.set(entry, opened);
    opened.catch(() => this.#opened.delete(entry));
    return opened;
  }
}
