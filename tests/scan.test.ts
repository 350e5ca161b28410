// The scan of the page against `insitu scan`: the same image, the same map.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  Scanner,
  type ScanBlock,
  type ScanPlan,
  type ScanSummary,
} from "../public/src/slide/scanner.ts";
import { refusalOf, VERDICT } from "../public/src/slide/verdicts.ts";
import { png, tissue, type Pixels } from "./made_images.ts";
import {
  apart,
  assertClose,
  bandOf,
  BUILDS_DIFFER,
  engines,
  models,
  native,
  program,
  root,
  skip,
  work,
  type Cells,
} from "./scan_setup.ts";

const simd = join(root, "build/wasm-simd/scan.wasm");

const SAME = 1e-5;

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

test(
  "what is uncertain lies in the model's band, from its lower edge to below its upper, widened to the threshold",
  { skip },
  async () => {
    const scanner = await opened(simd, models.seed);
    scanner.plan({ width: 300, height: 50, channels: 3, umPerPixel: 4 }, 0);
    const { low, high, coverage } = bandOf(models.seed);
    const off = 1e-6; // more than a float of these loses
    const values = Float32Array.of(low - off, low + off, high - off, high + off, 0.9, NaN);
    const verdicts = Uint8Array.of(0, 0, 0, 0, 0, VERDICT.noTissue);
    const at = (threshold: number) => scanner.summary(values, verdicts, threshold).uncertain;
    const cells = { area_mm2: 0.08, cells: 2, fraction: 0.4 };
    assert.deepEqual(at(scanner.model.threshold), { ...cells, low, high, coverage });
    const lower = at(low / 2);
    assert.deepEqual([lower?.cells, lower?.low, lower?.high], [3, low / 2, high]);
    const higher = at(0.95);
    assert.deepEqual([higher?.cells, higher?.low, higher?.high], [4, low, 0.95]);
  },
);
