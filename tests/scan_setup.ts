// `insitu scan` beside the scan of the page: the programs, the images, and how two maps are compared.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { ScanSummary } from "../public/src/slide/scanner.ts";

export const root = join(import.meta.dirname, "..");
export const models = {
  best: join(root, "model/best.onnx"),
  seed: join(root, "model/seed.onnx"),
  mammogram: join(root, "model/mammogram.onnx"),
};
export const program = join(root, "build/native/insitu");
export const engines = ["simd", "relaxed"].map((build) => ({
  build,
  file: join(root, `build/wasm-${build}/scan.wasm`),
}));
const missing = [...Object.values(models), program, ...engines.map(({ file }) => file)].filter(
  (path) => !existsSync(path),
);
export const skip =
  missing.length > 0
    ? `SKIPPED: ${missing.join(", ")} not there; run make native and make wasm`
    : false;
export const data = join(process.env["INSITU_DATA"] ?? join(root, "../shared/data"), "idc/slides");
export const skipReal = existsSync(join(data, "8867.png"))
  ? skip
  : `SKIPPED: no section in ${data}; set INSITU_DATA`;

// Kernels of the builds sum in another order, and relaxed SIMD fuses: as in engine.test.ts.
export const BUILDS_DIFFER = 1e-4;

export const work = mkdtempSync(join(tmpdir(), "insitu-scan-"));
after(() => {
  rmSync(work, { recursive: true });
});

const NONE: readonly string[] = [];

export interface Cells {
  values: Float32Array;
  verdicts: Uint8Array;
}

export interface Report {
  dense: boolean;
  stride: number;
  model: { sha256: string };
  notice: string;
  warning?: string;
  summary: ScanSummary;
  labels?: { auc: number; balanced_accuracy: number; judged: number };
}

export function scan(...words: string[]) {
  const result = spawnSync(program, ["scan", ...words], { encoding: "utf8" });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

// `insitu scan` of the image: its report and its cells.
export function native(
  image: string,
  model: string,
  umPerPixel: number,
  stride: number,
  flags = NONE,
) {
  const csv = join(work, "cells.csv");
  const { code, out, err } = scan(
    ...["--model", model, "--um-per-pixel", String(umPerPixel), "--stride", String(stride)],
    ...["--threads", "2", "--csv", csv, "--json", image, ...flags],
  );
  assert.equal(code, 0, err);
  const lines = readFileSync(csv, "utf8").trim().split("\n").slice(1);
  const cells: Cells = {
    values: Float32Array.from(lines, (line) => {
      const value = line.split(",")[5] ?? "";
      return value === "" ? NaN : Number(value);
    }),
    verdicts: Uint8Array.from(lines, (line) => Number(line.split(",")[4])),
  };
  return { report: JSON.parse(out) as Report, cells };
}

export function apart(a: Cells, b: Cells): number {
  assert.deepEqual(a.verdicts, b.verdicts);
  let worst = 0;
  for (const [i, value] of a.values.entries()) {
    const other = b.values[i] ?? Infinity;
    assert.equal(Number.isNaN(value), Number.isNaN(other));
    if (!Number.isNaN(value)) worst = Math.max(worst, Math.abs(value - other));
  }
  return worst;
}

// The same members and texts, and numbers no further apart than that.
export function assertClose(
  actual: unknown,
  expected: unknown,
  tolerance: number,
  where = "",
): void {
  if (typeof actual === "number" && typeof expected === "number") {
    const off = Math.abs(actual - expected);
    assert.ok(off <= tolerance, `${where}: ${actual} is not ${expected}`);
  } else if (isRecord(actual) && isRecord(expected)) {
    assert.equal(Array.isArray(actual), Array.isArray(expected), where);
    assert.deepEqual(Object.keys(actual), Object.keys(expected), where);
    for (const [key, value] of Object.entries(actual)) {
      assertClose(value, expected[key], tolerance, `${where}.${key}`);
    }
  } else {
    assert.equal(actual, expected, where);
  }
}

// Where a model gives no answer, as it stands in its file.
export function bandOf(model: string): { low: number; high: number; coverage: number } {
  const file = readFileSync(model, "latin1");
  const found = /insitu\.uncertain[^]{1,4}?([\d.]+),([\d.]+),([\d.]+)/.exec(file);
  const [low = NaN, high = NaN, coverage = NaN] = found?.slice(1).map(Number) ?? [];
  assert.ok(low < high && coverage > 0 && coverage < 1);
  return { low, high, coverage };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
