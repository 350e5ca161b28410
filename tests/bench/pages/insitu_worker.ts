// Our engine in a worker: it is given the network once, then inputs, which it gives back.
import { NetworkWasm } from "./network_wasm.ts";

type Values = Float32Array<ArrayBuffer>;

export type WorkerOrder =
  { module: WebAssembly.Module; model: Uint8Array; batch: number } | { input: Values };

export type WorkerAnswer = { error: null; input: Values; output: Values } | { error: string };

let network: NetworkWasm | null = null;

async function answer(order: WorkerOrder): Promise<Extract<WorkerAnswer, { error: null }>> {
  if ("module" in order) {
    network = await NetworkWasm.create(order.module, order.model, order.batch);
    return { error: null, input: new Float32Array(), output: new Float32Array() };
  }
  if (network === null) throw new Error("nothing has been loaded");
  const { input } = order;
  return { error: null, input, output: network.run(input) };
}

addEventListener("message", ({ data }) => {
  answer(data as WorkerOrder).then(
    (given) => postMessage(given, { transfer: [given.input.buffer, given.output.buffer] }),
    (error: unknown) => postMessage({ error: String(error) } satisfies WorkerAnswer),
  );
});
