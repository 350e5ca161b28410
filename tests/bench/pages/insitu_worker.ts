// Our engine in a worker: it is given the network once, then inputs.
import { NetworkWasm } from "./network_wasm.ts";

export type WorkerOrder =
  { module: WebAssembly.Module; model: Uint8Array; batch: number } | { input: Float32Array };

export type WorkerAnswer = { error: null; output: Float32Array } | { error: string };

let network: NetworkWasm | null = null;

async function answer(order: WorkerOrder): Promise<Float32Array> {
  if ("module" in order) {
    network = await NetworkWasm.create(order.module, order.model, order.batch);
    return new Float32Array();
  }
  if (network === null) throw new Error("nothing has been loaded");
  return network.run(order.input);
}

addEventListener("message", ({ data }) => {
  answer(data as WorkerOrder).then(
    (output) => postMessage({ error: null, output } satisfies WorkerAnswer),
    (error: unknown) => postMessage({ error: String(error) } satisfies WorkerAnswer),
  );
});
