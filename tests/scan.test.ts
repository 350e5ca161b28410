// The scan of the page against `insitu scan`: the same image, the same map; and, where it is, the
// section with its labels.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { cividis } from "../public/src/slide/cividis.ts";
import {
  Scanner,
  type ScanBlock,
  type ScanPlan,
  type ScanSummary,
} from "../public/src/slide/scanner.ts";
import { refusalOf, VERDICT } from "../public/src/slide/verdicts.ts";
import { decodePng } from "./decode_png.ts";
import { png, tissue, type Pixels } from "./made_images.ts";

const root = join(import.meta.dirname, "..");
const models = {
  best: join(root, "model/best.onnx"),
  seed: join(root, "model/seed.onnx"),
  mammogram: join(root, "model/mammogram.onnx"),
};
const program = join(root, "build/native/insitu");
const engines = ["simd", "relaxed"].map((build) => ({
  build,
  file: join(root, `build/wasm-${build}/scan.wasm`),
}));
const simd = join(root, "build/wasm-simd/scan.wasm");
const missing = [...Object.values(models), program, ...engines.map(({ file }) => file)].filter(
  (path) => !existsSync(path),
);
const skip =
  missing.length > 0
    ? `SKIPPED: ${missing.join(", ")} not there; run make native and make wasm`
    : false;
const data = join(process.env["INSITU_DATA"] ?? join(root, "../shared/data"), "idc/slides");
const skipReal = existsSync(join(data, "8867.png"))
  ? skip
  : `SKIPPED: no section in ${data}; set INSITU_DATA`;

// Kernels of the builds sum in another order, and relaxed SIMD fuses: as in engine.test.ts.
const BUILDS_DIFFER = 1e-4;
const SAME = 1e-5;

const work = mkdtempSync(join(tmpdir(), "insitu-scan-"));
after(() => {
  rmSync(work, { recursive: true });
});

const NONE: readonly string[] = [];

interface Cells {
  values: Float32Array;
  verdicts: Uint8Array;
}

interface Report {
  dense: boolean;
  stride: number;
  model: { sha256: string };
  notice: string;
  warning?: string;
  summary: ScanSummary;
  labels?: { auc: number; balanced_accuracy: number; judged: number };
}

function scan(...words: string[]) {
  const result = spawnSync(program, ["scan", ...words], { encoding: "utf8" });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

// `insitu scan` of the image: its report and its cells.
function native(image: string, model: string, umPerPixel: number, stride: number, flags = NONE) {
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

async function opened(file: string, model: string): Promise<Scanner> {
  return Scanner.create(await WebAssembly.compile(readFileSync(file)), readFileSync(model));
}

function cut({ width, rgb }: Pixels, block: ScanBlock): Uint8Array {
  const out = new Uint8Array(block.width * block.height * 3);
  for (let y = 0; y < block.height; y++) {
    const from = ((block.y + y) * width + block.x) * 3;
    out.set(rgb.subarray(from, from + block.width * 3), y * block.width * 3);
  }
  return out;
}

// Runs the blocks in that order.
function run(scanner: Scanner, plan: ScanPlan, image: Pixels, order: readonly number[]): Cells {
  const values = new Float32Array(plan.columns * plan.rows).fill(-1);
  const verdicts = new Uint8Array(values.length);
  for (const index of order) {
    const block = plan.blocks[index];
    assert.ok(block !== undefined);
    const result = scanner.run(index, cut(image, block));
    for (let row = 0; row < block.rows; row++) {
      const to = (block.row + row) * plan.columns + block.column;
      const from = row * block.columns;
      values.set(result.values.subarray(from, from + block.columns), to);
      verdicts.set(result.verdicts.subarray(from, from + block.columns), to);
    }
  }
  return { values, verdicts };
}

function apart(a: Cells, b: Cells): number {
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
function assertClose(actual: unknown, expected: unknown, tolerance: number, where = ""): void {
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

// Without where the places are: of an image whose patches are alike, rounding says which comes first.
function unplaced(summary: ScanSummary) {
  const answers = (places: ScanSummary["suspicious"]) =>
    places.map(({ probability, interval }) => ({ probability, interval }));
  const { suspicious, film } = summary;
  const marks = film === null ? null : answers(film.marks);
  return { ...summary, suspicious: answers(suspicious), film: { score: film?.score, marks } };
}

const forwards = (plan: ScanPlan) => plan.blocks.map((_, index) => index);

for (const { build, file } of engines) {
  test(`wasm-${build} makes the map that insitu scan makes`, { skip }, async () => {
    const image = tissue(641, 523, 7);
    const path = join(work, "tissue.png");
    writeFileSync(path, png(image));
    const scanner = await opened(file, models.seed);
    assert.deepEqual(scanner.model.denseStrides, [1, 2, 3, 4, 6]);
    for (const [umPerPixel, stride] of [
      [4, 0],
      [4, 6],
      [4, 4],
      [3.1, 3],
      [4.2, 50],
    ] as const) {
      const facts = { width: 641, height: 523, channels: 3 as const, umPerPixel };
      const plan = scanner.plan(facts, stride);
      const cells = run(scanner, plan, image, forwards(plan));
      const { report, cells: expected } = native(path, models.seed, umPerPixel, stride);
      assert.equal(plan.dense, report.dense);
      assert.equal(plan.stride, report.stride);
      assert.equal(report.model.sha256, scanner.model.sha256);
      assert.ok(apart(cells, expected) < BUILDS_DIFFER, `off by ${apart(cells, expected)}`);
      const summary = scanner.summary(cells.values, cells.verdicts, scanner.model.threshold);
      assertClose(summary, report.summary, BUILDS_DIFFER);
      assert.ok(summary.area_mm2.judged > 0);
    }
    scanner.destroy();
  });
}

test("the default model's map in the page is that of insitu scan", { skip }, async () => {
  const image = tissue(431, 363, 11);
  const path = join(work, "default.png");
  writeFileSync(path, png(image));
  for (const { build, file } of engines) {
    const scanner = await opened(file, models.best);
    assert.deepEqual(scanner.model.denseStrides, [], "it pads: patch by patch at any stride");
    for (const [umPerPixel, stride] of [
      [4, 0],
      [4, 25],
      [2.6, 0],
    ] as const) {
      const facts = { width: image.width, height: image.height, channels: 3 as const, umPerPixel };
      const plan = scanner.plan(facts, stride);
      const cells = run(scanner, plan, image, forwards(plan));
      const { report, cells: expected } = native(path, models.best, umPerPixel, stride);
      assert.deepEqual([plan.dense, plan.stride], [report.dense, report.stride]);
      assert.equal(report.model.sha256, scanner.model.sha256);
      const worst = apart(cells, expected);
      assert.ok(worst < BUILDS_DIFFER, `${build}, stride ${plan.stride}: off by ${worst}`);
      const summary = scanner.summary(cells.values, cells.verdicts, scanner.model.threshold);
      assertClose(summary, report.summary, BUILDS_DIFFER);
      assert.ok(summary.area_mm2.judged > 0);
    }
    scanner.destroy();
  }
});

test(
  "whichever order the blocks end in, and in however many scanners, the map is one",
  { skip },
  async () => {
    const image = tissue(900, 820, 8);
    const facts = { width: 900, height: 820, channels: 3 as const, umPerPixel: 4 };
    const file = simd;
    const one = await opened(file, models.seed);
    const other = await opened(file, models.seed);
    for (const stride of [6, 4]) {
      const plan = one.plan(facts, stride);
      assert.ok(plan.blocks.length > 3);
      const cells = run(one, plan, image, forwards(plan));
      other.plan(facts, stride);
      const backwards = forwards(plan).reverse();
      assert.ok(apart(cells, run(other, plan, image, backwards)) < SAME);
    }
  },
);

test("the shipped network's dense map is that of its patches", { skip }, () => {
  const path = join(work, "patches.png");
  writeFileSync(path, png(tissue(420, 310, 9)));
  for (const stride of [4, 6]) {
    const dense = native(path, models.seed, 4, stride, ["--method", "dense"]);
    const patches = native(path, models.seed, 4, stride, ["--method", "patches"]);
    assert.deepEqual([dense.report.dense, patches.report.dense], [true, false]);
    const worst = apart(dense.cells, patches.cells);
    assert.ok(worst < SAME, `stride ${stride}: off by ${worst}`);
  }
});

test(
  "what is judged anyway, and a film that its file says to be one, are what insitu scan makes of them",
  { skip },
  async () => {
    const grey = Uint8Array.from({ length: 700 * 700 * 3 }, (_, at) => {
      const [x, y] = [Math.floor(at / 3) % 700, Math.floor(at / 2100)];
      const isLight = (Math.floor(x / 140) + Math.floor(y / 140)) % 2 === 1;
      return isLight ? 200 : 30 + ((x + y) % 3);
    });
    const image = { width: 700, height: 700, rgb: grey };
    const path = join(work, "odd.png");
    writeFileSync(path, png(image));
    const facts = { width: 700, height: 700, channels: 3 as const };
    for (const [name, umPerPixel] of [
      ["seed", 4],
      ["mammogram", 200],
    ] as const) {
      const scanner = await opened(simd, models[name]);
      for (const saysFilm of [false, true]) {
        for (const judgeAnyway of [false, true]) {
          const flags = [
            ...(saysFilm ? ["--says-film"] : []),
            ...(judgeAnyway ? ["--judge-anyway"] : []),
          ];
          const gate = { saysFilm, judgeAnyway };
          const plan = scanner.plan({ ...facts, umPerPixel }, 0, gate);
          const cells = run(scanner, plan, image, forwards(plan));
          const { report, cells: expected } = native(path, models[name], umPerPixel, 0, flags);
          assert.ok(apart(cells, expected) < BUILDS_DIFFER);
          const summary = scanner.summary(cells.values, cells.verdicts, scanner.model.threshold);
          assertClose(unplaced(summary), unplaced(report.summary), BUILDS_DIFFER);
          assert.deepEqual(summary.gate, { says_film: saysFilm, judge_anyway: judgeAnyway });
          const film = name === "mammogram";
          const { judged, judged_anyway: anyway, refused } = summary.area_mm2;
          assert.equal(judged > 0, judgeAnyway || (film && saysFilm), `${name} ${flags.join(" ")}`);
          assert.equal(Object.keys(anyway).length > 0, judgeAnyway && !(film && saysFilm));
          assert.equal(Object.keys(refused).length > 0, !judgeAnyway && !(film && saysFilm));
        }
      }
      scanner.destroy();
    }
  },
);

test("what cannot be scanned is one sentence with a code", { skip }, async () => {
  const scanner = await opened(simd, models.seed);
  const image = { width: 400, height: 400, channels: 3 as const, umPerPixel: 4 };
  assert.throws(() => scanner.run(0, new Uint8Array(3)), { code: "invalid_argument" });
  assert.throws(() => scanner.plan({ ...image, umPerPixel: 16.1 }, 0), {
    code: "scale_too_coarse",
    message: /^The image shows too little: .*\.$/,
  });
  assert.throws(() => scanner.plan({ ...image, umPerPixel: 0.01, width: 40000 }, 0), {
    code: "image_too_small",
  });
  assert.throws(() => scanner.plan({ ...image, umPerPixel: NaN }, 0), { code: "invalid_argument" });
  scanner.plan(image, 0);
  assert.throws(() => scanner.run(99, new Uint8Array(3)), { code: "invalid_argument" });
  assert.throws(() => scanner.summary(new Float32Array(1), new Uint8Array(1), 0.5), {
    code: "invalid_argument",
  });
  await assert.rejects(opened(simd, program), { name: "EngineError" });
});

test(
  "a cell outside of a region counts as that, and a refusal has its reason",
  { skip },
  async () => {
    const scanner = await opened(simd, models.seed);
    const plan = scanner.plan({ width: 150, height: 100, channels: 3, umPerPixel: 4 }, 0);
    const values = new Float32Array(6).fill(0.9);
    values[5] = NaN;
    const verdicts = Uint8Array.of(0, 0, VERDICT.outside, 0, 0, VERDICT.refused + 2);
    const summary = scanner.summary(values, verdicts, 0.5);
    assert.equal(plan.columns * plan.rows, 6);
    assert.equal(summary.area_mm2.outside_region, 0.04);
    assert.deepEqual(summary.area_mm2.refused, { pen: 0.04 });
    assert.equal(summary.positive.cells, 4);
    assert.equal(summary.positive.fraction, 1);
    assert.equal(summary.film, null);
    assert.equal(refusalOf(VERDICT.refused + 2), "pen");
    assert.equal(refusalOf(VERDICT.noTissue), null);
  },
);

test("insitu scan asks for the scale and refuses what it does not know", { skip }, () => {
  const path = join(work, "small.png");
  writeFileSync(path, png(tissue(120, 120, 1)));
  const base = ["--model", models.seed, path];
  const without = scan(...base);
  assert.equal(without.code, 2);
  assert.match(without.err, /^scan needs the image's --um-per-pixel X\./);
  assert.equal(scan(...base, "--um-per-pixel", "4", "--method", "other").code, 2);
  const coarse = scan(...base, "--um-per-pixel", "40");
  assert.equal(coarse.code, 1);
  assert.match(coarse.err, /enlarged more than 4 times/);
  const padded = scan(
    "--model",
    models.mammogram,
    "--method",
    "dense",
    "--um-per-pixel",
    "200",
    path,
  );
  assert.equal(padded.code, 1);
  assert.match(padded.err, /pads/);
  const text = scan(...base, "--um-per-pixel", "4");
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /Not a medical device\./);
  const labels = scan(...base, "--um-per-pixel", "4", "--labels", join(work, "tissue.png"));
  assert.equal(labels.code, 1);
});

test(
  "insitu scan takes PNG, JPEG, BMP, PGM and PPM, as its usage says, and no file of a scanner",
  { skip },
  () => {
    const usage = spawnSync(program, ["--help"], { encoding: "utf8" }).stdout;
    assert.match(usage, /IMAGE is PNG,\s+JPEG, BMP, PGM or PPM, of at most 50 million pixels/);
    assert.match(usage, /TIFF, SVS and DICOM are opened by the page\s+only/);
    const words = ["--model", models.seed, "--um-per-pixel", "4"];
    const { width, height, rgb } = tissue(120, 120, 1);
    const pnm = join(work, "kind.ppm");
    writeFileSync(pnm, Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), rgb]));
    const taken = scan(...words, pnm);
    assert.equal(taken.code, 0, taken.err);
    // The first bytes of a TIFF, and of a DICOM file.
    const dicom = Buffer.concat([Buffer.alloc(128), Buffer.from("DICM")]);
    for (const bytes of [Buffer.from("II*\0\x08\0\0\0", "latin1"), dicom]) {
      const path = join(work, "kind.bin");
      writeFileSync(path, bytes);
      const { code, err } = scan(...words, path);
      assert.equal(code, 1);
      assert.match(err, /InSitu reads PNG, JPEG, BMP, PGM and PPM/);
    }
    // A header that says one row too many.
    const large = join(work, "large.ppm");
    writeFileSync(large, "P6 10000 5001 255\n");
    const refused = scan(...words, large);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /up to 32767 on a side and 50 million in all/);
  },
);

test("insitu scan warns of an image that it enlarges more than 1.5 times", { skip }, () => {
  const path = join(work, "enlarged.png");
  writeFileSync(path, png(tissue(120, 120, 1)));
  const warning = (umPerPixel: number) => native(path, models.seed, umPerPixel, 0).report.warning;
  for (const fine of [3, 4, 6]) assert.equal(warning(fine), undefined, String(fine));
  for (const coarse of [6.01, 10, 16]) assert.match(warning(coarse) ?? "", /had to be enlarged/);
  const beyond = scan("--model", models.seed, "--um-per-pixel", "16.01", "--json", path);
  assert.equal(beyond.code, 1);
  assert.match(beyond.err, /enlarged more than 4 times/);
});

test(
  "insitu scan paints a pixel a place, in the page's colour of its probability",
  { skip },
  () => {
    const path = join(work, "painted.png");
    // Tissue, and glass at its right, which has no colour.
    const image = tissue(250, 100, 1);
    image.rgb.forEach((_, at) => {
      if (Math.floor(at / 3) % image.width >= 150) image.rgb[at] = 243;
    });
    writeFileSync(path, png(image));
    const out = join(work, "map.png");
    const { cells } = native(path, models.seed, 4, 0, ["--out", out]);
    const map = decodePng(readFileSync(out));
    assert.deepEqual([map.width, map.height, map.channels], [5, 2, 4]);
    const seen = Array.from({ length: 10 }, (_, at) => [...map.data.subarray(4 * at, 4 * at + 4)]);
    const expected = Array.from(cells.values, (value) =>
      Number.isNaN(value) ? [0, 0, 0, 0] : [...cividis(value), 255],
    );
    assert.deepEqual(seen, expected);
    const judged = cells.values.filter((value) => !Number.isNaN(value));
    assert.ok(judged.length >= 4 && judged.length < 10);
    assert.ok(new Set(judged).size > 2, "of more than one colour");
  },
);

test(
  "the section's map is as right as its patches are, whichever way it is made",
  { skip: skipReal },
  () => {
    const image = join(data, "8867.png");
    const words = ["--model", models.seed, "--um-per-pixel", "4", "--threads", "2", "--json"];
    for (const stride of ["0", "6"]) {
      const { code, out, err } = scan(
        ...[...words, "--stride", stride, "--labels", join(data, "8867_labels.png"), image],
      );
      assert.equal(code, 0, err);
      const report = JSON.parse(out) as Report;
      assert.ok(report.labels !== undefined && report.labels.auc > 0.95, out);
    }
  },
);

test(
  "the committed report of the section of a case that trained nothing is what a scan says today",
  { skip: skipReal },
  () => {
    // As `make section` runs it.
    const labels = join(data, "8867_labels.png");
    const { code, out, err } = scan(
      ...["--model", models.best, "--um-per-pixel", "4", "--labels", labels],
      ...[join(data, "8867.png"), "--json"],
    );
    assert.equal(code, 0, err);
    // The report but for how long it took.
    const said = (text: string) => {
      const { ms, ...rest } = JSON.parse(text) as Record<string, unknown>;
      assert.ok(isRecord(ms));
      return rest;
    };
    const committed = readFileSync(join(root, "model/section.report.json"), "utf8");
    assertClose(said(out), said(committed), BUILDS_DIFFER);
  },
);
