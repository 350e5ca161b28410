// ONNX files and test data that tests write themselves: small networks with random weights.
// Field numbers are those of onnx.proto.
import { randomNumbers } from "./random_numbers.ts";

export interface Values {
  shape: number[];
  data: Float32Array;
}

type Attribute = number | number[] | { float: number } | { text: string };

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const FLOAT = 1; // TensorProto.DataType
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const; // AttributeProto.AttributeType
const OPSET = 17;
const IR_VERSION = 8;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

const key = (field: number, wire: number) => varint(field * 8 + wire);

const int = (field: number, value: number) => Buffer.concat([key(field, VARINT), varint(value)]);

function bytes(field: number, content: Uint8Array | string): Buffer {
  const body = Buffer.from(content);
  return Buffer.concat([key(field, LENGTH_DELIMITED), varint(body.length), body]);
}

const message = (field: number, ...parts: Buffer[]) => bytes(field, Buffer.concat(parts));

function float(field: number, value: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeFloatLE(value);
  return Buffer.concat([key(field, FIXED_32), body]);
}

// A TensorProto, as a file of the ONNX backend tests is one.
export function tensorFile(name: string, { shape, data }: Values): Buffer {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const dims = shape.map((size) => int(1, size));
  return Buffer.concat([...dims, int(2, FLOAT), bytes(8, name), bytes(9, raw)]);
}

function attribute(name: string, value: Attribute): Buffer {
  const named = (type: number, ...content: Buffer[]) =>
    message(5, bytes(1, name), ...content, int(20, type));
  if (typeof value === "number") return named(ATTRIBUTE.int, int(3, value));
  if (Array.isArray(value)) return named(ATTRIBUTE.ints, ...value.map((one) => int(8, one)));
  if ("float" in value) return named(ATTRIBUTE.float, float(2, value.float));
  return named(ATTRIBUTE.string, bytes(4, value.text));
}

// A size by its name is left open.
function valueInfo(field: number, name: string, shape: (number | string)[]): Buffer {
  const dims = shape.map((size) =>
    message(1, typeof size === "string" ? bytes(2, size) : int(1, size)),
  );
  const type = message(2, message(1, int(1, FLOAT), message(2, ...dims)));
  return message(field, bytes(1, name), type);
}

export class MadeNetwork {
  readonly #random: () => number;
  readonly #nodes: Buffer[] = [];
  readonly #weights: Buffer[] = [];
  #count = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  // Between -size and size.
  values(shape: number[], size = 1): Values {
    const length = shape.reduce((product, extent) => product * extent, 1);
    const data = Float32Array.from({ length }, () => (2 * this.#random() - 1) * size);
    return { shape, data };
  }

  // Returns the initializer's name. positive: as a variance or a scale is.
  weights(shape: number[], size = 1, positive = false): string {
    const made = this.values(shape, size);
    if (positive) made.data = made.data.map((value) => Math.abs(value) + 0.1);
    return this.constant(made);
  }

  constant(values: Values): string {
    const name = `w${this.#count++}`;
    this.#weights.push(bytes(5, tensorFile(name, values)));
    return name;
  }

  // Returns the name of the node's one output.
  node(operator: string, inputs: string[], attributes: Record<string, Attribute> = {}): string {
    const output = `t${this.#count++}`;
    const given = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    const ends = [...inputs.map((name) => bytes(1, name)), bytes(2, output)];
    this.#nodes.push(message(1, ...ends, bytes(4, operator), ...given));
    return output;
  }

  // A convolution with weights that keep the size of its values about the same.
  convolution(
    input: string,
    [to, from, side]: [number, number, number],
    attributes: Record<string, Attribute> = {},
  ): string {
    const weights = this.weights([to, from, side, side], Math.sqrt(3 / (from * side * side)));
    return this.node("Conv", [input, weights, this.weights([to], 0.1)], attributes);
  }

  normalised(input: string, channels: number): string {
    const statistics = [false, false, false, true].map((positive) =>
      this.weights([channels], 1, positive),
    );
    return this.node("BatchNormalization", [input, ...statistics]);
  }

  dense(input: string, from: number, to: number): string {
    const weights = this.weights([to, from], Math.sqrt(3 / from));
    return this.node("Gemm", [input, weights, this.weights([to], 0.1)], { transB: 1 });
  }

  // The model's file; the graph's input is called "input".
  file(inputShape: (number | string)[], output: string, outputShape: (number | string)[]): Buffer {
    const graph = message(
      7,
      ...this.#nodes,
      bytes(2, "made"),
      ...this.#weights,
      valueInfo(11, "input", inputShape),
      valueInfo(12, output, outputShape),
    );
    return Buffer.concat([int(1, IR_VERSION), graph, message(8, bytes(1, ""), int(2, OPSET))]);
  }
}
