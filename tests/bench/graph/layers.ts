// A network as TensorFlow thinks of it: channels last, activations fused into the layer before them,
// dropout gone. Made of an ONNX file; the rivals' forms of the same weights are written from it.
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor } from "./onnx_file.ts";

export type Activation = "none" | "relu" | "relu6";
export type Padding = "same" | "valid" | "explicit"; // "same" as TensorFlow places its zeros

export interface Window {
  kernel: [number, number]; // height, width, as all pairs here
  stride: [number, number];
  pads: [number, number, number, number]; // top, left, bottom, right
  padding: Padding;
}

export interface Weights {
  shape: number[];
  data: Float32Array;
}

interface Step {
  inputs: string[];
  output: string;
  activation: Activation;
}

export type Layer = Step &
  (
    | { kind: "convolution"; window: Window; weights: Weights; bias: Weights } // (h, w, in, out)
    | { kind: "depthwise"; window: Window; weights: Weights; bias: Weights } // (h, w, channels, 1)
    | { kind: "dense"; weights: Weights; bias: Weights } // (in, out)
    | { kind: "maxPool"; window: Window }
    | { kind: "globalAverage" }
    | { kind: "add" }
    | { kind: "concat" }
    | { kind: "flatten" }
    | { kind: "softmax" }
  );

export interface LayeredNetwork {
  input: string;
  output: string;
  shapes: Map<string, number[]>; // of every value, of one item: (h, w, c) or (c)
  layers: Layer[];
  multiplyAdds: number; // of one item, each convolution as its definition has it
  squareMultiplyAdds: number; // of those, in convolutions of 3x3 over all channels
}

const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

// Takes index (a, b, c, …) of the result from wherever `from` says it is in the source.
function permuted(source: Weights, axes: number[]): Weights {
  const strides = source.shape.map((_, axis) => count(source.shape.slice(axis + 1)));
  const shape = axes.map((axis) => source.shape[axis] ?? 0);
  const steps = axes.map((axis) => strides[axis] ?? 0);
  const data = new Float32Array(source.data.length);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    data[to] = source.data[from] ?? NaN;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const step = steps[axis] ?? 0;
      index[axis] = (index[axis] ?? 0) + 1;
      from += step;
      if ((index[axis] ?? 0) < (shape[axis] ?? 0)) break;
      from -= step * (shape[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return { shape, data };
}

function paddingKind(window: Omit<Window, "padding">, size: readonly number[]): Padding {
  const [top, left, bottom, right] = window.pads;
  if (top + left + bottom + right === 0) return "valid";
  const isSame = ([0, 1] as const).every((axis) => {
    const out = Math.ceil((size[axis] ?? 0) / window.stride[axis]);
    const total = (out - 1) * window.stride[axis] + window.kernel[axis] - (size[axis] ?? 0);
    const before = Math.floor(Math.max(0, total) / 2);
    const [start, end] = axis === 0 ? [top, bottom] : [left, right];
    return start === before && end === Math.max(0, total) - before;
  });
  return isSame ? "same" : "explicit";
}

class Layering {
  readonly layers: Layer[] = [];
  readonly shapes = new Map<string, number[]>();
  multiplyAdds = 0;
  squareMultiplyAdds = 0;
  readonly #graph: OnnxGraph;
  readonly #weights: Map<string, OnnxTensor>;
  readonly #renamed = new Map<string, string>(); // values that are another one: dropout, casts
  readonly #flattened = new Map<string, number[]>(); // (h, w, c) of what a flatten read

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
    this.#weights = new Map(graph.weights);
  }

  run(): LayeredNetwork {
    const [input, output] = [this.#graph.inputs[0], this.#graph.outputs[0]];
    if (input === undefined || output === undefined) throw new Error("no input or no output");
    const [, channels, height, width] = input.shape;
    if (channels == null || height == null || width == null)
      throw new Error("the bench takes images of a fixed size");
    this.shapes.set(input.name, [height, width, channels]);
    for (const node of this.#graph.nodes) this.#add(node);
    return {
      input: input.name,
      output: this.#name(output.name),
      shapes: this.shapes,
      layers: this.layers,
      multiplyAdds: this.multiplyAdds,
      squareMultiplyAdds: this.squareMultiplyAdds,
    };
  }

  #name(name: string): string {
    return this.#renamed.get(name) ?? name;
  }

  #add(node: OnnxNode): void {
    const [first = "", output = ""] = [node.inputs[0], node.outputs[0]];
    const simple = (kind: "add" | "softmax" | "globalAverage", shape: () => number[]) => () =>
      this.#push({ ...this.#step(node), kind }, shape());
    const ways: Record<string, (() => void) | undefined> = {
      Add: simple("add", () => this.#shape(first)),
      Cast: () => this.#weights.set(output, this.#constant(first)), // float16, floats here already
      Clip: () => this.#activate(first, output, this.#clip(node)),
      Concat: () => this.#concat(node),
      Conv: () => this.#convolution(node),
      Dropout: () => this.#renamed.set(output, this.#name(first)),
      Flatten: () => this.#flatten(node),
      Gemm: () => this.#dense(node),
      GlobalAveragePool: simple("globalAverage", () => this.#shape(first).slice(2)),
      MaxPool: () => this.#maxPool(node),
      Relu: () => this.#activate(first, output, "relu"),
      Softmax: simple("softmax", () => this.#shape(first)),
    };
    const way = ways[node.operator];
    if (way === undefined) throw new Error(`the bench has no ${node.operator}`);
    way();
  }

  #step(node: OnnxNode, inputs = node.inputs): Step {
    const output = node.outputs[0] ?? "";
    return { inputs: inputs.map((name) => this.#name(name)), output, activation: "none" };
  }

  #push(layer: Layer, shape: number[]): void {
    this.layers.push(layer);
    this.shapes.set(layer.output, shape);
  }

  #shape(name: string): number[] {
    const shape = this.shapes.get(this.#name(name));
    if (shape === undefined) throw new Error(`${name} is read before anything made it`);
    return shape;
  }

  #constant(name: string | undefined): OnnxTensor {
    const tensor = this.#weights.get(name ?? "");
    if (tensor === undefined) throw new Error(`${name} is no weight`);
    return tensor;
  }

  // What reads only the value before it is that layer's activation.
  #activate(input: string, output: string, activation: Activation): void {
    const layer = this.layers.find((one) => one.output === this.#name(input));
    const readers = this.#graph.nodes.filter(({ inputs }) => inputs.includes(input)).length;
    const fuses = ["convolution", "depthwise", "dense", "add"];
    if (layer === undefined || readers !== 1 || !fuses.includes(layer.kind))
      throw new Error(`the activation of ${input} fuses with nothing`);
    layer.activation = activation;
    this.#renamed.set(output, layer.output);
  }

  #clip(node: OnnxNode): Activation {
    const [low, high] = [1, 2].map((index) => this.#constant(node.inputs[index]).data[0]);
    if (low !== 0 || high !== 6) throw new Error("the bench clips to 0..6 only");
    return "relu6";
  }

  #window(node: OnnxNode, size: readonly number[]): Window {
    const ints = (name: string, fallback: number[]) => list(node.attributes.get(name)) ?? fallback;
    // What is left out, or said to be as it is when left out.
    const plain = { auto_pad: "NOTSET", ceil_mode: 0, dilations: [1, 1] };
    for (const [name, expected] of Object.entries(plain)) {
      const value = JSON.stringify(node.attributes.get(name) ?? expected);
      if (value !== JSON.stringify(expected))
        throw new Error(`the bench has no ${name} of ${value}`);
    }
    const window = {
      kernel: ints("kernel_shape", []) as [number, number],
      stride: ints("strides", [1, 1]) as [number, number],
      pads: ints("pads", [0, 0, 0, 0]) as [number, number, number, number],
    };
    return { ...window, padding: paddingKind(window, size) };
  }

  #placed(window: Window, [height = 0, width = 0]: number[]): [number, number] {
    const [top, left, bottom, right] = window.pads;
    const places = (size: number, kernel: number, stride: number) =>
      Math.floor((size - kernel) / stride) + 1;
    return [
      places(height + top + bottom, window.kernel[0], window.stride[0]),
      places(width + left + right, window.kernel[1], window.stride[1]),
    ];
  }

  #convolution(node: OnnxNode): void {
    const input = this.#shape(node.inputs[0] ?? "");
    const filter = this.#constant(node.inputs[1]);
    const [filters = 0, depth = 0] = filter.shape;
    const group = node.attributes.get("group") ?? 1;
    const kernel = filter.shape.slice(2);
    const shaped = new Map(node.attributes).set("kernel_shape", kernel);
    const window = this.#window({ ...node, attributes: shaped }, input);
    const bias =
      node.inputs[2] === undefined
        ? { shape: [filters], data: new Float32Array(filters) }
        : this.#constant(node.inputs[2]);
    const shape = [...this.#placed(window, input), filters];
    const multiplyAdds = count(shape) * depth * count(kernel);
    this.multiplyAdds += multiplyAdds;
    if (group === 1 && kernel.every((side) => side === 3)) this.squareMultiplyAdds += multiplyAdds;
    const step = { ...this.#step(node, node.inputs.slice(0, 1)), window, bias };
    if (group === 1) {
      const weights = permuted(filter, [2, 3, 1, 0]);
      this.#push({ ...step, kind: "convolution", weights }, shape);
    } else if (group === filters && depth === 1) {
      this.#push({ ...step, kind: "depthwise", weights: permuted(filter, [2, 3, 0, 1]) }, shape);
    } else throw new Error(`the bench has no convolution in ${JSON.stringify(group)} groups`);
  }

  #maxPool(node: OnnxNode): void {
    const input = this.#shape(node.inputs[0] ?? "");
    const window = this.#window(node, input);
    const shape = [...this.#placed(window, input), input[2] ?? 0];
    this.#push({ ...this.#step(node), kind: "maxPool", window }, shape);
  }

  #flatten(node: OnnxNode): void {
    const [first = "", output = ""] = [node.inputs[0], node.outputs[0]];
    const shape = this.#shape(first);
    if (shape.length === 1) {
      this.#renamed.set(output, this.#name(first));
      return;
    }
    this.#flattened.set(output, shape);
    this.#push({ ...this.#step(node), kind: "flatten" }, [count(shape)]);
  }

  // ONNX flattens (c, h, w) and TensorFlow (h, w, c): the rows of the weights follow.
  #dense(node: OnnxNode): void {
    const [first = "", second, third] = node.inputs;
    const isTransposed = node.attributes.get("transB") === 1;
    const given = this.#constant(second);
    let weights: Weights = isTransposed ? permuted(given, [1, 0]) : given;
    const [from = 0, to = 0] = weights.shape;
    const [height, width, channels] = this.#flattened.get(this.#name(first)) ?? [];
    if (height !== undefined && width !== undefined && channels !== undefined) {
      const apart = { shape: [channels, height, width, to], data: weights.data };
      weights = { shape: [from, to], data: permuted(apart, [1, 2, 0, 3]).data };
    }
    this.multiplyAdds += from * to;
    const bias = this.#constant(third);
    const step = this.#step(node, [first]);
    this.#push({ ...step, kind: "dense", weights, bias }, [to]);
  }

  #concat(node: OnnxNode): void {
    if (node.attributes.get("axis") !== 1) throw new Error("the bench concatenates channels only");
    const shapes = node.inputs.map((name) => this.#shape(name));
    const channels = shapes.reduce((sum, shape) => sum + (shape[2] ?? 0), 0);
    const [height = 0, width = 0] = shapes[0] ?? [];
    this.#push({ ...this.#step(node), kind: "concat" }, [height, width, channels]);
  }
}

function list(attribute: OnnxAttribute | undefined): number[] | undefined {
  return Array.isArray(attribute) ? attribute : undefined;
}

export function layersOf(graph: OnnxGraph): LayeredNetwork {
  return new Layering(graph).run();
}
