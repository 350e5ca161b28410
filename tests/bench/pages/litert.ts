import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { fetched, serve } from "./page.ts";

serve(async ({ network, batch, threads }, input, shape) => {
  await loadLiteRt("/rivals/litert/", { threads: threads > 1 });
  const file = new Uint8Array(await fetched(`/networks/${network}-${batch}.tflite`));
  const model = await loadAndCompile(file, {
    accelerator: "wasm",
    ...(threads > 1 ? { cpuOptions: { numThreads: threads } } : {}),
  });
  const run = async () => {
    const tensor = new Tensor(input, [batch, ...shape]);
    const outputs = await model.run(tensor);
    tensor.delete();
    const values = outputs[0]?.toTypedArray() ?? new Float32Array();
    for (const output of outputs) output.delete();
    return values;
  };
  return { threads: null, run };
});
