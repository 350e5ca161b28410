// The networks of the bench in every engine's form, in build/bench/networks:
//   NAME.onnx                        ours and onnxruntime-web
//   NAME.json, NAME.bin              TensorFlow.js: layers, and their weights as float32
//   NAME-BATCH.tflite                LiteRT
//   seed.half.bin, seed.half.tflite  what a page would fetch: weights as float16, biases as float32, as
//                                    in our ONNX; in the first all biases, then all weights
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { layersOf, type LayeredNetwork, type Weights } from "../graph/layers.ts";
import { mobileNetV2, resNet18, squeezeNet } from "../graph/made.ts";
import { readOnnx } from "../graph/onnx_file.ts";
import { floatToHalf } from "../graph/tflite_graph.ts";
import { tfliteFile } from "../graph/tflite_writer.ts";
import type { ImageShape, LayerFile, StoredWeights } from "../pages/protocol.ts";

export interface BenchNetwork {
  name: string;
  title: string;
  batches: number[];
  onnx: (root: string) => Buffer;
}

const shipped = (name: string) => (root: string) => readFileSync(join(root, `model/${name}.onnx`));

export const NETWORKS: BenchNetwork[] = [
  { name: "seed", title: "seed", batches: [1, 16, 64], onnx: shipped("seed") },
  { name: "best", title: "best", batches: [1, 16, 64], onnx: shipped("best") },
  {
    name: "mammogram",
    title: "mammogram",
    batches: [1, 16, 64],
    onnx: shipped("mammogram"),
  },
  // 64 images of 224×224 would take a quarter of an hour of the bench, and tell nothing that 16 do not.
  {
    name: "squeezenet",
    title: "SqueezeNet 1.1",
    batches: [1, 16],
    onnx: squeezeNet,
  },
  {
    name: "mobilenet",
    title: "MobileNetV2",
    batches: [1, 16],
    onnx: mobileNetV2,
  },
  { name: "resnet", title: "ResNet-18", batches: [1, 16], onnx: resNet18 },
];

export interface WrittenNetwork extends BenchNetwork {
  multiplyAdds: number; // of one item
  isOfSquares: boolean; // more than half of them are in convolutions of 3x3
}

function store(weights: Weights, all: Float32Array[], at: { next: number }): StoredWeights {
  const stored = { shape: weights.shape, offset: at.next };
  all.push(weights.data);
  at.next += weights.data.length;
  return stored;
}

function layerFile(network: LayeredNetwork): { file: LayerFile; weights: Float32Array } {
  const all: Float32Array[] = [];
  const at = { next: 0 };
  const shape = (name: string) => network.shapes.get(name) ?? [];
  const layers = network.layers.map((layer) => ({
    kind: layer.kind,
    inputs: layer.inputs,
    output: layer.output,
    activation: layer.activation,
    shape: shape(layer.output),
    ...("window" in layer ? { window: layer.window } : {}),
    ...("weights" in layer
      ? { weights: store(layer.weights, all, at), bias: store(layer.bias, all, at) }
      : {}),
  }));
  const weights = new Float32Array(at.next);
  let to = 0;
  for (const part of all) {
    weights.set(part, to);
    to += part.length;
  }
  const file = {
    input: network.input,
    output: network.output,
    image: shape(network.input) as unknown as ImageShape,
    classes: shape(network.output)[0] ?? 0,
    layers,
  };
  return { file, weights };
}

function halved({ layers }: LayeredNetwork): Buffer {
  const weighted = layers.filter((layer) => "weights" in layer);
  const biases = weighted.map(({ bias }) => bias.data);
  const halves = weighted.map(({ weights }) => Uint16Array.from(weights.data, floatToHalf));
  return Buffer.concat(
    [...biases, ...halves].map((part) =>
      Buffer.from(part.buffer, part.byteOffset, part.byteLength),
    ),
  );
}

// packages: see tfliteFile.
export function writeNetwork(
  network: BenchNetwork,
  { root, folder, packages }: { root: string; folder: string; packages: string },
): WrittenNetwork {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: Uint8Array | string) =>
    writeFileSync(join(folder, name), content);
  const onnx = network.onnx(root);
  const layered = layersOf(readOnnx(onnx));
  const { file, weights } = layerFile(layered);
  write(`${network.name}.onnx`, onnx);
  write(`${network.name}.json`, JSON.stringify(file));
  write(`${network.name}.bin`, new Uint8Array(weights.buffer));
  for (const batch of network.batches)
    write(`${network.name}-${batch}.tflite`, tfliteFile(layered, batch, { packages }));
  if (network.name === "seed") {
    write("seed.half.bin", halved(layered));
    write("seed.half.tflite", tfliteFile(layered, 1, { packages, halves: true }));
  }
  const { multiplyAdds, squareMultiplyAdds } = layered;
  return { ...network, multiplyAdds, isOfSquares: squareMultiplyAdds > multiplyAdds / 2 };
}
