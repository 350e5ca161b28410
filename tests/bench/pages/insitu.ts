// Our engine: on the page's thread, or, for two threads, there and in a worker, each with a part of the
// batch, as the other engines' threads are the page's own and the workers they start.
import { NetworkWasm, type ProfiledStep } from "./network_wasm.ts";
import { fetched, serve } from "./page.ts";
import type { LoadRequest, OwnPage, Ready } from "./protocol.ts";
import type { WorkerAnswer, WorkerOrder } from "./insitu_worker.ts";
import { median } from "../versus/statistics.ts";

// So far from the median, as a share of it, is a run that was interrupted; below it, one before which the
// cost of the clock was being measured just then.
const INTERRUPTED = 0.5;

async function filesOf({ network, build }: LoadRequest) {
  const [wasm, model] = await Promise.all([
    fetched(`/engine/${build}.wasm`),
    fetched(`/networks/${network}.onnx`),
  ]);
  return { module: await WebAssembly.compile(wasm), model: new Uint8Array(model) };
}

type Answer = Extract<WorkerAnswer, { error: null }>;

function ask(worker: Worker, order: WorkerOrder, transfer: ArrayBuffer[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      const answer = data as WorkerAnswer;
      if (answer.error === null) resolve(answer);
      else reject(new Error(answer.error));
    };
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(order, transfer);
  });
}

// A worker's part of the batch. Its memory goes there and comes back: nothing is made for a run.
class Helper {
  readonly #worker = new Worker("/insitu_worker.js");
  readonly #from: Float32Array;
  readonly #batch: number;
  #input: Float32Array<ArrayBuffer>;

  constructor(from: Float32Array, batch: number) {
    this.#from = from;
    this.#batch = batch;
    this.#input = new Float32Array(from.length);
  }

  async load(module: WebAssembly.Module, model: Uint8Array): Promise<void> {
    await ask(this.#worker, { module, model, batch: this.#batch }, []);
  }

  async run(): Promise<Float32Array> {
    const input = this.#input;
    input.set(this.#from);
    const answer = await ask(this.#worker, { input }, [input.buffer]);
    this.#input = answer.input;
    return answer.output;
  }
}

async function onThreads(request: LoadRequest, input: Float32Array): Promise<Ready> {
  const { module, model } = await filesOf(request);
  const item = input.length / request.batch;
  const threads = Math.min(request.threads, request.batch);
  const bounds = Array.from({ length: threads + 1 }, (_, part) =>
    Math.round((part * request.batch) / threads),
  );
  const parts = bounds.slice(1).map((to, index) => ({ from: bounds[index] ?? 0, to }));
  const items = ({ from, to }: { from: number; to: number }) =>
    input.subarray(from * item, to * item);
  const [own = { from: 0, to: 0 }, ...others] = parts;
  const network = await NetworkWasm.create(module, model, own.to - own.from);
  const helpers = others.map((part) => new Helper(items(part), part.to - part.from));
  await Promise.all(helpers.map((helper) => helper.load(module, model)));
  const run = async () => {
    const begun = helpers.map((helper) => helper.run());
    const outputs = [network.run(items(own)), ...(await Promise.all(begun))];
    const all = new Float32Array(outputs.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const output of outputs) {
      all.set(output, at);
      at += output.length;
    }
    return all;
  };
  return { threads, run };
}

const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);

// A step may take less than the 5 µs by which a page's clock goes on. But where in them a run begins is
// by chance, so that over many runs the errors cancel out. One step many times in a row between two
// readings would not need that, and would find its weights in the cache, which a run may not.
function profiled(network: NetworkWasm, ms: number): ProfiledStep[] {
  let steps = network.profile(0);
  const runs: number[][] = []; // of each, what each step took
  for (const end = performance.now() + ms; runs.length === 0 || performance.now() < end;) {
    const after = network.profile(1);
    runs.push(after.map((step, i) => step.ms - (steps[i]?.ms ?? NaN)));
    steps = after;
  }
  const usual = median(runs.map(sum));
  const whole = runs.filter((run) => Math.abs(sum(run) - usual) <= INTERRUPTED * usual);
  const mean = (index: number) => sum(whole.map((run) => run[index] ?? NaN)) / whole.length;
  return steps.map((step, index) => ({ ...step, ms: Math.max(0, mean(index)) }));
}

async function onThePage(request: LoadRequest, input: Float32Array): Promise<Ready> {
  const { module, model } = await filesOf(request);
  const network = await NetworkWasm.create(module, model, request.batch);
  const own: OwnPage = {
    peak: (kernel, ms) => network.peak(kernel, ms),
    profile: (ms) => profiled(network, ms),
  };
  Object.assign(globalThis, own);
  return { threads: 1, run: () => Promise.resolve(network.run(input)) };
}

serve((request, input) =>
  request.threads === 1 ? onThePage(request, input) : onThreads(request, input),
);
