// The architectures that the ONNX project itself tests with: AlexNet, DenseNet, Inception, ResNet,
// ShuffleNet, SqueezeNet, VGG and ZFNet, their weights replaced by constants to keep them small, with
// the outputs that its reference implementation gave.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { tensorFile } from "./made_networks.ts";

const root = join(import.meta.dirname, "..");
const native = join(root, "build/native/insitu");
const light = join(root, "build/sources/libonnx-testdata/usr/share/libonnx-testdata/data/light");
const ARCHITECTURES = 9;

const missing = [native, light].filter((path) => !existsSync(path));
const skip =
  missing.length > 0 ? `SKIPPED: ${missing.join(", ")} not there; run make native` : false;

const work = mkdtempSync(join(tmpdir(), "insitu-architectures-"));
after(() => {
  rmSync(work, { recursive: true });
});

// The input that the expected outputs were made with: 0, 1/n, 2/n, …
function rampInput(): Buffer {
  const shape = [1, 3, 224, 224];
  const count = shape.reduce((product, side) => product * side, 1);
  return tensorFile("input", {
    shape,
    data: Float32Array.from({ length: count }, (_, i) => i / count),
  });
}

// The layout of a backend test: model.onnx, test_data_set_0/input_0.pb and output_0.pb.
function asBackendTest(model: string, input: Buffer): string {
  const name = basename(model, ".onnx");
  const data = join(work, name, "test_data_set_0");
  mkdirSync(data, { recursive: true });
  copyFileSync(join(light, model), join(work, name, "model.onnx"));
  copyFileSync(join(light, `${name}_output_0.pb`), join(data, "output_0.pb"));
  writeFileSync(join(data, "input_0.pb"), input);
  return join(work, name);
}

test("The ONNX project's real architectures run unchanged and give its outputs", { skip }, () => {
  const input = rampInput();
  const models = readdirSync(light).filter((name) => name.endsWith(".onnx"));
  assert.equal(models.length, ARCHITECTURES);
  const folders = models.map((model) => asBackendTest(model, input));
  const { stdout, stderr, status } = spawnSync(native, ["onnx-test", ...folders], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, new RegExp(`^${ARCHITECTURES} pass, 0 fail, 0 unsupported$`, "m"));
});
