// An ONNX file as plain nodes and float weights: as much of onnx.proto3 as the networks of the bench
// use. What it does not know is an error, for a bench must not compute something else.
const VARINT = 0;
const FIXED_64 = 1;
const DELIMITED = 2;
const FIXED_32 = 5;

const DATA_TYPE = { float: 1, int64: 7, float16: 10 } as const; // TensorProto.DataType

export interface OnnxTensor {
  shape: number[];
  data: Float32Array; // whatever the type was
}

export type OnnxAttribute = number | string | number[] | OnnxTensor;

export interface OnnxNode {
  operator: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, OnnxAttribute>;
}

export interface OnnxEnd {
  name: string;
  shape: (number | null)[]; // null where the file leaves it open
}

export interface OnnxGraph {
  nodes: OnnxNode[];
  weights: Map<string, OnnxTensor>;
  inputs: OnnxEnd[];
  outputs: OnnxEnd[];
  metadata: Map<string, string>;
}

interface Field {
  number: number;
  integer: bigint; // of a varint
  bytes: Uint8Array; // of anything else
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error("the ONNX file ends too early");
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
  }

  take(length: number): Uint8Array {
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error("the ONNX file ends too early");
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }
}

function fields(bytes: Uint8Array): Field[] {
  const reader = new Reader(bytes);
  const found: Field[] = [];
  const nothing = new Uint8Array();
  while (!reader.done) {
    const key = Number(reader.varint());
    const number = key >>> 3;
    const wire = key & 7;
    if (wire === VARINT) found.push({ number, integer: reader.varint(), bytes: nothing });
    else if (wire === DELIMITED)
      found.push({ number, integer: 0n, bytes: reader.take(Number(reader.varint())) });
    else if (wire === FIXED_32) found.push({ number, integer: 0n, bytes: reader.take(4) });
    else if (wire === FIXED_64) found.push({ number, integer: 0n, bytes: reader.take(8) });
    else throw new Error(`the ONNX file has a field of wire type ${wire}`);
  }
  return found;
}

const utf8 = new TextDecoder();
const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

// All the integers of a repeated field, packed or not.
function integers(all: Field[], number: number): number[] {
  return all
    .filter((field) => field.number === number)
    .flatMap((field) => {
      if (field.bytes.length === 0) return [Number(field.integer)];
      const reader = new Reader(field.bytes);
      const packed: number[] = [];
      while (!reader.done) packed.push(Number(reader.varint()));
      return packed;
    });
}

function textOf(all: Field[], number: number): string {
  const found = all.find((field) => field.number === number);
  return found === undefined ? "" : utf8.decode(found.bytes);
}

const textsOf = (all: Field[], number: number) =>
  all.filter((field) => field.number === number).map(({ bytes }) => utf8.decode(bytes));

const messages = (all: Field[], number: number) =>
  all.filter((field) => field.number === number).map(({ bytes }) => fields(bytes));

export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function readTensor(all: Field[]): [string, OnnxTensor] {
  const name = textOf(all, 8);
  const shape = integers(all, 1);
  const count = shape.reduce((product, size) => product * size, 1);
  const type = integers(all, 2)[0];
  const raw = all.find(({ number }) => number === 9)?.bytes;
  const floats = all.filter(({ number }) => number === 4).map(({ bytes }) => bytes);
  const bytes = raw ?? (floats.length > 0 ? new Uint8Array(Buffer.concat(floats)) : undefined);
  let data: Float32Array;
  if (type === DATA_TYPE.int64 && bytes === undefined) data = Float32Array.from(integers(all, 7));
  else if (bytes === undefined) throw new Error(`weights ${name} are in no form that is read here`);
  else {
    const from = view(bytes);
    const read = {
      [DATA_TYPE.float]: (i: number) => from.getFloat32(4 * i, true),
      [DATA_TYPE.int64]: (i: number) => Number(from.getBigInt64(8 * i, true)),
      [DATA_TYPE.float16]: (i: number) => halfToFloat(from.getUint16(2 * i, true)),
    }[type ?? 0];
    if (read === undefined) throw new Error(`weights ${name} are of type ${type}`);
    data = Float32Array.from({ length: count }, (_, i) => read(i));
  }
  if (data.length !== count) throw new Error(`weights ${name} do not fill their shape`);
  return [name, { shape, data }];
}

function readAttribute(all: Field[]): [string, OnnxAttribute] {
  const name = textOf(all, 1);
  const single = all.find(({ number }) => number === 2);
  switch (integers(all, 20)[0]) {
    case 1:
      return [name, single === undefined ? 0 : view(single.bytes).getFloat32(0, true)];
    case 2:
      return [name, integers(all, 3)[0] ?? 0];
    case 3:
      return [name, textOf(all, 4)];
    case 4:
      return [name, readTensor(messages(all, 5)[0] ?? [])[1]];
    case 7:
      return [name, integers(all, 8)];
    default:
      throw new Error(`attribute ${name} is of a type that is not read here`);
  }
}

function readEnd(all: Field[]): OnnxEnd {
  const tensorType = messages(messages(all, 2)[0] ?? [], 1)[0] ?? [];
  const dimensions = messages(messages(tensorType, 2)[0] ?? [], 1);
  return { name: textOf(all, 1), shape: dimensions.map((of) => integers(of, 1)[0] ?? null) };
}

export function readOnnx(file: Uint8Array): OnnxGraph {
  const model = fields(file);
  const graph = messages(model, 7)[0];
  if (graph === undefined) throw new Error("the ONNX file holds no graph");
  const weights = new Map(messages(graph, 5).map(readTensor));
  const nodes = messages(graph, 1).map((all) => ({
    operator: textOf(all, 4),
    inputs: textsOf(all, 1),
    outputs: textsOf(all, 2),
    attributes: new Map(messages(all, 5).map(readAttribute)),
  }));
  const inputs = messages(graph, 11)
    .map(readEnd)
    .filter(({ name }) => !weights.has(name));
  const properties = messages(model, 14).map((all) => [textOf(all, 1), textOf(all, 2)] as const);
  const outputs = messages(graph, 12).map(readEnd);
  return { nodes, weights, inputs, outputs, metadata: new Map(properties) };
}
