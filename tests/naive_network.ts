// The layers by the loops that define them: what the written files are checked against.
import type { Layer, LayeredNetwork, Window } from "./bench/graph/layers.ts";

export interface Value {
  shape: number[]; // (h, w, c) or (c), of one item
  data: Float32Array;
}

const at = (values: ArrayLike<number>, index: number) => values[index] ?? NaN;

function activated(value: number, activation: Layer["activation"]): number {
  if (activation === "none") return value;
  return Math.min(Math.max(value, 0), activation === "relu6" ? 6 : Infinity);
}

// Calls visit(y, x, inside): for each place of the output and each place of the kernel that lies
// inside the input, its row and column there.
function slide(
  window: Window,
  [height = 0, width = 0]: number[],
  [y, x]: [number, number],
  visit: (row: number, column: number, tap: number) => void,
): void {
  const [top, left] = window.pads;
  for (let v = 0; v < window.kernel[0]; v++) {
    for (let u = 0; u < window.kernel[1]; u++) {
      const row = y * window.stride[0] - top + v;
      const column = x * window.stride[1] - left + u;
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      visit(row, column, v * window.kernel[1] + u);
    }
  }
}

function windowed(
  layer: Layer & { window: Window },
  input: Value,
  shape: number[],
  start: (channel: number) => number,
  step: (value: number, sample: (channel: number) => number, tap: number, out: number) => number,
): Float32Array {
  const [height = 0, width = 0, channels = 0] = shape;
  const [, inputWidth = 0, inputChannels = 0] = input.shape;
  const data = new Float32Array(height * width * channels);
  for (let place = 0; place < height * width; place++) {
    const where: [number, number] = [Math.floor(place / width), place % width];
    for (let out = 0; out < channels; out++) {
      let value = start(out);
      slide(layer.window, input.shape, where, (row, column, tap) => {
        const pixel = (row * inputWidth + column) * inputChannels;
        value = step(value, (channel) => at(input.data, pixel + channel), tap, out);
      });
      data[place * channels + out] = activated(value, layer.activation);
    }
  }
  return data;
}

function convolution(
  layer: Layer & { kind: "convolution" },
  input: Value,
  shape: number[],
): Float32Array {
  const [, , depth = 0, filters = 0] = layer.weights.shape;
  const start = (out: number) => at(layer.bias.data, out);
  return windowed(layer, input, shape, start, (value, sample, tap, out) => {
    for (let c = 0; c < depth; c++)
      value += sample(c) * at(layer.weights.data, (tap * depth + c) * filters + out);
    return value;
  });
}

function dense(layer: Layer & { kind: "dense" }, input: Value): Float32Array {
  const [from = 0, to = 0] = layer.weights.shape;
  return Float32Array.from({ length: to }, (_, out) => {
    let sum = at(layer.bias.data, out);
    for (let i = 0; i < from; i++) sum += at(input.data, i) * at(layer.weights.data, i * to + out);
    return activated(sum, layer.activation);
  });
}

function concat(inputs: Value[]): Float32Array {
  const [height = 0, width = 0] = inputs[0]?.shape ?? [];
  return Float32Array.from(
    Array.from({ length: height * width }, (_, place) =>
      inputs.flatMap(({ shape: [, , c = 0], data }) => [
        ...data.subarray(place * c, (place + 1) * c),
      ]),
    ).flat(),
  );
}

function softmax(logits: Float32Array): Float32Array {
  const most = Math.max(...logits);
  const powers = [...logits].map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

function compute(layer: Layer, inputs: Value[], shape: number[]): Float32Array {
  const [first] = inputs;
  if (first === undefined) throw new Error(`${layer.output} reads nothing`);
  const channels = shape.at(-1) ?? 0;
  switch (layer.kind) {
    case "convolution":
      return convolution(layer, first, shape);
    case "depthwise":
      return windowed(
        layer,
        first,
        shape,
        (out) => at(layer.bias.data, out),
        (value, sample, tap, out) =>
          value + sample(out) * at(layer.weights.data, tap * channels + out),
      );
    case "maxPool":
      return windowed(
        layer,
        first,
        shape,
        () => -Infinity,
        (value, sample, _, out) => Math.max(value, sample(out)),
      );
    case "dense":
      return dense(layer, first);
    case "globalAverage":
      return Float32Array.from({ length: channels }, (_, c) => {
        const own = first.data.filter((_value, index) => index % channels === c);
        return own.reduce((sum, value) => sum + value, 0) / own.length;
      });
    case "add":
      return first.data.map((value, i) =>
        activated(value + at(inputs[1]?.data ?? [], i), layer.activation),
      );
    case "concat":
      return concat(inputs);
    case "flatten":
      return first.data;
    case "softmax":
      return softmax(first.data);
  }
}

// input: one item, (h, w, c).
export function runNaively(network: LayeredNetwork, input: Float32Array): Float32Array {
  const values = new Map<string, Value>();
  const shapeOf = (name: string) => network.shapes.get(name) ?? [];
  values.set(network.input, { shape: shapeOf(network.input), data: input });
  for (const layer of network.layers) {
    const inputs = layer.inputs.map((name) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`${name} is read before anything made it`);
      return value;
    });
    const shape = shapeOf(layer.output);
    values.set(layer.output, { shape, data: compute(layer, inputs, shape) });
  }
  return values.get(network.output)?.data ?? new Float32Array();
}
