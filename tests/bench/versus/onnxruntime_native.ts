// ONNX Runtime as a native program, asked as network_bench is:
//   node onnxruntime_native.ts MODEL.onnx BATCH PACKAGES     (PACKAGES: see tfliteFile)
// then on standard input how many milliseconds to run for, a line each; it answers with the runs in that
// time and the milliseconds that they took. One thread.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type * as Onnxruntime from "onnxruntime-web";
import { readOnnx } from "../graph/onnx_file.ts";

const [path = "", batch = "1", packages = ""] = process.argv.slice(2);
const { InferenceSession, Tensor } = createRequire(packages)(
  "onnxruntime-node",
) as typeof Onnxruntime;
const model = readFileSync(path);
const session = await InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  freeDimensionOverrides: { N: Number(batch) },
});
const [, ...image] = readOnnx(model).inputs[0]?.shape ?? [];
const shape = [Number(batch), ...image.map((size) => size ?? 1)];
const count = shape.reduce((product, size) => product * size, 1);
const input = Float32Array.from({ length: count }, (_, i) => Math.sin(i));
const name = session.inputNames[0] ?? "";

for await (const line of createInterface({ input: process.stdin })) {
  const start = performance.now();
  for (let runs = 1; ; runs++) {
    await session.run({ [name]: new Tensor("float32", input, shape) });
    const passed = performance.now() - start;
    if (passed < Number(line)) continue;
    console.log(`${runs} ${passed}`);
    break;
  }
}
