// Runs the blocks of a scan on a few workers (scanWorkers), one block in flight a worker. What a
// block gives depends neither on who ran it nor on the order (scan.wasm), so the map does not either.
import { poolSize } from "../engine-pool.ts";
import { EngineError, type NetworkRequest } from "../messages.ts";
import type { ModelRequest, PlanRequest } from "./messages.ts";
import type { ScanBlockResult, ScanPlan } from "./scan-engine.ts";
import type { Pixels, SlideFiles } from "./source.ts";
import { WorkerClient, type SlideWorkerLike } from "./worker-client.ts";

// Blocks whose pixels are read ahead of the workers, where one worker reads for all.
const READ_AHEAD = 1;

// Decoded tiles that all workers together keep. If each kept as many as the one that draws, a page would
// hold too much.
export const CACHE_BYTES = 64 * 2 ** 20;

// A worker of a scan takes some 40 MB beside that, of the 600 MB that a slide may take in all.
export const MAX_SCAN_WORKERS = 6;

export function scanWorkers(cores: number | undefined): number {
  return Math.min(poolSize(cores), MAX_SCAN_WORKERS);
}

export interface ScanPoolOptions {
  createWorker: () => SlideWorkerLike;
  size: number;
  model: ModelRequest;
  // What each worker opens for itself; null: pixels are handed to it (ScanJob.read).
  file: { codecs: WebAssembly.Module; files: SlideFiles; name: string } | null;
  onRequests?: (requests: NetworkRequest[]) => void;
}

export interface ScanJob {
  plan: PlanRequest;
  blocks: readonly number[]; // in this order
  read: ((block: number, signal: AbortSignal) => Promise<Pixels>) | null;
  onBlock: (block: number, result: ScanBlockResult) => void;
  onFailed: (block: number, error: EngineError) => void; // the others go on
  signal: AbortSignal;
}

interface Seat {
  client: WorkerClient;
  ready: Promise<void>;
  failed: boolean; // it did not get ready
  plan: PlanRequest | null;
}

// Who waits for the seat is told of it too.
function noteFailure(seat: Seat): void {
  seat.ready.catch(() => (seat.failed = true));
}

const cancelled = () => new EngineError("cancelled", "Not read: the scan was cancelled.");

function asError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError("engine_trap", `Reading broke off: ${String(error)}.`);
}

export class ScanPool {
  readonly #options: ScanPoolOptions;
  #model: ModelRequest;
  #seats: Seat[] = [];
  #closed = false;

  constructor(options: ScanPoolOptions) {
    this.#options = options;
    this.#model = options.model;
  }

  // Reads by this model from now on. Workers that are there take it in, with the file still open: that
  // is most of what starting one takes. Not while a job runs.
  readBy(model: ModelRequest): void {
    if (this.#model.sha256 === model.sha256) return;
    this.#model = model;
    for (const seat of this.#seats) {
      if (seat.failed) {
        seat.client.end(); // the next block starts another one
        continue;
      }
      seat.plan = null;
      seat.ready = seat.ready.then(async () => {
        await seat.client.ask(model);
      });
      noteFailure(seat);
    }
  }

  // Starts the workers, so that a scan begins at once. Rejects if none can be started.
  async warm(): Promise<void> {
    while (this.#seats.length < this.#options.size) this.#seats.push(this.#start());
    await Promise.any(this.#seats.map(({ ready }) => ready)).catch((error: unknown) => {
      throw asError((error as AggregateError).errors[0]);
    });
  }

  get workerCount(): number {
    return this.#seats.length;
  }

  get memoryBytes(): number {
    return this.#seats.reduce((sum, { client }) => sum + client.memoryBytes, 0);
  }

  // Resolves when each block was told of, by onBlock or onFailed. Rejects with "cancelled" when the
  // signal aborts, and then no worker is left: their memory is given back.
  async run(job: ScanJob): Promise<void> {
    const { signal } = job;
    if (signal.aborted || this.#closed) throw cancelled();
    const onAbort = () => this.#endSeats();
    signal.addEventListener("abort", onAbort);
    try {
      const queue = new BlockQueue(job);
      const size = Math.max(1, Math.min(this.#options.size, job.blocks.length));
      await Promise.all(Array.from({ length: size }, (_, at) => this.#work(at, job, queue)));
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    signal.throwIfAborted();
  }

  close(): void {
    this.#closed = true;
    this.#endSeats();
  }

  async #work(at: number, job: ScanJob, queue: BlockQueue): Promise<void> {
    for (let next = queue.next(); next !== null; next = queue.next()) {
      try {
        job.onBlock(next.block, await this.#attempt(at, job, next));
      } catch (error) {
        if (job.signal.aborted || this.#closed) throw cancelled();
        job.onFailed(next.block, asError(error));
      }
    }
  }

  // A worker that breaks is replaced, and the block tried once more: it need not be the block's fault.
  async #attempt(at: number, job: ScanJob, next: QueuedBlock): Promise<ScanBlockResult> {
    const seat = await this.#seat(at, job.plan);
    try {
      return await this.#runOn(seat, next);
    } catch (error) {
      if (job.signal.aborted || this.#closed || seat.client.ended === null) throw error;
      return this.#runOn(await this.#seat(at, job.plan), next);
    }
  }

  async #runOn({ client }: Seat, { block, pixels }: QueuedBlock): Promise<ScanBlockResult> {
    if (pixels === null) return client.ask({ op: "run", block, pixels });
    const handed = await pixels();
    return client.ask({ op: "run", block, pixels: handed }, [handed.data.buffer]);
  }

  async #seat(at: number, plan: PlanRequest): Promise<Seat> {
    let seat = this.#seats[at];
    if (seat === undefined || seat.client.ended !== null) {
      if (this.#closed) throw cancelled();
      seat = this.#start();
      this.#seats[at] = seat;
    }
    await seat.ready;
    if (seat.plan !== plan) {
      await seat.client.ask(plan);
      seat.plan = plan;
    }
    return seat;
  }

  #start(): Seat {
    const { createWorker, size, file, onRequests } = this.#options;
    const model = this.#model;
    let client: WorkerClient;
    try {
      client = new WorkerClient(createWorker, onRequests);
    } catch (error) {
      throw new EngineError("engine_start", `The scan could not be started: ${String(error)}.`);
    }
    const prepare = async () => {
      await client.ask({ op: "start", codecs: file?.codecs ?? null });
      const cacheBytes = Math.floor(CACHE_BYTES / size);
      if (file !== null)
        await client.ask({ op: "open", files: file.files, name: file.name, cacheBytes });
      await client.ask(model);
    };
    const seat = { client, ready: prepare(), failed: false, plan: null };
    noteFailure(seat);
    return seat;
  }

  #endSeats(): void {
    for (const { client } of this.#seats) client.end();
    this.#seats = [];
  }
}

interface QueuedBlock {
  block: number;
  pixels: (() => Promise<Pixels>) | null;
}

// The blocks in order; where one worker reads for all, it is a little ahead of them.
class BlockQueue {
  readonly #job: ScanJob;
  readonly #ahead = new Map<number, Promise<Pixels>>();
  #at = 0;

  constructor(job: ScanJob) {
    this.#job = job;
  }

  next(): QueuedBlock | null {
    const { blocks, read, signal } = this.#job;
    const block = signal.aborted ? undefined : blocks[this.#at++];
    if (block === undefined) return null;
    if (read === null) return { block, pixels: null };
    const begun = this.#read(block);
    for (const later of blocks.slice(this.#at, this.#at + READ_AHEAD)) void this.#read(later);
    const pixels = () => {
      const first = this.#ahead.get(block);
      this.#ahead.delete(block); // handed over once; a second attempt reads anew
      return first ?? this.#read(block, false);
    };
    void begun;
    return { block, pixels };
  }

  #read(block: number, keep = true): Promise<Pixels> {
    const known = this.#ahead.get(block);
    if (known !== undefined) return known;
    const { read, signal } = this.#job;
    if (read === null) throw new Error("no pixels are handed to the workers of this scan");
    const reading = read(block, signal);
    reading.catch(() => undefined); // reaches the block that needs it
    if (keep) this.#ahead.set(block, reading);
    return reading;
  }
}

// Which blocks first: those of a file that is read forward in its order, else from the middle
// of what is on the screen outwards. centre: cells.
export function blockOrder(
  { blocks }: ScanPlan,
  sequential: boolean,
  centre: { column: number; row: number },
): number[] {
  const order = blocks.map((_, index) => index);
  const place = (index: number) => {
    const block = blocks[index];
    if (block === undefined) return 0;
    if (sequential) return block.y * 2 ** 24 + block.x;
    const column = block.column + block.columns / 2 - centre.column;
    return Math.hypot(column, block.row + block.rows / 2 - centre.row);
  };
  return order.sort((a, b) => place(a) - place(b) || a - b);
}
