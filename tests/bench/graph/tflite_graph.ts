// Layers -> the tensors and operators of a TensorFlow Lite file, for one batch size.
// Source: tensorflow/lite/schema/schema.fbs (version 3); field and operator numbers are its.
//
// A pad that TensorFlow's SAME does not have becomes an operator of its own before the layer, as
// converters write it; XNNPACK, inside LiteRT, takes it into the convolution again.
import type { Activation, Layer, LayeredNetwork, Padding, Weights, Window } from "./layers.ts";

const TYPE = { float32: 0, float16: 1, int32: 2 } as const; // TensorType
const OPERATOR = {
  add: 0,
  concatenation: 2,
  conv2d: 3,
  depthwiseConv2d: 4,
  dequantize: 6,
  fullyConnected: 9,
  maxPool2d: 17,
  reshape: 22,
  softmax: 25,
  pad: 34,
  mean: 40,
} as const;
const OPTIONS = {
  none: 0,
  conv2d: 1,
  depthwiseConv2d: 2,
  pool2d: 5,
  fullyConnected: 8,
  softmax: 9,
  concatenation: 10,
  add: 11,
  reducer: 27,
} as const; // BuiltinOptions, the tag of the union
const ACTIVATION: Record<Activation, number> = { none: 0, relu: 1, relu6: 3 };
const PADDING: Record<Padding, number> = { same: 0, valid: 1, explicit: 1 };

// A scalar of a table: place of the field, type, value.
export type Scalar = [field: number, type: "i8" | "i32" | "f32", value: number];

export interface Options {
  tag: number;
  fields: number; // of the table
  scalars: Scalar[];
}

export interface Operator {
  code: number;
  inputs: number[];
  outputs: number[];
  options: Options | null;
}

export interface Tensor {
  name: string;
  shape: number[];
  type: number;
  data: Uint8Array | null; // of a constant
}

// An operator, but for what every layer has: its inputs and its output.
interface Form {
  code: number;
  input?: number; // in place of the layer's
  extra?: number[]; // inputs after it
  options?: Options;
}

const CHANNELS = 3; // the dimension

const table = (tag: number, fields: number, ...scalars: Scalar[]): Options => ({
  tag,
  fields,
  scalars,
});

// (rows, columns) -> (columns, rows)
function columnsFirst(data: Float32Array, columns: number): Float32Array {
  const rows = data.length / columns;
  return Float32Array.from(
    data,
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] ?? NaN,
  );
}

const bytesOf = (data: Float32Array | Int32Array | Uint16Array) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

// To the nearest half, ties to even; the weights of our models are halves already.
export function floatToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65_520) return sign + 0x7c00; // half a step beyond the largest half
  const nearestEven = (x: number) => {
    const floor = Math.floor(x);
    const rest = x - floor;
    return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  };
  if (size < 2 ** -14) return sign + nearestEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  const scaled = nearestEven((size / 2 ** exponent) * 1024); // 1024..2048
  const bits = (exponent + 15) * 1024 + scaled - 1024;
  return sign + bits;
}

export class TfliteGraph {
  readonly tensors: Tensor[] = [];
  readonly operators: Operator[] = [];
  readonly input: number;
  readonly output: number;
  readonly #network: LayeredNetwork;
  readonly #batch: number;
  readonly #halves: boolean;
  readonly #values = new Map<string, number>(); // tensor of each value

  constructor(network: LayeredNetwork, batch: number, halves: boolean) {
    this.#network = network;
    this.#batch = batch;
    this.#halves = halves;
    this.input = this.#value(network.input);
    for (const layer of network.layers) this.#add(layer);
    this.output = this.#value(network.output);
  }

  #tensor(name: string, shape: number[], type: number, data: Uint8Array | null): number {
    return this.tensors.push({ name, shape, type, data }) - 1;
  }

  #value(name: string): number {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const shape = [this.#batch, ...(this.#network.shapes.get(name) ?? [])];
    const tensor = this.#tensor(name, shape, TYPE.float32, null);
    this.#values.set(name, tensor);
    return tensor;
  }

  #ints(name: string, shape: number[], values: number[]): number {
    return this.#tensor(name, shape, TYPE.int32, bytesOf(Int32Array.from(values)));
  }

  #bias({ output, bias }: Layer & { bias: Weights }): number {
    return this.#tensor(`${output}.bias`, bias.shape, TYPE.float32, bytesOf(bias.data));
  }

  // With halves: stored so, and widened by an operator that runs once.
  #weights(name: string, shape: number[], data: Float32Array): number {
    if (!this.#halves) return this.#tensor(name, shape, TYPE.float32, bytesOf(data));
    const halves = bytesOf(Uint16Array.from(data, floatToHalf));
    const stored = this.#tensor(`${name}.half`, shape, TYPE.float16, halves);
    const widened = this.#tensor(name, shape, TYPE.float32, null);
    this.#emit(OPERATOR.dequantize, [stored], widened, null);
    return widened;
  }

  #emit(code: number, inputs: number[], output: number, options: Options | null): void {
    this.operators.push({ code, inputs, outputs: [output], options });
  }

  // What the layer reads, with the zeros around it where SAME would put them elsewhere.
  #padded(layer: Layer & { window: Window }): number {
    const name = layer.inputs[0] ?? "";
    const { pads, padding } = layer.window;
    if (padding !== "explicit") return this.#value(name);
    // Zeros are no less than what a rectifier lets through, and a pool here reads nothing else.
    if (layer.kind === "maxPool") throw new Error("a pool with zeros around it has no form here");
    const [height = 0, width = 0, channels = 0] = this.#network.shapes.get(name) ?? [];
    const [top, left, bottom, right] = pads;
    const shape = [this.#batch, height + top + bottom, width + left + right, channels];
    const padded = this.#tensor(`${layer.output}.padded`, shape, TYPE.float32, null);
    const zeros = [0, 0, top, bottom, left, right, 0, 0];
    const paddings = this.#ints(`${layer.output}.pads`, [4, 2], zeros);
    this.#emit(OPERATOR.pad, [this.#value(name), paddings], padded, null);
    return padded;
  }

  #add(layer: Layer): void {
    const inputs = layer.inputs.map((input) => this.#value(input));
    const { code, extra = [], input, options = null } = this.#form(layer);
    const from = [...(input === undefined ? inputs : [input]), ...extra];
    this.#emit(code, from, this.#value(layer.output), options);
  }

  #form(layer: Layer): Form {
    const act: Scalar = [0, "i8", ACTIVATION[layer.activation]];
    const name = layer.output;
    switch (layer.kind) {
      case "convolution":
      case "depthwise":
        return this.#convolution(layer);
      case "maxPool":
        return this.#maxPool(layer);
      case "dense":
        return this.#dense(layer);
      case "globalAverage": {
        const extra = [this.#ints(`${name}.axes`, [2], [1, 2])];
        return { code: OPERATOR.mean, extra, options: table(OPTIONS.reducer, 1, [0, "i8", 0]) };
      }
      case "flatten": {
        const extra = [this.#ints(`${name}.shape`, [2], [this.#batch, this.#size(name)])];
        return { code: OPERATOR.reshape, extra };
      }
      case "add":
        return { code: OPERATOR.add, options: table(OPTIONS.add, 2, act) };
      case "concat": {
        const options = table(OPTIONS.concatenation, 2, [0, "i32", CHANNELS]);
        return { code: OPERATOR.concatenation, options };
      }
      case "softmax":
        return { code: OPERATOR.softmax, options: table(OPTIONS.softmax, 1, [0, "f32", 1]) };
    }
  }

  #maxPool(layer: Layer & { kind: "maxPool" }): Form {
    const { kernel, stride, padding } = layer.window;
    const options = table(
      OPTIONS.pool2d,
      6,
      [0, "i8", PADDING[padding]],
      [1, "i32", stride[1]],
      [2, "i32", stride[0]],
      [3, "i32", kernel[1]],
      [4, "i32", kernel[0]],
      [5, "i8", ACTIVATION[layer.activation]],
    );
    return { code: OPERATOR.maxPool2d, input: this.#padded(layer), options };
  }

  #dense(layer: Layer & { kind: "dense" }): Form {
    const [from = 0, to = 0] = layer.weights.shape;
    const extra = [
      this.#weights(`${layer.output}.weights`, [to, from], columnsFirst(layer.weights.data, to)),
      this.#bias(layer),
    ];
    const options = table(OPTIONS.fullyConnected, 4, [0, "i8", ACTIVATION[layer.activation]]);
    return { code: OPERATOR.fullyConnected, extra, options };
  }

  #size(name: string): number {
    return (this.#network.shapes.get(name) ?? []).reduce((product, size) => product * size, 1);
  }

  #convolution(layer: Layer & { kind: "convolution" | "depthwise" }): Form {
    const input = this.#padded(layer);
    const [height = 0, width = 0, depth = 0, filters = 0] = layer.weights.shape;
    const { stride, padding } = layer.window;
    const act = ACTIVATION[layer.activation];
    const bias = this.#bias(layer);
    const start: Scalar[] = [
      [0, "i8", PADDING[padding]],
      [1, "i32", stride[1]],
      [2, "i32", stride[0]],
    ];
    const { data } = layer.weights;
    const name = `${layer.output}.weights`;
    if (layer.kind === "depthwise") {
      const weights = this.#weights(name, [1, height, width, depth], data);
      const rest: Scalar[] = [
        [3, "i32", 1],
        [4, "i8", act],
        [5, "i32", 1],
        [6, "i32", 1],
      ];
      const options = table(OPTIONS.depthwiseConv2d, 7, ...start, ...rest);
      return { code: OPERATOR.depthwiseConv2d, input, extra: [weights, bias], options };
    }
    const weights = this.#weights(
      name,
      [filters, height, width, depth],
      columnsFirst(data, filters),
    );
    const rest: Scalar[] = [
      [3, "i8", act],
      [4, "i32", 1],
      [5, "i32", 1],
    ];
    const options = table(OPTIONS.conv2d, 6, ...start, ...rest);
    return { code: OPERATOR.conv2d, input, extra: [weights, bias], options };
  }
}
