// The usual networks for images of 224×224 as ONNX files, with random weights: a bench of speed needs
// no trained ones. Batch normalisation is in the weights already, as it is wherever a network is
// prepared for use; zeros are placed as TensorFlow's SAME has them, so that no rival needs a layer for
// them.
//
// SqueezeNet 1.1: Iandola et al. 2016 and its release notes. MobileNetV2: Sandler et al. 2018.
// ResNet-18: He et al. 2015.
import { MadeNetwork } from "../../made_networks.ts";

const SIDE = 224;
const CLASSES = 1000;
// Sizes of uniform random weights that keep the variance of a layer's values: with a rectifier after
// it, and without.
const RECTIFIED = 6;
const LINEAR = 3;
const LOGITS = 60; // so that classes differ: a softmax of all alike would hide any error

interface Shape {
  side: number;
  channels: number;
}

interface Kernel {
  channels: number;
  side: number;
  stride?: number;
  depthwise?: boolean;
  gain?: number;
}

class Network {
  readonly made = new MadeNetwork(7);
  readonly #shapes = new Map<string, Shape>([["input", { side: SIDE, channels: 3 }]]);

  shape(name: string): Shape {
    const shape = this.#shapes.get(name);
    if (shape === undefined) throw new Error(`nothing made ${name}`);
    return shape;
  }

  // As ONNX says what TensorFlow calls SAME.
  #same(side: number, kernel: number, stride: number): number[] {
    const total = Math.max(0, (Math.ceil(side / stride) - 1) * stride + kernel - side);
    const before = Math.floor(total / 2);
    return [before, before, total - before, total - before];
  }

  convolution(input: string, kernel: Kernel, pads?: number[]): string {
    const { channels, side, stride = 1, depthwise = false, gain = RECTIFIED } = kernel;
    const from = this.shape(input);
    const depth = depthwise ? 1 : from.channels;
    const size = Math.sqrt(gain / (depth * side * side));
    const weights = this.made.weights([channels, depth, side, side], size);
    const zeros = pads ?? this.#same(from.side, side, stride);
    const inputs = [input, weights, this.made.weights([channels], 0.1)];
    const output = this.made.node("Conv", inputs, {
      strides: [stride, stride],
      pads: zeros,
      ...(depthwise ? { group: channels } : {}),
    });
    return this.#windowed(output, from.side, { side, stride, channels }, zeros);
  }

  maxPool(input: string, side: number, stride: number, pads = [0, 0, 0, 0]): string {
    const from = this.shape(input);
    const attributes = { kernel_shape: [side, side], strides: [stride, stride], pads };
    const output = this.made.node("MaxPool", [input], attributes);
    return this.#windowed(output, from.side, { side, stride, channels: from.channels }, pads);
  }

  #windowed(
    output: string,
    from: number,
    kernel: { side: number; stride: number; channels: number },
    [before = 0, , after = 0]: number[],
  ): string {
    const side = Math.floor((from + before + after - kernel.side) / kernel.stride) + 1;
    this.#shapes.set(output, { side, channels: kernel.channels });
    return output;
  }

  #like(input: string, output: string): string {
    this.#shapes.set(output, this.shape(input));
    return output;
  }

  relu(input: string): string {
    return this.#like(input, this.made.node("Relu", [input]));
  }

  // Of 0..6, as mobile networks have it.
  relu6(input: string): string {
    const bounds = [0, 6].map((bound) =>
      this.made.constant({ shape: [], data: Float32Array.of(bound) }),
    );
    return this.#like(input, this.made.node("Clip", [input, ...bounds]));
  }

  add(a: string, b: string): string {
    return this.#like(a, this.made.node("Add", [a, b]));
  }

  concat(a: string, b: string): string {
    const output = this.made.node("Concat", [a, b], { axis: 1 });
    const { side, channels } = this.shape(a);
    this.#shapes.set(output, { side, channels: channels + this.shape(b).channels });
    return output;
  }

  average(input: string): string {
    return this.made.node("Flatten", [this.made.node("GlobalAveragePool", [input])], { axis: 1 });
  }

  classes(features: string, from: number): string {
    const weights = this.made.weights([CLASSES, from], Math.sqrt(LOGITS / from));
    const inputs = [features, weights, this.made.weights([CLASSES], 0.1)];
    return this.made.node("Gemm", inputs, { transB: 1 });
  }

  file(logits: string): Buffer {
    const output = this.made.node("Softmax", [logits], { axis: 1 });
    return this.made.file(["N", 3, SIDE, SIDE], output, ["N", CLASSES]);
  }
}

export function squeezeNet(): Buffer {
  const net = new Network();
  const rectified = (input: string, kernel: Kernel, pads?: number[]) =>
    net.relu(net.convolution(input, kernel, pads));
  const fire = (input: string, squeezed: number, expanded: number) => {
    const narrow = rectified(input, { channels: squeezed, side: 1 });
    return net.concat(
      rectified(narrow, { channels: expanded, side: 1 }),
      rectified(narrow, { channels: expanded, side: 3 }),
    );
  };
  let x = rectified("input", { channels: 64, side: 3, stride: 2 }, [0, 0, 0, 0]);
  x = net.maxPool(x, 3, 2);
  x = fire(fire(x, 16, 64), 16, 64);
  x = net.maxPool(x, 3, 2);
  x = fire(fire(x, 32, 128), 32, 128);
  x = net.maxPool(x, 3, 2);
  x = fire(fire(fire(fire(x, 48, 192), 48, 192), 64, 256), 64, 256);
  x = rectified(x, { channels: CLASSES, side: 1, gain: LOGITS });
  return net.file(net.average(x));
}

export function mobileNetV2(): Buffer {
  const net = new Network();
  const block = (input: string, channels: number, stride: number, expansion: number) => {
    const from = net.shape(input).channels;
    const wide = from * expansion;
    const grown =
      expansion === 1
        ? input
        : net.relu6(net.convolution(input, { channels: wide, side: 1, gain: LINEAR }));
    const depthwise = { channels: wide, side: 3, stride, depthwise: true };
    const filtered = net.relu6(net.convolution(grown, depthwise));
    const projected = net.convolution(filtered, { channels, side: 1 });
    return stride === 1 && from === channels ? net.add(input, projected) : projected;
  };
  let x = net.relu6(net.convolution("input", { channels: 32, side: 3, stride: 2 }));
  const stages = [
    { expansion: 1, channels: 16, repeat: 1, stride: 1 },
    { expansion: 6, channels: 24, repeat: 2, stride: 2 },
    { expansion: 6, channels: 32, repeat: 3, stride: 2 },
    { expansion: 6, channels: 64, repeat: 4, stride: 2 },
    { expansion: 6, channels: 96, repeat: 3, stride: 1 },
    { expansion: 6, channels: 160, repeat: 3, stride: 2 },
    { expansion: 6, channels: 320, repeat: 1, stride: 1 },
  ];
  for (const { expansion, channels, repeat, stride } of stages) {
    for (let i = 0; i < repeat; i++) x = block(x, channels, i === 0 ? stride : 1, expansion);
  }
  x = net.relu6(net.convolution(x, { channels: 1280, side: 1, gain: LINEAR }));
  return net.file(net.classes(net.average(x), 1280));
}

export function resNet18(): Buffer {
  const net = new Network();
  let x = net.relu(net.convolution("input", { channels: 64, side: 7, stride: 2 }));
  x = net.maxPool(x, 3, 2, [0, 0, 1, 1]);
  const block = (input: string, channels: number, stride: number) => {
    const inner = net.relu(net.convolution(input, { channels, side: 3, stride }));
    const branch = net.convolution(inner, { channels, side: 3, gain: LINEAR });
    const isSame = stride === 1 && net.shape(input).channels === channels;
    const shortcut = isSame
      ? input
      : net.convolution(input, { channels, side: 1, stride, gain: LINEAR });
    return net.relu(net.add(branch, shortcut));
  };
  for (const [channels, stride] of [
    [64, 1],
    [128, 2],
    [256, 2],
    [512, 2],
  ] as const) {
    x = block(block(x, channels, stride), channels, 1);
  }
  return net.file(net.classes(net.average(x), 512));
}
