// The models of this site: each with workers of its own, fetched when the first image needs it.
import type { ClassifyOptions, EnginePool } from "./engine-pool.ts";
import { EngineError, type ModelFacts, type Reading } from "./messages.ts";
import type { Read } from "./session.ts";

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

  // What reads images of its kind from now on.
  choose(entry: SiteModel): void {
    this.#chosen.set(entry.kind, entry);
  }

  // Rejects if no engine can be started with the model; the next call tries again.
  async warm(entry: SiteModel): Promise<ModelFacts> {
    return (await this.#open(entry)).warm();
  }

  // By the chosen model of the kind; same: rather by this very model, if the site still has it.
  // Rejects with an EngineError.
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
    const [model, reading]: [ModelFacts, Reading] = await Promise.all([
      pool.warm(),
      pool.classify(file, options),
    ]);
    return { model, reading };
  }

  #open(entry: SiteModel): Promise<EnginePool> {
    const opened = this.#opened.get(entry) ?? this.#options.open(entry);
    this.#opened.set(entry, opened);
    opened.catch(() => this.#opened.delete(entry));
    return opened;
  }
}
