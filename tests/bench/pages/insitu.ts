// Our engine: on the page's thread, or, for two threads, in two workers that each take half of the
// batch, as the page of InSitu has its workers.
import { NetworkWasm } from "./network_wasm.ts";
import { fetched, serve } from "./page.ts";
import type { LoadRequest, Ready } from "./protocol.ts";
import type { WorkerAnswer, WorkerOrder } from "./insitu_worker.ts";

async function filesOf({ network, build }: LoadRequest) {
  const [wasm, model] = await Promise.all([
    fetched(`/engine/${build}.wasm`),
    fetched(`/networks/${network}.onnx`),
  ]);
  return { module: await WebAssembly.compile(wasm), model: new Uint8Array(model) };
}

function ask(worker: Worker, order: WorkerOrder, transfer: ArrayBuffer[]): Promise<Float32Array> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      const answer = data as WorkerAnswer;
      if (answer.error === null) resolve(answer.output);
      else reject(new Error(answer.error));
    };
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(order, transfer);
  });
}

async function inWorkers(request: LoadRequest, input: Float32Array): Promise<Ready> {
  const files = await filesOf(request);
  const workers = Array.from({ length: Math.min(request.threads, request.batch) }, () => {
    return new Worker("/insitu_worker.js");
  });
  const item = input.length / request.batch;
  const bounds = workers.map((_, index) => {
    const at = (part: number) => Math.round((part * request.batch) / workers.length);
    return { from: at(index), to: at(index + 1) };
  });
  await Promise.all(
    workers.map((worker, index) => {
      const { from = 0, to = 0 } = bounds[index] ?? {};
      return ask(worker, { ...files, batch: to - from }, []);
    }),
  );
  const run = async () => {
    const parts = workers.map((worker, index) => {
      const { from = 0, to = 0 } = bounds[index] ?? {};
      const part = input.slice(from * item, to * item);
      return ask(worker, { input: part }, [part.buffer]);
    });
    const outputs = await Promise.all(parts);
    const all = new Float32Array(outputs.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const output of outputs) {
      all.set(output, at);
      at += output.length;
    }
    return all;
  };
  return { threads: workers.length, run };
}

async function onThePage(request: LoadRequest, input: Float32Array): Promise<Ready> {
  const { module, model } = await filesOf(request);
  const network = await NetworkWasm.create(module, model, request.batch);
  Object.assign(globalThis, {
    peak: (kernel: "madd" | "multiplyAndAdd", ms: number) => network.peak(kernel, ms),
  });
  return { threads: 1, run: () => Promise.resolve(network.run(input)) };
}

serve((request, input) =>
  request.threads === 1 ? onThePage(request, input) : inWorkers(request, input),
);
