// Reads images on as many workers as there are cores, started as work needs them, replaced when they
// break. Small files are handed to a worker ahead of its turn to compute: the message and the reading
// of the file take longer than the network. Knows nothing of the page; the Worker constructor is given.
import {
  EngineError,
  type Explanation,
  type ModelFacts,
  type NetworkRequest,
  type Reading,
  type WorkerReply,
  type WorkerRequest,
} from "./messages.ts";
import { gateSentence } from "./wording.ts";

export const MAX_WORKERS = 8;

// A worker whose WebAssembly memory has grown by more than this since it started gives it back by
// being replaced: such memory never shrinks.
export const MAX_IDLE_MEMORY_BYTES = 256 * 1024 * 1024;

// A worker that had nothing to do for so long is stopped, the last one excepted.
export const IDLE_MS = 30_000;

// Small files in flight at a worker, the one that it reads included: more bring nothing more.
export const MAX_IN_FLIGHT = 3;

// A larger file has a worker to itself: its own time is long, and so would be the wait for it.
export const MAX_SMALL_FILE_BYTES = 256 * 1024;

// What the pool needs of a Worker.
export interface WorkerLike {
  addEventListener(type: string, listener: (event: Event) => void): void;
  postMessage(message: WorkerRequest): void;
  terminate(): void;
}

export interface PoolOptions {
  createWorker: () => WorkerLike;
  module: WebAssembly.Module;
  model: ArrayBuffer;
  sha256: string; // what the model must be
  size: number; // workers at most
  idleMs?: number;
  maxIdleMemoryBytes?: number;
  onRequests?: (requests: NetworkRequest[]) => void; // a worker saw itself use the network
}

export interface JobOptions {
  signal?: AbortSignal;
  onStart?: () => void; // the file left the queue
  judgeAnyway?: boolean; // read the image even where the gate refuses it; recorded in the reading
}

export interface ClassifyOptions extends JobOptions {
  previewSide: number;
}

interface Job extends JobOptions {
  request: (id: number) => WorkerRequest;
  alone: boolean; // no other is in flight at its worker
  dropped: boolean; // cancelled while it waits at its worker, which reads it all the same
  resolve: (value: WorkerValue) => void;
  reject: (error: EngineError) => void;
}

type WorkerValue = Extract<WorkerReply, { ok: true }>["value"];

interface Seat {
  worker: WorkerLike;
  started: boolean;
  jobs: Map<number, Job>; // in flight, by the id of the request
  requestId: number; // of the last
  readingId: number; // of the one that was told to be read
  startBytes: number; // of memory, when nothing was read yet
  idleTimer: ReturnType<typeof setTimeout> | undefined;
}

// Failures of one start that say nothing against the model or the workers that run already.
const SCARCITY: ReadonlySet<string> = new Set(["out_of_memory", "engine_start"]);

const TRAP_ADVICE = "Add the file again; if that does not help, it cannot be read here.";

export function poolSize(cores: number | undefined): number {
  return Math.max(1, Math.min(cores ?? 1, MAX_WORKERS));
}

export class EnginePool {
  readonly #options: PoolOptions;
  readonly #queue: Job[] = [];
  readonly #seats = new Set<Seat>();
  readonly #model = deferred<ModelFacts>();
  #size: number;
  #closed: EngineError | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#model.promise.catch(() => undefined); // also reaches every request
  }

  // Starts one worker, so that the first image is answered at once. Resolves to what the model says
  // of itself; rejects if no engine can be started with it.
  warm(): Promise<ModelFacts> {
    if (this.#closed === null && this.#seats.size === 0) this.#startSeat();
    return this.#model.promise;
  }

  // Rejects with an EngineError, of which "image_refused" tells what the gate said. Aborting takes a
  // queued file out of the queue, and terminates and replaces the worker that reads it.
  classify(file: Blob, options: ClassifyOptions): Promise<Reading> {
    const { previewSide, judgeAnyway = false } = options;
    const request: Job["request"] = (id) => ({
      id,
      op: "classify",
      file,
      previewSide,
      judgeAnyway,
    });
    return this.#ask(options, request, file.size > MAX_SMALL_FILE_BYTES);
  }

  // Which parts of the image moved the probability. Waits its turn and rejects as classify does.
  explain(file: Blob, options: JobOptions = {}): Promise<Explanation> {
    const { judgeAnyway = false } = options;
    return this.#ask(options, (id) => ({ id, op: "explain", file, judgeAnyway }), true);
  }

  // Ends all workers and rejects every request, now and later.
  close(reason = new EngineError("pool_closed", "Reading was ended.")): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    this.#model.reject(reason);
    for (const seat of this.#seats) this.#discard(seat);
    for (const job of this.#queue.splice(0)) job.reject(reason);
  }

  get workerCount(): number {
    return this.#seats.size;
  }

  // T: what the worker answers this request with.
  #ask<T extends WorkerValue>(
    options: JobOptions,
    request: Job["request"],
    alone: boolean,
  ): Promise<T> {
    const { promise, resolve, reject } = deferred<T>();
    const { signal } = options;
    if (this.#closed !== null) reject(this.#closed);
    else if (signal?.aborted === true) reject(cancelled());
    else {
      const done = (value: WorkerValue) => resolve(value as T);
      const job: Job = { ...options, request, alone, dropped: false, resolve: done, reject };
      const onAbort = () => this.#cancel(job);
      const forget = () => signal?.removeEventListener("abort", onAbort);
      signal?.addEventListener("abort", onAbort);
      promise.then(forget, forget);
      this.#queue.push(job);
      this.#pump();
    }
    return promise;
  }

  #pump(): void {
    for (let inFlight = 0; inFlight < MAX_IN_FLIGHT; inFlight++) {
      for (const seat of this.#seats) {
        const job = this.#queue[0];
        if (job === undefined) return;
        if (!seat.started || seat.jobs.size !== inFlight) continue;
        if (inFlight > 0 && (job.alone || hasLoner(seat))) continue;
        this.#queue.shift();
        this.#dispatch(seat, job);
      }
      // One more worker before more for each.
      const seats = [...this.#seats];
      const starting = seats.filter((seat) => !seat.started).length;
      const wanted = Math.min(this.#queue.length - starting, this.#size - seats.length);
      for (let i = 0; i < wanted; i++) this.#startSeat();
      if (starting > 0 || wanted > 0) return;
    }
  }

  #startSeat(): void {
    let worker: WorkerLike;
    try {
      worker = this.#options.createWorker();
    } catch (error) {
      this.#startFailed(startError(String(error)));
      return;
    }
    const seat: Seat = {
      worker,
      started: false,
      jobs: new Map(),
      requestId: 0,
      readingId: 0,
      startBytes: 0,
      idleTimer: undefined,
    };
    this.#seats.add(seat);
    worker.addEventListener("message", (event) =>
      this.#onReply(seat, (event as MessageEvent<WorkerReply>).data),
    );
    worker.addEventListener("error", (event) => {
      event.preventDefault(); // told to the person; not also an uncaught error of the page
      this.#onBroken(seat, (event as ErrorEvent).message || "its script failed");
    });
    worker.addEventListener("messageerror", () =>
      this.#onBroken(seat, "its reply could not be read"),
    );
    const { module, model, sha256 } = this.#options;
    this.#post(seat, { id: seat.requestId, op: "start", module, model, sha256 });
  }

  #dispatch(seat: Seat, job: Job): void {
    clearTimeout(seat.idleTimer);
    seat.requestId += 1;
    seat.jobs.set(seat.requestId, job);
    this.#begin(seat);
    this.#post(seat, job.request(seat.requestId));
  }

  // A worker reads one file after the other: the first that it has not answered is the one being read.
  #begin(seat: Seat): void {
    for (const [id, job] of seat.jobs) {
      if (id !== seat.readingId && !job.dropped) job.onStart?.();
      seat.readingId = id;
      return;
    }
  }

  #post(seat: Seat, request: WorkerRequest): void {
    try {
      seat.worker.postMessage(request);
    } catch (error) {
      this.#onBroken(seat, String(error));
    }
  }

  #onReply(seat: Seat, reply: WorkerReply): void {
    if (reply.requests.length > 0) this.#options.onRequests?.(reply.requests);
    if (!this.#seats.has(seat)) return; // discarded meanwhile
    if (!seat.started) this.#onStarted(seat, reply);
    else this.#onRead(seat, reply);
    this.#pump();
  }

  #onStarted(seat: Seat, reply: WorkerReply): void {
    if (reply.ok) {
      seat.started = true;
      seat.startBytes = reply.memoryBytes;
      this.#model.resolve(reply.value as ModelFacts);
      this.#rest(seat, reply.memoryBytes);
      return;
    }
    this.#discard(seat);
    this.#startFailed(new EngineError(reply.code, reply.message));
  }

  #onRead(seat: Seat, reply: WorkerReply): void {
    const job = seat.jobs.get(reply.id);
    seat.jobs.delete(reply.id);
    if (!reply.ok && reply.fatal) this.#discard(seat);
    else this.#rest(seat, reply.memoryBytes);
    this.#begin(seat);
    if (reply.ok) {
      job?.resolve(reply.value);
      return;
    }
    const { code, gate } = reply;
    const message = gate === null ? reply.message : gateSentence(gate);
    const advice = reply.fatal ? ` ${TRAP_ADVICE}` : "";
    job?.reject(new EngineError(code, `${message}${advice}`, gate));
  }

  // The worker itself failed: what waits on it is rejected, the next request starts another one. Of
  // several it cannot be told which was too much, so each is tried by itself.
  #onBroken(seat: Seat, reason: string): void {
    if (!this.#seats.has(seat)) return;
    const jobs = [...seat.jobs.values()];
    if (jobs.length === 1) seat.jobs.clear();
    else for (const job of jobs) job.alone = true;
    this.#discard(seat);
    if (!seat.started) this.#startFailed(startError(reason));
    const error = new EngineError("engine_trap", `The engine broke off: ${reason}. ${TRAP_ADVICE}`);
    if (jobs.length === 1) jobs[0]?.reject(error);
    this.#pump();
  }

  // Fails closed. Where other workers run with this very model, only their number is limited.
  #startFailed(error: EngineError): void {
    const running = [...this.#seats].some((seat) => seat.started);
    if (running && SCARCITY.has(error.code)) this.#size = this.#seats.size;
    else this.close(error);
  }

  #rest(seat: Seat, memoryBytes: number): void {
    const grownBytes = memoryBytes - seat.startBytes;
    if (grownBytes > (this.#options.maxIdleMemoryBytes ?? MAX_IDLE_MEMORY_BYTES)) {
      this.#discard(seat);
      if (this.#seats.size === 0) this.#startSeat();
      return;
    }
    if (seat.jobs.size > 0) return;
    clearTimeout(seat.idleTimer);
    seat.idleTimer = setTimeout(() => {
      if (this.#seats.size > 1) this.#discard(seat);
    }, this.#options.idleMs ?? IDLE_MS);
  }

  #cancel(job: Job): void {
    job.dropped = true;
    for (const seat of this.#seats) {
      if (seat.jobs.get(seat.readingId) === job) this.#discard(seat);
    }
    const queued = this.#queue.indexOf(job);
    if (queued >= 0) this.#queue.splice(queued, 1);
    job.reject(cancelled());
    // One signal may cancel many: workers are replaced when all of them are out of the queue.
    queueMicrotask(() => {
      if (this.#closed !== null) return;
      if (this.#seats.size === 0) this.#startSeat();
      this.#pump();
    });
  }

  // What it had in flight waits again, before all others.
  #discard(seat: Seat): void {
    this.#seats.delete(seat);
    clearTimeout(seat.idleTimer);
    seat.worker.terminate();
    this.#queue.unshift(...[...seat.jobs.values()].filter(({ dropped }) => !dropped));
    seat.jobs.clear();
  }
}

function hasLoner({ jobs }: Seat): boolean {
  return [...jobs.values()].some(({ alone }) => alone);
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: EngineError) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>["resolve"] = () => undefined;
  let reject: Deferred<T>["reject"] = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

function cancelled(): EngineError {
  return new EngineError("cancelled", "Not read: reading was cancelled.");
}

function startError(reason: string): EngineError {
  return new EngineError(
    "engine_start",
    `The engine could not be started: ${reason}. Reload the page; if that does not help, ` +
      "use a current version of Chrome, Edge, Firefox or Safari.",
  );
}
