// What is said of the cell under the pointer.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cellText } from "../public/src/slide/cell-text.ts";
import { CellVerdicts, verdictsIn } from "../public/src/slide/cell-verdicts.ts";
import { ProbabilityMap } from "../public/src/slide/probability-map.ts";
import { model as modelFacts } from "./readings.ts";

describe("What is pointed at", () => {
  const SIDE = 200; // pixels, of the model's scale

  // Two blocks side by side.
  function mapOf(stride: number, side: number): ProbabilityMap {
    const half = {
      x: 0,
      y: 0,
      width: SIDE / 2,
      height: SIDE,
      row: 0,
      columns: side / 2,
      rows: side,
    };
    const plan = {
      ...{ columns: side, rows: side, stride, patch: 50, magnification: 1, dense: stride < 50 },
      ...{ scaledWidth: SIDE, scaledHeight: SIDE, strides: [] },
      blocks: [
        { ...half, column: 0 },
        { ...half, x: SIDE / 2, column: side / 2 },
      ],
    };
    return new ProbabilityMap(plan, { width: SIDE, height: SIDE });
  }

  function fill(map: ProbabilityMap, block: number, value: number): void {
    const { columns, rows } = map.plan.blocks[block] ?? assert.fail();
    const values = new Float32Array(columns * rows).fill(value);
    map.set(block, { values, verdicts: new Uint8Array(columns * rows) });
  }

  test("is the coarser map's number where the finer has none yet, and the finer's from then on", () => {
    const under = mapOf(50, 4);
    fill(under, 0, 0.25);
    fill(under, 1, 0.75);
    const map = mapOf(25, 6);
    fill(map, 1, 0.5);
    const left = [
      { x: 0, y: 0 },
      { x: 100, y: 0 },
      { x: 100, y: 100 },
      { x: 0, y: 100 },
    ];
    const textAt = (column: number, regions = [left].slice(1)) =>
      cellText(
        { map, verdicts: verdictsIn(map, regions), under, kind: "histology", judged: null },
        { column, row: 4 },
      );
    assert.deepEqual(
      [textAt(1), textAt(4), textAt(1, [left])],
      ["probability 0.250", "probability 0.500", "outside the region"],
    );
    const alone = { map, verdicts: new CellVerdicts(map.verdicts), under: null } as const;
    const pointed = { ...alone, kind: "histology", judged: null } as const;
    assert.equal(cellText(pointed, { column: 1, row: 4 }), "");
  });

  test("says of a cell that could not be read why its own part of the image could not", () => {
    const map = mapOf(50, 4);
    map.fail(0, "The left is damaged.");
    map.fail(1, "The right is not there.");
    const verdicts = new CellVerdicts(map.verdicts);
    const texts = [0, 1, 2, 3].map((column) =>
      cellText({ map, verdicts, under: null, kind: "histology", judged: null }, { column, row: 3 }),
    );
    const [left, right] = ["The left is damaged.", "The right is not there."];
    assert.deepEqual(texts, [left, left, right, right]);
  });

  describe("is uncertain in the model's band, in a patch's words", () => {
    const uncertain = { low: 0.25, high: 0.75, coverage: 0.9 };

    function said(value: number, { threshold = 0.5, band = true, verdict = 0 } = {}): string {
      const map = mapOf(50, 4);
      fill(map, 0, value);
      const model = { ...modelFacts, uncertain: band ? uncertain : null };
      const point = { name: "own", threshold, sensitivity: 0.8, specificity: 0.8 };
      const verdicts = new CellVerdicts(new Uint8Array(16).fill(verdict));
      const judged = { model, point };
      return cellText(
        { map, verdicts, under: null, kind: "histology", judged },
        { column: 0, row: 0 },
      );
    }

    test("from its lower edge on and below its upper one", () => {
      assert.equal(said(0.25), "probability 0.250, uncertain: have it read");
      assert.equal(said(0.75 - 2 ** -20), "probability 0.750, uncertain: have it read");
      assert.equal(said(0.25 - 2 ** -20), "probability 0.250");
      assert.equal(said(0.75), "probability 0.750");
    });

    test("which a threshold beyond it widens, one within does not", () => {
      assert.equal(said(0.125, { threshold: 0.125 }), "probability 0.125, uncertain: have it read");
      assert.equal(said(0.125, { threshold: 0.25 }), "probability 0.125");
      assert.equal(said(0.875, { threshold: 1 }), "probability 0.875, uncertain: have it read");
      assert.equal(said(0.875, { threshold: 0.875 }), "probability 0.875");
    });

    test("not of a model without a band; and beside why the gate refused it", () => {
      assert.equal(said(0.5, { band: false }), "probability 0.500");
      assert.equal(
        said(0.5, { verdict: 53 }),
        "probability 0.500, uncertain: have it read, refused: out of focus",
      );
    });
  });
});
