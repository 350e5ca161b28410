import { Engine } from "../../../public/src/engine.ts";
import { bytesOf, report } from "./first_prediction.ts";

report(async () => {
  const [module, model, image] = await Promise.all([
    WebAssembly.compileStreaming(fetch("/shipped/engine.wasm")),
    bytesOf("/networks/seed.onnx"),
    bytesOf("/given/patch.png"),
  ]);
  const engine = await Engine.create(module, model);
  return { probabilities: engine.classify(image, 0, true).probabilities, model: engine };
});
