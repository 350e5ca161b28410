// The models that are shipped, model/NAME.onnx beside the model/NAME.toml that they are trained by:
// that each is usable, small and quick enough, and right far more often than chance on cases that
// nobody trained on.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";
import { movedImage, movesOf, ppm, tissue } from "./made_images.ts";

const root = join(import.meta.dirname, "..");
const program = join(root, "build/native/insitu");
const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const valList = join(data, "idc/cases_val.txt");
const skip = existsSync(program) ? false : `SKIPPED: ${program} not there; run make native`;
const skipData = existsSync(valList) ? skip : `SKIPPED: ${valList} not there; set INSITU_DATA`;

// What a page may have to download and to compute. seed is larger than that on purpose: it is the
// network as it was first drawn.
const MAX_BEST_BYTES = 300_000;
const MAX_MULTIPLY_ADDS = 12_500_000;

interface Description {
  usable: boolean;
  reason?: string;
  metadata: Record<string, string>;
  multiply_adds: number;
}

interface Report {
  pooled: { balanced_accuracy: number; auc: number };
  cases: Record<string, unknown>;
}

function json(...words: string[]): unknown {
  const result = spawnSync(program, words, { encoding: "utf8", maxBuffer: 64 << 20 });
  assert.equal(result.status, 0, result.stderr);
  return JSON.parse(result.stdout);
}

const names = readdirSync(join(root, "model"))
  .filter((file) => file.endsWith(".onnx"))
  .map((file) => file.slice(0, -".onnx".length));

for (const name of names) {
  const file = join(root, `model/${name}.onnx`);
  describe(`model ${name}`, () => {
    test("is usable, quick enough and says how sure it is", { skip }, () => {
      const model = json("model", file, "--json") as Description;
      assert.equal(model.usable, true, model.reason);
      assert.equal(model.metadata["insitu.id"], name);
      assert.ok(model.multiply_adds <= MAX_MULTIPLY_ADDS, String(model.multiply_adds));
      const points = model.metadata["insitu.operating_points"] ?? "";
      assert.match(points, /^screen:.*,balanced:.*,confirm:/);
      const threshold = model.metadata["insitu.threshold"] ?? "";
      assert.ok(points.includes(`,balanced:${threshold}:`), points);
    });

    test("has its config beside it", () => {
      const config = readFileSync(join(root, `model/${name}.toml`), "utf8");
      assert.match(config, new RegExp(`^id = "${name}"$`, "m"));
    });

    if (!["seed", "best"].includes(name)) return;
    test("finds IDC in cases it has not seen", { skip: skipData }, () => {
      const patches = join(data, "idc/patches");
      const words = ["evaluate", "--model", file, patches, "--cases", valList, "--json"];
      const { pooled, cases } = json(...words) as Report;
      assert.equal(Object.keys(cases).length, 29);
      assert.ok(pooled.balanced_accuracy > 0.8, `BAC ${pooled.balanced_accuracy}`);
      assert.ok(pooled.auc > 0.88, `AUC ${pooled.auc}`);
    });
  });
}

test("best gives an image and its quarter turns one answer", { skip }, () => {
  const work = mkdtempSync(join(tmpdir(), "insitu-turns-"));
  try {
    let mirrors = 0;
    for (const seed of [1, 2, 3]) {
      const image = tissue(50, 50, seed);
      const moves = Object.entries(movesOf(50)).map(
        ([name, moved]) => [name, movedImage(image, moved)] as const,
      );
      const answers = [["as-it-is", image] as const, ...moves].map(([name, pixels]) => {
        const path = join(work, `${name}.ppm`);
        writeFileSync(path, ppm(pixels));
        const words = ["predict", "--judge-anyway", "--json", "--model"];
        return (json(...words, join(root, "model/best.onnx"), path) as { probability: number })
          .probability;
      });
      const [first = NaN, by90 = NaN, by180 = NaN, ...mirrored] = answers;
      assert.ok(Math.abs(by90 - first) <= 1e-5, `${by90} instead of ${first}`);
      assert.ok(Math.abs(by180 - first) <= 1e-5, `${by180} instead of ${first}`);
      mirrors = Math.max(mirrors, ...mirrored.map((answer) => Math.abs(answer - first)));
    }
    assert.ok(mirrors > 1e-4, "a mirror image is another one");
  } finally {
    rmSync(work, { recursive: true });
  }
});

test("The best model is a small download", () => {
  const packed = brotliCompressSync(readFileSync(join(root, "model/best.onnx")), {
    params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
  });
  assert.ok(packed.length <= MAX_BEST_BYTES, `${packed.length} bytes`);
});
