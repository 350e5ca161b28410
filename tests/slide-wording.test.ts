// What is said of a slide in numbers, and how fine its map may become.
import assert from "node:assert/strict";
import { test } from "node:test";
import { finerStride, MAX_CELLS } from "../public/src/slide/finer-stride.ts";
import type { ProbabilityMap } from "../public/src/slide/probability-map.ts";
import { MAX_ENLARGEMENT, WARNED_ENLARGEMENT } from "../public/src/slide/scale.ts";
import type { Summary } from "../public/src/slide/summary.ts";
import {
  areaText,
  marksByThreshold,
  scaleWarning,
  shareText,
} from "../public/src/slide/wording.ts";

test("An area keeps the digits that it was measured to, in mm² or cm²", () => {
  const said = [0, 0.0004, 0.04, 0.12, 3.4, 62.28, 119.6, 999, 3527, 12_200].map(areaText);
  assert.deepEqual(said, [
    "0 mm²",
    "< 0.001 mm²",
    "0.040 mm²",
    "0.12 mm²",
    "3.40 mm²",
    "62.3 mm²",
    "120 mm²",
    "999 mm²",
    "35.3 cm²",
    "122 cm²",
  ]);
});

test("A share is never rounded to none or all", () => {
  const said = [0, 0.0004, 0.08, 0.9995, 1].map(shareText);
  assert.deepEqual(said, ["0 %", "< 0.1 %", "8.0 %", "> 99.9 %", "100 %"]);
});

test("That tissue enlarged by more than one and a half times is refused almost as a whole is said before the scan", () => {
  const said = (factor: number) => scaleWarning("histology", 4 * factor, 4);
  assert.equal(said(WARNED_ENLARGEMENT), "");
  const refusal = /almost all of it, if not all, is likely to be refused/;
  assert.match(
    said(WARNED_ENLARGEMENT + 0.01),
    /^The image would be enlarged 1\.5× to the model's 4 µm/,
  );
  assert.match(said(WARNED_ENLARGEMENT + 0.01), refusal);
  assert.match(said(MAX_ENLARGEMENT), refusal);
  assert.doesNotMatch(said(MAX_ENLARGEMENT + 0.01), refusal);
  assert.match(said(MAX_ENLARGEMENT + 0.01), /More than 4× is not read/);
  const film = scaleWarning("mammogram", 400, 200);
  assert.match(film, /less sure than it says/);
  assert.doesNotMatch(film, refusal, "it was measured of tissue");
});

test("A mark at the threshold reaches it, one just below does not", () => {
  const marks = [0.6, 0.3, 0.299].map((probability, row) => ({ column: 0, row, probability }));
  const { reaching, below } = marksByThreshold({
    film: { score: 0.6, marks },
    threshold: 0.3,
  } as Summary);
  assert.deepEqual([reaching.length, below.length], [2, 1]);
});

const mapOf = (side: number, stride: number, strides: number[] = []) =>
  ({
    plan: { scaledWidth: side, scaledHeight: side, patch: 50, stride, strides },
  }) as unknown as ProbabilityMap;

test("A finer map has at most so many cells, and without a dense pass its stride is halved to an eighth of a patch", () => {
  const most = Math.sqrt(MAX_CELLS); // cells along a side
  const side = 50 + 25 * (most - 1);
  assert.equal(finerStride(mapOf(side, 50)), 25);
  assert.equal(finerStride(mapOf(side + 25, 50)), null);
  assert.equal(finerStride(mapOf(1000, 14)), 7);
  assert.equal(finerStride(mapOf(1000, 13)), null, "6 is less than an eighth of 50");
  assert.equal(finerStride(mapOf(1000, 25, [4, 8])), 8);
});
