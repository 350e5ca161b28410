// The real WebAssembly, both builds, with the shipped model; and the native program beside them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Engine } from "../public/src/engine.ts";
import { EngineError, MAX_IMAGE_BYTES, type Prediction } from "../public/src/messages.ts";
import { engineThatTraps } from "./made_engine.ts";
import { bmp, pgm, png, pngHeader, ppm, tissue } from "./made_images.ts";

const root = join(import.meta.dirname, "..");
const seed = join(root, "model/seed.onnx");
const native = join(root, "build/native/insitu");
const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const builds = ["simd", "relaxed"] as const;
const wasmOf = (build: string) => join(root, `build/wasm-${build}/engine.wasm`);

// Between builds: relaxed SIMD fuses multiply and add.
const MAX_DIFFERENCE = 1e-5;
const PATCHES_TO_COMPARE = 200;
const PREDICTIONS_WITHOUT_GROWTH = 10_000;

const missing = [seed, ...builds.map(wasmOf)].filter((path) => !existsSync(path));
const skip = missing.length > 0 ? `SKIPPED: ${missing.join(", ")} not there; run make wasm` : false;

async function load(build: string, model = readFileSync(seed)): Promise<Engine> {
  const module = await WebAssembly.compile(readFileSync(wasmOf(build)));
  return Engine.create(module, model);
}

function fails(code: string, words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof EngineError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    assert.match(error.message, /[.]$/, "a whole sentence");
    return true;
  };
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

test("The page refuses the same number of bytes as the engine", () => {
  const limits = readFileSync(join(root, "shared/limits.h"), "utf8");
  const [, factor, shift] = /kMaxImageBytes = size_t\{(\d+)\} << (\d+)/.exec(limits) ?? [];
  assert.equal(MAX_IMAGE_BYTES, Number(factor) * 2 ** Number(shift));
});

for (const build of builds) {
  describe(`engine, ${build} build`, { skip }, () => {
    test("tells what the model says of itself", async () => {
      const { model } = await load(build);
      assert.equal(model.id, "seed");
      assert.equal(model.kind, "histology");
      assert.deepEqual(model.labels, ["no IDC", "IDC"]);
      assert.equal(model.positive, 1);
      assert.equal(model.positiveVerdict, "IDC detected");
      assert.equal(model.negativeVerdict, "no IDC detected in this patch");
      assert.equal(model.inputWidth, 50);
      assert.equal(model.inputHeight, 50);
      assert.equal(model.umPerPixel, 4);
      assert.ok(model.threshold > 0 && model.threshold < 1);
      const digest = createHash("sha256").update(readFileSync(seed)).digest("hex");
      assert.equal(model.sha256, digest);
    });

    test("reads an image: probabilities, decision, region, times", async () => {
      const engine = await load(build);
      const prediction = engine.classify(png(tissue(50, 50, 1)), 0);
      assert.equal(prediction.probabilities.length, 2);
      assert.ok(Math.abs(sum(prediction.probabilities) - 1) < 1e-6);
      const probability = prediction.probabilities[engine.model.positive] ?? Number.NaN;
      assert.equal(prediction.isPositive, probability >= engine.model.threshold);
      assert.deepEqual(prediction.region, { left: 0, top: 0, width: 50, height: 50 });
      assert.equal(prediction.scale, 1);
      assert.equal(prediction.preview, null);
      for (const ms of [prediction.decodeMs, prediction.preprocessMs, prediction.networkMs]) {
        assert.ok(ms >= 0 && ms < 60_000);
      }
    });

    test("says which part of a larger image it saw, and makes a preview of all of it", async () => {
      const engine = await load(build);
      const prediction = engine.classify(png(tissue(320, 200, 2)), 64);
      assert.equal(prediction.imageWidth, 320);
      assert.equal(prediction.imageHeight, 200);
      assert.deepEqual(prediction.region, { left: 60, top: 0, width: 200, height: 200 });
      assert.equal(prediction.scale, 0.25);
      assert.ok(prediction.preview);
      assert.equal(prediction.preview.width, 64);
      assert.equal(prediction.preview.height, 40);
      assert.equal(prediction.preview.rgba.length, 64 * 40 * 4);
      assert.ok(prediction.preview.rgba.every((value, index) => index % 4 !== 3 || value === 255));
    });

    test("previews a small image pixel by pixel", async () => {
      const engine = await load(build);
      const pixels = tissue(50, 40, 3);
      const { preview } = engine.classify(png(pixels), 64);
      assert.ok(preview);
      assert.deepEqual([preview.width, preview.height], [50, 40]);
      const rgb = preview.rgba.filter((_, index) => index % 4 !== 3);
      assert.deepEqual(Buffer.from(rgb), Buffer.from(pixels.rgb));
    });

    test("gives the same answer for the same pixels in another format", async () => {
      const engine = await load(build);
      const pixels = tissue(50, 50, 4);
      const answers = [png, ppm, bmp].map(
        (write) => engine.classify(write(pixels), 0).probabilities,
      );
      assert.deepEqual(answers[1], answers[0]);
      assert.deepEqual(answers[2], answers[0]);
    });

    test("judges each image before it reads it: accepts tissue", async () => {
      const engine = await load(build);
      const { gate, gateMs } = engine.classify(png(tissue(50, 50, 1)), 0);
      assert.ok(gate);
      const { kind, accepted, reason, score, judgedAnyway } = gate;
      assert.deepEqual([kind, accepted, reason, judgedAnyway], ["histology", true, null, false]);
      assert.ok(score >= 0.5 && score <= 1);
      assert.ok(gateMs >= 0 && gateMs < 60_000);
    });

    test("refuses what the model cannot judge, unless it is asked again", async () => {
      const engine = await load(build);
      const grey = pgm(tissue(120, 90, 8));
      const refusal = (error: unknown) => {
        assert.ok(error instanceof EngineError);
        assert.equal(error.code, "image_refused");
        assert.equal(error.gate?.accepted, false);
        assert.equal(error.gate.judgedAnyway, false);
        assert.ok(error.gate.reason !== null);
        return true;
      };
      assert.throws(() => engine.classify(grey, 0), refusal);
      assert.throws(() => engine.explain(grey), refusal);
      const { probabilities, gate } = engine.classify(grey, 0, true);
      assert.equal(probabilities.length, 2);
      assert.equal(gate?.judgedAnyway, true);
      assert.equal(gate.accepted, false);
    });

    test("explains an answer by a map over the region that it saw", async () => {
      const engine = await load(build);
      const image = png(tissue(120, 80, 3));
      const { width, height, values, probability, region } = engine.explain(image);
      assert.deepEqual([width, height, values.length], [13, 13, 169]);
      const prediction = engine.classify(image, 0);
      assert.equal(probability, prediction.probabilities[engine.model.positive]);
      assert.deepEqual(region, prediction.region);
      assert.ok(values.some((value) => value !== 0));
      assert.ok(values.every((value) => Math.abs(value) <= 1));
    });

    test("names what is wrong with a file, and reads the next one", async () => {
      const engine = await load(build);
      const whole = png(tissue(50, 50, 5));
      const empty = Buffer.alloc(0);
      assert.throws(() => engine.classify(empty, 0), fails("image_empty", /empty/));
      const text = Buffer.from("not an image at all, only its name says so");
      assert.throws(() => engine.classify(text, 0), fails("image_unknown", /./));
      const half = whole.subarray(0, whole.length / 2);
      assert.throws(() => engine.classify(half, 0), fails("image_truncated", /./));
      const huge = pngHeader(40_000, 40_000);
      assert.throws(() => engine.classify(huge, 0), fails("image_too_large", /./));
      assert.equal(engine.classify(whole, 0).probabilities.length, 2);
    });

    test("refuses a model with one bit changed, wherever it is", async () => {
      const whole = readFileSync(seed);
      for (const share of [0.001, 0.1, 0.5, 0.9, 0.999]) {
        const changed = Buffer.from(whole);
        const at = Math.floor(changed.length * share);
        changed[at] = (changed[at] ?? 0) ^ 0x10;
        await assert.rejects(load(build, changed), (error) => {
          assert.ok(error instanceof EngineError);
          assert.match(error.code, /^(model_\w+|known_answer|not_finite)$/);
          return true;
        });
      }
    });

    test("refuses what is no model, or half of one", async () => {
      await assert.rejects(load(build, Buffer.from("no model")), fails("model_corrupt", /./));
      const whole = readFileSync(seed);
      const half = whole.subarray(0, whole.length / 2);
      await assert.rejects(load(build, half), (error) => error instanceof EngineError);
    });

    test("a trap is a failure of its own, with what to know about it", async () => {
      const image = png(tissue(50, 50, 9));
      const faulty = engineThatTraps(readFileSync(wasmOf(build)), image.length);
      const engine = await Engine.create(new WebAssembly.Module(faulty), readFileSync(seed));
      assert.equal(engine.classify(bmp(tissue(50, 50, 9)), 0).probabilities.length, 2);
      assert.throws(() => engine.classify(image, 0), fails("engine_trap", /unreachable/));
    });

    test(`does not grow over ${PREDICTIONS_WITHOUT_GROWTH} predictions`, async () => {
      const engine = await load(build);
      const images = [png(tissue(50, 50, 6)), ppm(tissue(50, 50, 7)), pgm(tissue(120, 90, 8))];
      const broken = images[0]?.subarray(0, 200) ?? Buffer.alloc(0);
      const readOnce = () => {
        for (const image of images) engine.classify(image, 64, true);
        assert.throws(() => engine.classify(broken, 64), EngineError);
      };
      readOnce();
      const before = engine.memoryBytes;
      for (let done = 0; done < PREDICTIONS_WITHOUT_GROWTH; done += images.length) readOnce();
      assert.equal(engine.memoryBytes, before);
    });
  });
}

describe("parity", { skip }, () => {
  const work = mkdtempSync(join(tmpdir(), "insitu-engine-"));
  after(() => rmSync(work, { recursive: true }));

  function madeImages(): string[] {
    const writers = { png, ppm, bmp, pgm };
    const sizes = [
      [50, 50],
      [64, 48],
      [700, 460],
      [31, 77],
    ] as const;
    return Object.entries(writers).flatMap(([ending, write]) =>
      sizes.map(([width, height], index) => {
        const path = join(work, `${width}x${height}.${ending}`);
        writeFileSync(path, write(tissue(width, height, index, index / 4)));
        return path;
      }),
    );
  }

  function realPatches(): string[] {
    const folder = join(data, "idc/patches");
    if (!existsSync(folder)) return [];
    const all = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".png"))
      .sort();
    const step = Math.max(1, Math.floor(all.length / PATCHES_TO_COMPARE));
    return all.filter((_, index) => index % step === 0).map((name) => join(folder, name));
  }

  function nativeProbabilities(paths: string[]): number[] {
    const words = ["predict", "--judge-anyway", "--model", seed, "--json", ...paths];
    const { stdout, stderr, status } = spawnSync(native, words, {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    assert.equal(status, 0, stderr);
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { probability: number }).probability);
  }

  async function wasmProbabilities(build: string, paths: string[]): Promise<number[]> {
    const engine = await load(build);
    const positive = (prediction: Prediction) => prediction.probabilities[engine.model.positive];
    return paths.map(
      (path) => positive(engine.classify(readFileSync(path), 0, true)) ?? Number.NaN,
    );
  }

  async function compare(paths: string[]): Promise<void> {
    const expected = nativeProbabilities(paths);
    assert.equal(expected.length, paths.length);
    for (const build of builds) {
      const found = await wasmProbabilities(build, paths);
      const worst = Math.max(
        ...found.map((value, index) => Math.abs(value - (expected[index] ?? Number.NaN))),
      );
      assert.ok(
        worst <= MAX_DIFFERENCE,
        `${build}: differs by ${worst} over ${paths.length} images`,
      );
    }
  }

  const skipNative = existsSync(native) ? false : `SKIPPED: ${native} not there; run make native`;

  test("Native and both WebAssembly builds agree on made images", { skip: skipNative }, () =>
    compare(madeImages()),
  );

  const real = realPatches();
  const skipReal = real.length > 0 ? skipNative : `SKIPPED: no patches in ${data}; set INSITU_DATA`;
  test("Native and both WebAssembly builds agree on real patches", { skip: skipReal }, () =>
    compare(real),
  );
});
