// The networks of the bench: what its files of them compute, beside the loops that define each layer and
// beside onnxruntime-web; and that the networks made here are the ones they are called after.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { env, InferenceSession, Tensor } from "onnxruntime-web";
import { layersOf, type LayeredNetwork } from "./bench/graph/layers.ts";
import { mobileNetV2, resNet18, squeezeNet } from "./bench/graph/made.ts";
import { halfToFloat, readOnnx } from "./bench/graph/onnx_file.ts";
import { floatToHalf } from "./bench/graph/tflite_graph.ts";
import { maxDifference } from "./bench/versus/statistics.ts";
import { MadeNetwork } from "./made_networks.ts";
import { runNaively } from "./naive_network.ts";
import { randomNumbers } from "./random_numbers.ts";

const root = join(import.meta.dirname, "..");
const MAX_DIFFERENCE = 1e-6;

env.wasm.numThreads = 1;
env.logLevel = "error";

// (h, w, c) -> (c, h, w)
function planes(values: Float32Array, channels: number): Float32Array {
  const places = values.length / channels;
  return values.map((_, i) => values[(i % places) * channels + Math.floor(i / places)] ?? NaN);
}

async function outputOfOther(onnx: Uint8Array, input: Float32Array, shape: number[]) {
  const session = await InferenceSession.create(onnx);
  const [height = 0, width = 0, channels = 0] = shape;
  const name = session.inputNames[0] ?? "";
  const tensor = new Tensor("float32", planes(input, channels), [1, channels, height, width]);
  const results = await session.run({ [name]: tensor });
  const output = results[session.outputNames[0] ?? ""];
  await session.release();
  return [...((output?.data ?? []) as Float32Array)];
}

function randomInput(network: LayeredNetwork): Float32Array {
  const random = randomNumbers(3);
  const shape = network.shapes.get(network.input) ?? [];
  const length = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length }, () => 2 * random() - 1);
}

async function agrees(onnx: Uint8Array): Promise<void> {
  const network = layersOf(readOnnx(onnx));
  const input = randomInput(network);
  const ours = [...runNaively(network, input)];
  const theirs = await outputOfOther(onnx, input, network.shapes.get(network.input) ?? []);
  assert.ok(new Set(ours).size > 1, "an output of one number would agree with anything");
  const difference = maxDifference(ours, theirs);
  assert.ok(difference <= MAX_DIFFERENCE, `differs by ${difference}`);
}

// Every kind of layer that the networks of 224x224 have, small.
function everyKind(): Buffer {
  const made = new MadeNetwork(2);
  const bounds = [0, 6].map((bound) => made.constant({ shape: [], data: Float32Array.of(bound) }));
  const relu6 = (name: string) => made.node("Clip", [name, ...bounds]);
  const strided = { strides: [2, 2], pads: [0, 0, 1, 1] }; // zeros as TensorFlow's SAME has them
  const stem = relu6(made.convolution("input", [8, 3, 3], strided));
  const around = { strides: [1, 1], pads: [2, 1, 1, 2] };
  const uneven = made.node("Relu", [made.convolution(stem, [8, 8, 4], around)]);
  const depthwise = { strides: [1, 1], pads: [1, 1, 1, 1], group: 8 };
  const filtered = relu6(made.convolution(uneven, [8, 1, 3], depthwise));
  const added = made.node("Relu", [made.node("Add", [uneven, filtered])]);
  const joined = made.node("Concat", [added, made.convolution(added, [4, 8, 1])], { axis: 1 });
  const pool = { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 1, 1] };
  const pooled = made.node("MaxPool", [joined], pool);
  const flat = made.node("Flatten", [pooled], { axis: 1 });
  const hidden = made.node("Relu", [made.dense(flat, 12 * 25, 6)]);
  const output = made.node("Softmax", [made.dense(hidden, 6, 4)], { axis: 1 });
  return made.file(["N", 3, 20, 20], output, ["N", 4]);
}

describe("networks of the bench", () => {
  for (const name of ["seed", "best", "mammogram"]) {
    test(`the layers of ${name} compute what onnxruntime-web computes of its file`, () =>
      agrees(readFileSync(join(root, `model/${name}.onnx`))));
  }

  test("layers of every kind compute what onnxruntime-web computes of their file", () =>
    agrees(everyKind()));

  test("zeros are known as TensorFlow's SAME, or as none, or as neither", () => {
    const { layers } = layersOf(readOnnx(everyKind()));
    const paddings = layers.flatMap((layer) => ("window" in layer ? [layer.window.padding] : []));
    assert.deepEqual(paddings, ["same", "explicit", "same", "valid", "same"]);
  });

  test("a network with what the bench does not know is refused by name", () => {
    const made = new MadeNetwork(1);
    const output = made.node("Tanh", [made.convolution("input", [2, 3, 3])]);
    const file = made.file([1, 3, 8, 8], output, [1, 2]);
    assert.throws(() => layersOf(readOnnx(file)), /no Tanh/);
    assert.throws(() => readOnnx(file.subarray(0, file.length - 40)), /ends too early|no graph/);
  });

  // Multiply-adds and weights as published: SqueezeNet 1.1's notes, the papers of the others, with
  // biases in place of batch normalisation.
  for (const [title, file, multiplyAdds, weights] of [
    ["SqueezeNet 1.1", squeezeNet(), 349e6, 1.235e6],
    ["MobileNetV2", mobileNetV2(), 301e6, 3.49e6],
    ["ResNet-18", resNet18(), 1.81e9, 11.68e6],
  ] as const) {
    test(`the network called ${title} has that one's multiply-adds and weights`, () => {
      const network = layersOf(readOnnx(file));
      const count = network.layers.reduce(
        (sum, layer) =>
          "weights" in layer ? sum + layer.weights.data.length + layer.bias.data.length : sum,
        0,
      );
      assert.ok(
        Math.abs(network.multiplyAdds / multiplyAdds - 1) < 0.01,
        `${network.multiplyAdds}`,
      );
      assert.ok(Math.abs(count / weights - 1) < 0.01, `${count} weights`);
      assert.deepEqual(network.shapes.get(network.output), [1000]);
    });
  }

  test("every half but NaN is widened and narrowed to itself", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfToFloat(bits);
      if (!Number.isNaN(value)) assert.equal(floatToHalf(value), bits);
    }
  });

  test("a float is narrowed to the nearest half, ties to even, and to infinity beyond the largest", () => {
    assert.equal(halfToFloat(floatToHalf(1 + 2 ** -11)), 1);
    assert.equal(halfToFloat(floatToHalf(1 + 3 * 2 ** -11)), 1 + 2 ** -9);
    assert.equal(halfToFloat(floatToHalf(1 + 2 ** -11 + 2 ** -20)), 1 + 2 ** -10);
    assert.equal(halfToFloat(floatToHalf(-(2 - 2 ** -12))), -2);
    assert.equal(halfToFloat(floatToHalf(2 ** -25)), 0);
    assert.equal(halfToFloat(floatToHalf(1e6)), Infinity);
    assert.ok(Number.isNaN(halfToFloat(floatToHalf(NaN))));
  });
});
