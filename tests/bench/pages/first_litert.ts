import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { bytesOf, normalised, report, SIDE } from "./first_prediction.ts";

report(async () => {
  const [rgb, file] = await Promise.all([
    bytesOf("/given/patch.rgb"),
    bytesOf("/networks/seed.half.tflite"),
    loadLiteRt("/rivals/litert/"),
  ]);
  const model = await loadAndCompile(file, { accelerator: "wasm" });
  const input = new Tensor(normalised(rgb, "interleaved"), [1, SIDE, SIDE, 3]);
  const [output] = await model.run(input);
  return { probabilities: output?.toTypedArray() ?? [], model };
});
