// One engine on its own thread: exactly one reply to each request, whatever happens. It is given
// the compiled engine, the model and the files; it fetches nothing and could not (network-lock.ts).
import { Engine } from "./engine.ts";
import {
  EngineError,
  MAX_IMAGE_BYTES,
  type ClassifyRequest,
  type ExplainRequest,
  type Explanation,
  type GateFacts,
  type ModelFacts,
  type Reading,
  type StartRequest,
  type WorkerReply,
  type WorkerRequest,
  type WorkerState,
} from "./messages.ts";
import { lockNetwork } from "./network-lock.ts";

// The part of DedicatedWorkerGlobalScope that is used; tests give a scope of their own.
export interface WorkerScope {
  addEventListener(type: string, listener: (event: { data: unknown }) => void): void;
  postMessage(message: WorkerReply, transfer: ArrayBuffer[]): void;
}

const MEGABYTE = 1024 * 1024;

async function readFile(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > MAX_IMAGE_BYTES) {
    const megabytes = (file.size / MEGABYTE).toFixed(1);
    throw new EngineError(
      "image_too_large",
      `The file has ${megabytes} MB; InSitu reads images of up to ` +
        `${MAX_IMAGE_BYTES / MEGABYTE} MB. Save the region of interest as a smaller image.`,
    );
  }
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new EngineError(
      "file_unreadable",
      "The browser could not read the file; it may have been moved, changed or removed. " +
        "Choose it again.",
    );
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const subtle = crypto.subtle as SubtleCrypto | undefined; // none without https or localhost
  if (subtle === undefined) return null;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

type Answer = ModelFacts | Reading | Explanation;

class EngineService {
  #engine: Engine | null = null;

  async handle(request: WorkerRequest): Promise<Answer> {
    if (request.op === "start") return this.#start(request);
    return request.op === "explain" ? this.#explain(request) : this.#classify(request);
  }

  state(): WorkerState {
    const requests = performance.getEntriesByType("resource").map((entry) => ({
      url: entry.name,
      receivedBytes: (entry as PerformanceResourceTiming).transferSize,
    }));
    performance.clearResourceTimings(); // each is told once
    return { memoryBytes: this.#engine?.memoryBytes ?? 0, requests };
  }

  async #start(request: StartRequest): Promise<ModelFacts> {
    const engine = await Engine.create(request.module, new Uint8Array(request.model));
    if (engine.model.sha256 !== request.sha256) {
      throw new EngineError(
        "model_corrupt",
        "The model is not the one this site was built with. Reload the page; nothing is read with it.",
      );
    }
    this.#engine = engine;
    return engine.model;
  }

  async #classify(request: ClassifyRequest): Promise<Reading> {
    const engine = this.#running();
    const bytes = await readFile(request.file);
    const prediction = engine.classify(bytes, request.previewSide, request.judgeAnyway);
    return { ...prediction, sha256: await sha256(bytes) };
  }

  async #explain(request: ExplainRequest): Promise<Explanation> {
    const engine = this.#running();
    return engine.explain(await readFile(request.file), request.judgeAnyway);
  }

  #running(): Engine {
    if (this.#engine !== null) return this.#engine;
    throw new EngineError("engine_start", "The engine has not been started. Reload the page.");
  }
}

interface Failure {
  code: string;
  message: string;
  gate: GateFacts | null;
  fatal: boolean;
}

function failureOf(error: unknown): Failure {
  if (error instanceof EngineError) {
    const { code, message, gate } = error;
    return { code, message, gate, fatal: code === "engine_trap" };
  }
  const message = `The engine broke off: ${String(error)}.`;
  return { code: "engine_trap", message, gate: null, fatal: true };
}

function transferable(answer: Answer): ArrayBuffer[] {
  if ("values" in answer) return [answer.values.buffer];
  const preview = "preview" in answer ? answer.preview : null;
  return preview === null ? [] : [preview.rgba.buffer];
}

export function serve(scope: WorkerScope): void {
  const service = new EngineService();
  scope.addEventListener("message", ({ data }) => {
    void (async () => {
      const request = data as WorkerRequest;
      let outcome: { ok: true; value: Answer } | ({ ok: false } & Failure);
      try {
        outcome = { ok: true, value: await service.handle(request) };
      } catch (error) {
        outcome = { ok: false, ...failureOf(error) };
      }
      const transfer = outcome.ok ? transferable(outcome.value) : [];
      scope.postMessage({ id: request.id, ...service.state(), ...outcome }, transfer);
    })();
  });
  scope.addEventListener("messageerror", () => {
    throw new Error("a request could not be read"); // reaches the pool as the worker's error event
  });
}

// In node, where this file is only tested, there is no such class.
if ("DedicatedWorkerGlobalScope" in globalThis) {
  const scope: unknown = globalThis; // a worker's, which the tests' types do not know
  lockNetwork(globalThis);
  serve(scope as WorkerScope);
}
