// A TensorFlow Lite file: the same weights in LiteRT's form.
// Source: tensorflow/lite/schema/schema.fbs (version 3), as in tflite_graph.ts.
import { createRequire } from "node:module";
import type { Builder } from "flatbuffers";
import type { LayeredNetwork } from "./layers.ts";
import { TfliteGraph, type Operator, type Scalar, type Tensor } from "./tflite_graph.ts";

const VERSION = 3;

// The graph's tables, children first as FlatBuffers wants them.
class Serializer {
  readonly #builder: Builder;

  constructor(builder: Builder) {
    this.#builder = builder;
  }

  file(graph: TfliteGraph): Uint8Array {
    const codes = [...new Set(graph.operators.map(({ code }) => code))];
    const constants = graph.tensors.filter(({ data }) => data !== null);
    const buffers = [null, ...constants.map(({ data }) => data)].map((data) => this.#buffer(data));
    const tensors = graph.tensors.map((tensor) =>
      this.#tensor(tensor, tensor.data === null ? 0 : constants.indexOf(tensor) + 1),
    );
    const operators = graph.operators.map((operator) =>
      this.#operator(operator, codes.indexOf(operator.code)),
    );
    const subgraph = this.#table(5, [
      [0, this.#offsets(tensors)],
      [1, this.#integers([graph.input])],
      [2, this.#integers([graph.output])],
      [3, this.#offsets(operators)],
      [4, this.#builder.createString("main")],
    ]);
    const operatorCodes = codes.map((code) =>
      this.#table(
        4,
        [],
        [
          [0, "i8", code],
          [2, "i32", 1],
          [3, "i32", code],
        ],
      ),
    );
    const model = this.#table(
      8,
      [
        [1, this.#offsets(operatorCodes)],
        [2, this.#offsets([subgraph])],
        [3, this.#builder.createString("bench")],
        [4, this.#offsets(buffers)],
      ],
      [[0, "i32", VERSION]],
    );
    this.#builder.finish(model, "TFL3");
    return this.#builder.asUint8Array();
  }

  #table(fields: number, offsets: [number, number][], scalars: Scalar[] = []): number {
    this.#builder.startObject(fields);
    for (const [field, offset] of offsets) this.#builder.addFieldOffset(field, offset, 0);
    for (const [field, type, value] of scalars) {
      // A value that is the schema's default may be written as well; -1 is the default of none.
      if (type === "i8") this.#builder.addFieldInt8(field, value, -1);
      else if (type === "i32") this.#builder.addFieldInt32(field, value, -1);
      else this.#builder.addFieldFloat32(field, value, -1);
    }
    return this.#builder.endObject();
  }

  #integers(values: number[]): number {
    this.#builder.startVector(4, values.length, 4);
    for (const value of [...values].reverse()) this.#builder.addInt32(value);
    return this.#builder.endVector();
  }

  #offsets(values: number[]): number {
    this.#builder.startVector(4, values.length, 4);
    for (const value of [...values].reverse()) this.#builder.addOffset(value);
    return this.#builder.endVector();
  }

  #buffer(data: Uint8Array | null): number {
    if (data === null) return this.#table(1, []);
    this.#builder.startVector(1, data.length, 16); // XNNPACK reads weights where they lie
    this.#builder.bb.setPosition((this.#builder.space -= data.length));
    this.#builder.bb.bytes().set(data, this.#builder.space);
    return this.#table(1, [[0, this.#builder.endVector()]]);
  }

  #tensor({ name, shape, type }: Tensor, buffer: number): number {
    const [text, sizes] = [this.#builder.createString(name), this.#integers(shape)];
    return this.#table(
      9,
      [
        [0, sizes],
        [3, text],
      ],
      [
        [1, "i8", type],
        [2, "i32", buffer],
      ],
    );
  }

  #operator({ inputs, outputs, options }: Operator, code: number): number {
    const [from, to] = [this.#integers(inputs), this.#integers(outputs)];
    if (options === null)
      return this.#table(
        9,
        [
          [1, from],
          [2, to],
        ],
        [[0, "i32", code]],
      );
    const table = this.#table(options.fields, [], options.scalars);
    return this.#table(
      9,
      [
        [1, from],
        [2, to],
        [4, table],
      ],
      [
        [0, "i32", code],
        [3, "i8", options.tag],
      ],
    );
  }
}

// packages: the path of a file in the folder whose node_modules has flatbuffers. halves: weights in
// float16, which is half the download; biases stay as they are.
export function tfliteFile(
  network: LayeredNetwork,
  batch: number,
  { packages, halves = false }: { packages: string; halves?: boolean },
): Uint8Array {
  const flatbuffers = createRequire(packages)("flatbuffers") as typeof import("flatbuffers");
  const graph = new TfliteGraph(network, batch, halves);
  return new Serializer(new flatbuffers.Builder(1 << 20)).file(graph);
}
