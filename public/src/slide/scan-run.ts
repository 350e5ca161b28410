// The workers of one slide's scan: its blocks by the pool, their pixels from the file's own worker where
// it is read forward only.
import { EngineError } from "../messages.ts";
import type { ModelRequest, PlanRequest } from "./messages.ts";
import type { OpenedFile } from "./opened-file.ts";
import type { ProbabilityMap } from "./probability-map.ts";
import { blockOrder, ScanPool } from "./scan-pool.ts";
import type { SlideFiles } from "./source.ts";
import type { SlideTools } from "./slide-tools.ts";

export interface ScanWork {
  map: ProbabilityMap; // what is there of it is not made again
  request: PlanRequest;
  model: ModelRequest;
  sequential: boolean; // the file is
  onBlock: (block: number, msSinceBegin: number) => void;
  onFailed: (block: number, error: EngineError) => void;
  signal: AbortSignal;
}

export class ScanRun {
  readonly #files: SlideFiles;
  readonly #name: string;
  readonly #opened: OpenedFile;
  readonly #tools: SlideTools;
  #pool: ScanPool | null = null;

  constructor(files: SlideFiles, name: string, opened: OpenedFile, tools: SlideTools) {
    this.#files = files;
    this.#name = name;
    this.#opened = opened;
    this.#tools = tools;
  }

  get memoryBytes(): number {
    return this.#pool?.memoryBytes ?? 0;
  }

  letGo(): void {
    this.#pool?.close();
    this.#pool = null;
  }

  // Workers that are there begin with the model while the scan is planned.
  readBy(model: ModelRequest): void {
    this.#pool?.readBy(model);
  }

  // Starts the workers, so that a scan begins at once.
  prepare(model: ModelRequest, sequential: boolean): Promise<void> {
    return this.#poolFor(model, sequential).warm();
  }

  #poolFor(model: ModelRequest, sequential: boolean): ScanPool {
    this.readBy(model);
    if (this.#pool !== null) return this.#pool;
    const { codecs, createWorker, workers, onRequests } = this.#tools;
    this.#pool = new ScanPool({
      createWorker,
      size: workers,
      model,
      file: sequential ? null : { codecs, files: this.#files, name: this.#name },
      onRequests,
    });
    return this.#pool;
  }

  // Resolves to whether it was stopped. Rejects with an EngineError.
  async run(work: ScanWork): Promise<{ wasStopped: boolean; took: number }> {
    const { map, request, model, sequential, onBlock, onFailed, signal } = work;
    const { now } = this.#tools;
    const pool = this.#poolFor(model, sequential);
    const began = now();
    try {
      await pool.run({
        plan: request,
        blocks: order(map, sequential),
        read: sequential ? (block, stop) => this.#read(map, request, block, stop) : null,
        onBlock: (block, result) => {
          map.set(block, result);
          onBlock(block, now() - began);
        },
        onFailed: (block, error) => {
          map.fail(block, error.message);
          onFailed(block, error);
        },
        signal,
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return { wasStopped: signal.aborted, took: now() - began };
  }

  #read(map: ProbabilityMap, { level }: PlanRequest, index: number, signal: AbortSignal) {
    const block = map.plan.blocks[index];
    if (block === undefined) throw new EngineError("invalid_argument", "There is no such block.");
    const { x, y, width, height } = block;
    return this.#opened.read(level, { x, y, width, height }, signal);
  }
}

// The middle of the image first, or in the order of the file, of what is left.
function order(map: ProbabilityMap, sequential: boolean): number[] {
  const left = new Set(map.left);
  const centre = { column: map.columns / 2, row: map.rows / 2 };
  return blockOrder(map.plan, sequential, centre).filter((block) => left.has(block));
}
