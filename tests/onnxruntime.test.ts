// Another engine beside ours: onnxruntime-web computes the same networks from the same input.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { env, InferenceSession, Tensor } from "onnxruntime-web";
import { Engine } from "../public/src/engine.ts";
import { png, tissue } from "./made_images.ts";
import { randomNumbers } from "./random_numbers.ts";
import { MadeNetwork, tensorFile, type Values } from "./made_networks.ts";

const root = join(import.meta.dirname, "..");
const native = join(root, "build/native/insitu");
const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const builds = ["simd", "relaxed"] as const;
const wasmOf = (build: string) => join(root, `build/wasm-${build}/engine.wasm`);
const models = readdirSync(join(root, "model"))
  .filter((name) => name.endsWith(".onnx"))
  .map((name) => join(root, "model", name));

const MAX_DIFFERENCE = 1e-5;
const REAL_PATCHES = 50;
const SEEDS = [1, 2, 3];

const missing = [native, ...builds.map(wasmOf)].filter((path) => !existsSync(path));
const skip =
  missing.length > 0 ? `SKIPPED: ${missing.join(", ")} not there; run make native wasm` : false;

env.wasm.numThreads = 1;
env.logLevel = "error";

const work = mkdtempSync(join(tmpdir(), "insitu-onnxruntime-"));
after(() => {
  rmSync(work, { recursive: true });
});

async function runOther(
  session: InferenceSession,
  { shape, data: values }: Values,
): Promise<Values> {
  const [input, output] = [session.inputNames[0], session.outputNames[0]];
  assert.ok(input !== undefined && output !== undefined);
  const results = await session.run({ [input]: new Tensor("float32", values, shape) });
  const result = results[output];
  assert.ok(result);
  return { shape: [...result.dims], data: (await result.getData()) as Float32Array };
}

interface Described {
  inputs: { shape: number[] }[];
  metadata: Record<string, string>;
}

function describeModel(model: string): Described {
  const { stdout, stderr, status } = spawnSync(native, ["model", model, "--json"], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Described;
}

// Writes an ONNX backend test whose expected output onnxruntime-web computed; returns its folder.
async function backendTest(name: string, model: Uint8Array, inputs: Values[]): Promise<string> {
  const folder = join(work, name);
  const session = await InferenceSession.create(model);
  for (const [index, input] of inputs.entries()) {
    const set = join(folder, `test_data_set_${index}`);
    mkdirSync(set, { recursive: true });
    const output = await runOther(session, input);
    assert.ok(output.data.every(Number.isFinite), name);
    writeFileSync(join(set, "input_0.pb"), tensorFile("input", input));
    writeFileSync(join(set, "output_0.pb"), tensorFile("output", output));
  }
  await session.release();
  writeFileSync(join(folder, "model.onnx"), model);
  return folder;
}

function agree(folders: string[]): void {
  const { stdout, status } = spawnSync(native, ["onnx-test", ...folders], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
  const lines = stdout.trimEnd().split("\n").slice(0, -1);
  assert.equal(lines.length, folders.length);
  for (const line of lines) {
    const error = Number(/^pass \S+, maximum error (\S+)$/.exec(line)?.[1]);
    assert.ok(error <= MAX_DIFFERENCE, line);
  }
}

const POOL = { kernel_shape: [2, 2], strides: [2, 2] };
const HALVED = { strides: [2, 2], pads: [1, 1, 1, 1] };
const SAME = { pads: [1, 1, 1, 1] };

function classes(made: MadeNetwork, features: string, channels: number): string {
  const pooled = made.node("GlobalAveragePool", [features]);
  const flat = made.node("Flatten", [pooled]);
  return made.node("Softmax", [made.dense(flat, channels, 5)], { axis: 1 });
}

// As the seed network is: convolutions, pooling, dense layers.
function plain(made: MadeNetwork): string {
  const first = made.node("Relu", [made.convolution("input", [8, 3, 3])]);
  const pooled = made.node("MaxPool", [first], POOL);
  const second = made.node("LeakyRelu", [made.convolution(pooled, [12, 8, 3])], {
    alpha: { float: 0.1 },
  });
  const flat = made.node("Flatten", [made.node("MaxPool", [second], POOL)]);
  const hidden = made.node("Tanh", [made.dense(flat, 12 * 4 * 4, 16)]);
  return made.node("Softmax", [made.dense(hidden, 16, 5)], { axis: 1 });
}

function residual(made: MadeNetwork): string {
  const stem = made.node("Relu", [
    made.normalised(made.convolution("input", [8, 3, 3], HALVED), 8),
  ]);
  const pooled = made.node("MaxPool", [stem], { kernel_shape: [3, 3], ...HALVED });
  const inner = made.node("Relu", [
    made.normalised(made.convolution(pooled, [16, 8, 3], HALVED), 16),
  ]);
  const branch = made.normalised(made.convolution(inner, [16, 16, 3], SAME), 16);
  const shortcut = made.normalised(made.convolution(pooled, [16, 8, 1], { strides: [2, 2] }), 16);
  return classes(made, made.node("Relu", [made.node("Add", [branch, shortcut])]), 16);
}

// Depthwise convolution and squeeze-and-excite, as in MobileNetV3.
function mobile(made: MadeNetwork): string {
  const stem = made.node("HardSwish", [made.convolution("input", [8, 3, 3], HALVED)]);
  const wide = made.node("HardSwish", [made.convolution(stem, [24, 8, 1])]);
  const depthwise = made.convolution(wide, [24, 1, 3], { ...SAME, group: 24 });
  const squeezed = made.node("ReduceMean", [depthwise], { axes: [2, 3], keepdims: 1 });
  const narrow = made.node("Relu", [made.convolution(squeezed, [6, 24, 1])]);
  const gate = made.node("HardSigmoid", [made.convolution(narrow, [24, 6, 1])], {
    alpha: { float: 1 / 6 },
    beta: { float: 0.5 },
  });
  const excited = made.node("Mul", [depthwise, gate]);
  return classes(made, made.node("Add", [stem, made.convolution(excited, [8, 24, 1])]), 8);
}

// Branches of several sizes beside each other, as in Inception and DenseNet.
function branches(made: MadeNetwork): string {
  const stem = made.node("LRN", [made.convolution("input", [8, 3, 3], SAME)], { size: 5 });
  const small = made.node("Relu", [made.convolution(stem, [4, 8, 1])]);
  const large = made.node("Sigmoid", [
    made.convolution(stem, [6, 4, 5], { pads: [2, 2, 2, 2], group: 2 }),
  ]);
  const dilated = made.convolution(stem, [4, 8, 3], { pads: [2, 2, 2, 2], dilations: [2, 2] });
  const average = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 0 };
  const pooled = made.convolution(made.node("AveragePool", [stem], average), [2, 8, 1]);
  const joined = made.node("Concat", [stem, small, large, dilated, pooled], { axis: 1 });
  const odd = made.node("MaxPool", [joined], {
    kernel_shape: [3, 2],
    strides: [2, 3],
    auto_pad: { text: "SAME_UPPER" },
  });
  return classes(made, odd, 24);
}

describe("beside onnxruntime-web", { skip }, () => {
  for (const [name, build] of Object.entries({ plain, residual, mobile, branches })) {
    test(`a made network of the kind "${name}" gives the same`, async () => {
      const folders: string[] = [];
      for (const seed of SEEDS) {
        const made = new MadeNetwork(seed);
        const output = build(made);
        const model = made.file([1, 3, 22, 22], output, [1, 5]);
        const inputs = [made.values([1, 3, 22, 22]), made.values([1, 3, 22, 22], 3)];
        folders.push(await backendTest(`${name}-${seed}`, model, inputs));
      }
      agree(folders);
    });
  }

  test("every shipped model gives the same from the same tensors", async () => {
    assert.ok(models.length > 0);
    const made = new MadeNetwork(1);
    const folders: string[] = [];
    for (const [index, path] of models.entries()) {
      const [, ...shape] = describeModel(path).inputs[0]?.shape ?? [];
      const inputs = [0, 1, 3].map((size) => made.values([1, ...shape], size));
      folders.push(await backendTest(`shipped-${index}`, readFileSync(path), inputs));
    }
    agree(folders);
  });

  // (height, width, 3) u8 of an image that already has the model's size: what the model's metadata
  // says is done to it, written here a second time.
  function prepared(
    pixels: ArrayLike<number>,
    shape: number[],
    metadata: Described["metadata"],
  ): Values {
    const numbers = (name: string) => (metadata[name] ?? "").split(",").map(Number);
    const [mean, std] = [numbers("insitu.mean"), numbers("insitu.std")];
    const [, channels = 0, height = 0, width = 0] = shape;
    const plane = height * width;
    const LUMA = [0.299, 0.587, 0.114]; // ITU-R BT.601
    const values = Float32Array.from({ length: channels * plane }, (_, at) => {
      const channel = Math.floor(at / plane);
      const rgb = [0, 1, 2].map((colour) => pixels[(at % plane) * 3 + colour] ?? NaN);
      const grey = rgb.reduce((sum, value, colour) => sum + value * (LUMA[colour] ?? NaN), 0);
      const value = channels === 1 ? grey : (rgb[channel] ?? NaN);
      return (value / 255 - (mean[channel] ?? NaN)) / (std[channel] ?? NaN);
    });
    return { shape, data: values };
  }

  function calibrated(outputs: Float32Array, metadata: Described["metadata"]): number[] {
    const temperature = Number(metadata["insitu.temperature"] ?? 1);
    const logits =
      metadata["insitu.output"] === "logits" ? [...outputs] : [...outputs].map(Math.log);
    const powers = logits.map((logit) => Math.exp(logit / temperature));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  }

  function rgbOf(preview: { rgba: Uint8ClampedArray } | null): Uint8ClampedArray {
    assert.ok(preview);
    return preview.rgba.filter((_, index) => index % 4 !== 3);
  }

  // The engine's answers to image files of the model's size, and the other's to the same pixels.
  async function compare(files: Uint8Array[]): Promise<void> {
    for (const path of models) {
      const { inputs, metadata } = describeModel(path);
      const shape = inputs[0]?.shape ?? [];
      const session = await InferenceSession.create(readFileSync(path));
      for (const build of builds) {
        const module = await WebAssembly.compile(readFileSync(wasmOf(build)));
        const engine = await Engine.create(module, readFileSync(path));
        const side = Math.max(...shape);
        for (const [index, file] of files.entries()) {
          const ours = engine.classify(file, side, true); // whatever the gate says
          const pixels = rgbOf(ours.preview);
          assert.equal(ours.scale, 1, "no image is resized here");
          const theirs = calibrated(
            (await runOther(session, prepared(pixels, shape, metadata))).data,
            metadata,
          );
          const differences = theirs.map((value, label) =>
            Math.abs(value - (ours.probabilities[label] ?? NaN)),
          );
          const worst = Math.max(...differences);
          assert.ok(
            worst <= MAX_DIFFERENCE,
            `${path}, ${build}, image ${index}: differs by ${worst}`,
          );
        }
      }
      await session.release();
    }
  }

  function noise(seed: number): Uint8Array {
    const random = randomNumbers(seed);
    const rgb = Uint8Array.from({ length: 50 * 50 * 3 }, () => random() * 256);
    return png({ width: 50, height: 50, rgb });
  }

  test("every shipped model gives the same probabilities of made patches", () =>
    compare([
      ...Array.from({ length: 20 }, (_, index) => png(tissue(50, 50, index, index / 20))),
      png({ width: 50, height: 50, rgb: new Uint8Array(7500) }),
      png({ width: 50, height: 50, rgb: new Uint8Array(7500).fill(255) }),
      noise(1),
      noise(2),
    ]));

  const patches = join(data, "idc/patches");
  const skipReal = existsSync(patches) ? false : `SKIPPED: no patches in ${data}; set INSITU_DATA`;

  test(
    "every shipped model gives the same probabilities of real patches",
    { skip: skipReal },
    () => {
      const all = readdirSync(patches, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".png"))
        .sort();
      const step = Math.floor(all.length / REAL_PATCHES);
      const chosen = all.filter((_, index) => index % step === 0).slice(0, REAL_PATCHES);
      assert.equal(chosen.length, REAL_PATCHES);
      return compare(chosen.map((name) => readFileSync(join(patches, name))));
    },
  );
});
