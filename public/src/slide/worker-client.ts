// A worker of the slide part as the page sees it: a promise a request. When the worker ends, whatever
// waits on it is rejected.
import { EngineError, type NetworkRequest } from "../messages.ts";
import type { SlideAnswers, SlideMessage, SlideReply, SlideRequest } from "./messages.ts";

// What is needed of a Worker.
export interface SlideWorkerLike {
  addEventListener(type: string, listener: (event: Event) => void): void;
  postMessage(message: SlideMessage, transfer: Transferable[]): void;
  terminate(): void;
}

interface Waiting {
  resolve: (value: SlideAnswers[keyof SlideAnswers]) => void;
  reject: (error: EngineError) => void;
}

const ADVICE = "Open the file again; if that does not help, it cannot be read here.";

export class WorkerClient {
  readonly #worker: SlideWorkerLike;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onRequests: (requests: NetworkRequest[]) => void;
  #nextId = 1;
  #ended: EngineError | null = null;
  memoryBytes = 0; // of the worker's WebAssembly, as it last said

  constructor(
    createWorker: () => SlideWorkerLike,
    onRequests: (requests: NetworkRequest[]) => void = () => undefined,
  ) {
    this.#onRequests = onRequests;
    this.#worker = createWorker();
    this.#worker.addEventListener("message", (event) =>
      this.#onReply((event as MessageEvent<SlideReply>).data),
    );
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault(); // told to the person
      this.#broken((event as ErrorEvent).message || "its script failed");
    });
    this.#worker.addEventListener("messageerror", () => this.#broken("a reply could not be read"));
  }

  // null: it works.
  get ended(): EngineError | null {
    return this.#ended;
  }

  // Rejects with an EngineError. Aborting asks the worker to leave the request out; what it has begun
  // it may finish.
  ask<R extends SlideRequest>(
    request: R,
    transfer: Transferable[] = [],
    signal?: AbortSignal,
  ): Promise<SlideAnswers[R["op"]]> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const forget = () => this.#worker.postMessage({ op: "forget", id }, []);
      signal?.addEventListener("abort", forget);
      const done = () => signal?.removeEventListener("abort", forget);
      this.#waiting.set(id, {
        resolve: (value) => {
          done();
          resolve(value as SlideAnswers[R["op"]]);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      });
      try {
        this.#worker.postMessage({ ...request, id }, transfer);
        if (signal?.aborted === true) forget();
      } catch (error) {
        this.#broken(String(error));
      }
    });
  }

  // Gives all of its memory back.
  end(reason = new EngineError("cancelled", "Not read: reading was cancelled.")): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.memoryBytes = 0;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #broken(reason: string): void {
    this.end(new EngineError("engine_trap", `Reading broke off: ${reason}. ${ADVICE}`));
  }

  #onReply(reply: SlideReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return; // ended meanwhile
    this.#waiting.delete(reply.id);
    this.memoryBytes = reply.memoryBytes;
    if (reply.requests.length > 0) this.#onRequests(reply.requests);
    if (reply.ok) {
      waiting.resolve(reply.value);
      return;
    }
    const advice = reply.fatal ? ` ${ADVICE}` : "";
    const error = new EngineError(reply.code, `${reply.message}${advice}`);
    waiting.reject(error);
    if (reply.fatal) this.end(error);
  }
}
