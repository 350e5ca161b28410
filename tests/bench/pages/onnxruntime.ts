import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { fetched, serve } from "./page.ts";
import type { ImageShape } from "./protocol.ts";

// (batch, height, width, channels) -> (batch, channels, height, width), as ONNX has it
function planes(input: Float32Array, batch: number, [height, width, channels]: ImageShape) {
  const places = height * width;
  const moved = new Float32Array(input.length);
  for (let item = 0; item < batch; item++) {
    const start = item * places * channels;
    for (let place = 0; place < places; place++) {
      for (let c = 0; c < channels; c++)
        moved[start + c * places + place] = input[start + place * channels + c] ?? NaN;
    }
  }
  return moved;
}

serve(async ({ network, batch, threads }, input, shape) => {
  env.logLevel = "error";
  env.wasm.numThreads = threads;
  env.wasm.wasmPaths = "/rivals/onnxruntime/";
  const model = new Uint8Array(await fetched(`/networks/${network}.onnx`));
  const session = await InferenceSession.create(model, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
    freeDimensionOverrides: { N: batch },
  });
  const [name = "", output = ""] = [session.inputNames[0], session.outputNames[0]];
  const moved = planes(input, batch, shape);
  const [height, width, channels] = shape;
  const run = async () => {
    const tensor = new Tensor("float32", moved, [batch, channels, height, width]);
    const results = await session.run({ [name]: tensor });
    return results[output]?.data as Float32Array;
  };
  return { threads: env.wasm.numThreads, run };
});
