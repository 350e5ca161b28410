import { fetched, layersOf, serve } from "./page.ts";
import {
  env,
  getThreadsCount,
  ready,
  setBackend,
  setThreadsCount,
  setWasmPaths,
  tfjsNetwork,
} from "./tfjs_network.ts";

serve(async ({ network, batch, threads }, input) => {
  setWasmPaths("/rivals/tfjs/");
  // With one thread, the build without threads: what a page that is not isolated gets.
  if (threads === 1) env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setThreadsCount(threads);
  await setBackend("wasm");
  await ready();
  const [file, weights] = await Promise.all([
    layersOf(network),
    fetched(`/networks/${network}.bin`),
  ]);
  const run = tfjsNetwork(file, new Float32Array(weights), batch);
  return { threads: getThreadsCount(), run: () => Promise.resolve(run(input)) };
});
