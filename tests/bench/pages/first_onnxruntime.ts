import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { bytesOf, normalised, report, SIDE } from "./first_prediction.ts";

env.logLevel = "error";
env.wasm.numThreads = 1;
env.wasm.wasmPaths = "/rivals/onnxruntime/";

report(async () => {
  const [rgb, session] = await Promise.all([
    bytesOf("/given/patch.rgb"),
    // By its address: it is fetched beside the engine.
    InferenceSession.create("/networks/seed.onnx", { executionProviders: ["wasm"] }),
  ]);
  const [name = "", output = ""] = [session.inputNames[0], session.outputNames[0]];
  const tensor = new Tensor("float32", normalised(rgb, "planes"), [1, 3, SIDE, SIDE]);
  const results = await session.run({ [name]: tensor });
  return { probabilities: results[output]?.data as Float32Array, model: session };
});
