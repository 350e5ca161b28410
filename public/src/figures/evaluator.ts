// Runs the evaluation's WebAssembly file on a worker of its own, which has no network.
import { closedWorkerFactory } from "../closed-worker.ts";
import type { EvaluationRequest } from "./evaluation.ts";
import type { EvaluationReply } from "./evaluation-worker.ts";
import type { SiteFiles } from "./files.ts";

export class Evaluator {
  readonly #module: WebAssembly.Module;
  readonly #createWorker: () => Worker;

  private constructor(module: WebAssembly.Module, createWorker: () => Worker) {
    this.#module = module;
    this.#createWorker = createWorker;
  }

  // Fetches all that it needs; afterwards it needs the network no more.
  static async load(files: SiteFiles): Promise<Evaluator> {
    const { module, worker } = FIGURES_CATALOG;
    const [wasm, source] = await Promise.all([
      files.fetch(module).then((response) => response.arrayBuffer()),
      files.fetch(worker).then((response) => response.text()),
    ]);
    return new Evaluator(await WebAssembly.compile(wasm), await closedWorkerFactory(source));
  }

  // The report as JSON. Aborting ends the worker.
  async evaluate(request: EvaluationRequest, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const worker = this.#createWorker();
    const stop = new AbortController(); // of the listening
    try {
      return await new Promise((resolve, reject) => {
        const options = { signal: stop.signal };
        const failed = (reason: string) =>
          reject(new Error(`The evaluation broke off: ${reason}. Try again with fewer images.`));
        signal.addEventListener("abort", () => reject(signal.reason as Error), options);
        worker.addEventListener("message", ({ data }: MessageEvent<EvaluationReply>) => {
          if (data.ok) resolve(data.json);
          else failed(data.message);
        });
        worker.addEventListener("error", (event) => {
          event.preventDefault(); // told to the person
          failed(event.message);
        });
        worker.postMessage({ module: this.#module, request });
      });
    } finally {
      stop.abort();
      worker.terminate();
    }
  }
}
