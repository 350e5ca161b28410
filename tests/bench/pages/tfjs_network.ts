// A network in TensorFlow.js's own operations, fused as its graph optimiser fuses them.
import * as tf from "@tensorflow/tfjs-core";
import type { LayerFile, StoredLayer, StoredWeights } from "./protocol.ts";

interface Placed extends StoredLayer {
  filter: tf.Tensor | null;
  offset: tf.Tensor | null; // the bias
}

const ACTIVATION = { none: "linear", relu: "relu", relu6: "relu6" } as const;

function convolution(layer: Placed, x: tf.Tensor): tf.Tensor {
  const { window, filter, offset } = layer;
  if (window === undefined || filter === null || offset === null)
    throw new Error(`${layer.output} is no convolution`);
  const [top, left, bottom, right] = window.pads;
  const options = {
    x,
    filter,
    strides: window.stride,
    pad:
      window.padding === "explicit"
        ? ([
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ] satisfies [number, number][] as never)
        : window.padding,
    bias: offset,
    activation: ACTIVATION[layer.activation],
  };
  return layer.kind === "depthwise" ? tf.fused.depthwiseConv2d(options) : tf.fused.conv2d(options);
}

function maxPool({ window, output }: Placed, x: tf.Tensor): tf.Tensor {
  if (window === undefined || window.padding === "explicit")
    throw new Error(`${output} is no pool that is written here`);
  return tf.maxPool(x, window.kernel, window.stride, window.padding);
}

function dense({ filter, offset, activation, output }: Placed, a: tf.Tensor): tf.Tensor {
  if (filter === null || offset === null) throw new Error(`${output} is no dense layer`);
  return tf.fused.matMul({ a, b: filter, bias: offset, activation: ACTIVATION[activation] });
}

function add(layer: Placed, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const sum = tf.add(a, b);
  if (layer.activation === "none") return sum;
  return layer.activation === "relu" ? tf.relu(sum) : tf.relu6(sum);
}

function apply(layer: Placed, inputs: tf.Tensor[], batch: number): tf.Tensor {
  const [first, second = first] = inputs;
  if (first === undefined || second === undefined) throw new Error(`${layer.output} reads nothing`);
  switch (layer.kind) {
    case "convolution":
    case "depthwise":
      return convolution(layer, first);
    case "maxPool":
      return maxPool(layer, first);
    case "dense":
      return dense(layer, first);
    case "globalAverage":
      return tf.mean(first, [1, 2]);
    case "flatten":
      return tf.reshape(first, [batch, ...layer.shape]);
    case "add":
      return add(layer, first, second);
    case "concat":
      return tf.concat(inputs, 3);
    case "softmax":
      return tf.softmax(first);
    default:
      throw new Error(`no ${layer.kind} here`);
  }
}

// values: all weights, one after the other. The function returned gives (batch, classes).
export function tfjsNetwork(
  file: LayerFile,
  values: Float32Array,
  batch: number,
): (input: Float32Array) => Float32Array {
  const tensor = (stored: StoredWeights | undefined) => {
    if (stored === undefined) return null;
    const count = stored.shape.reduce((product, size) => product * size, 1);
    return tf.tensor(values.slice(stored.offset, stored.offset + count), stored.shape);
  };
  const layers = file.layers.map((layer) => ({
    ...layer,
    filter: tensor(layer.weights),
    offset: tensor(layer.bias),
  }));
  return (input) =>
    tf.tidy(() => {
      const made = new Map([[file.input, tf.tensor(input, [batch, ...file.image])]]);
      for (const layer of layers) {
        const inputs = layer.inputs.map((name) => {
          const value = made.get(name);
          if (value === undefined) throw new Error(`nothing made ${name}`);
          return value;
        });
        made.set(layer.output, apply(layer, inputs, batch));
      }
      const output = made.get(file.output);
      if (output === undefined) throw new Error("the network has no output");
      return output.dataSync();
    });
}

export { getThreadsCount, setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
export { env, ready, setBackend } from "@tensorflow/tfjs-core";
