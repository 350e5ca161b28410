import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictsIn } from "../public/src/slide/cell-verdicts.ts";
import { MAX_CELLS } from "../public/src/slide/finer-stride.ts";
import { ProbabilityMap, type Point } from "../public/src/slide/probability-map.ts";
import { VERDICT } from "../public/src/slide/verdicts.ts";
import { randomNumbers } from "./random_numbers.ts";

const LONGEST_TASK_MS = 50;

// An empty map in one block, over an image of twice the model's resolution.
function emptyMap(columns: number, rows: number): ProbabilityMap {
  const [stride, patch] = [4, 50];
  const scaledWidth = (columns - 1) * stride + patch;
  const scaledHeight = (rows - 1) * stride + patch;
  const block = { x: 0, y: 0, width: 2 * scaledWidth, height: 2 * scaledHeight };
  const plan = {
    ...{ columns, rows, stride, patch, scaledWidth, scaledHeight },
    ...{ magnification: 0.5, dense: true, strides: [4] },
    blocks: [{ ...block, column: 0, row: 0, columns, rows }],
  };
  return new ProbabilityMap(plan, { width: 2 * scaledWidth, height: 2 * scaledHeight });
}

// Even-odd, by all edges at each point.
function isInside(polygon: readonly Point[], { x, y }: Point): boolean {
  const crossed = polygon.filter((from, index) => {
    const to = polygon[(index + 1) % polygon.length] ?? from;
    if (from.y > y === to.y > y) return false;
    return from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x) > x;
  });
  return crossed.length % 2 === 1;
}

test("A cell is inside where its middle is in any of the regions, however they cross themselves", () => {
  const map = emptyMap(60, 45);
  const random = randomNumbers(7);
  const place = (): Point => ({ x: 700 * random() - 100, y: 560 * random() - 100 });
  const regions = [3, 4, 9, 40].map((corners) => Array.from({ length: corners }, place));
  const flat = [place(), place()].map(({ x }) => ({ x, y: 200 }));
  const verdicts = verdictsIn(map, [...regions, flat]);
  let inside = 0;
  for (let row = 0; row < map.rows; row++) {
    for (let column = 0; column < map.columns; column++) {
      const { x, y, width, height } = map.cellSquare(column, row);
      const middle = { x: x + width / 2, y: y + height / 2 };
      const expected = regions.some((polygon) => isInside(polygon, middle));
      const verdict = verdicts.at(row * map.columns + column);
      assert.equal(verdict, expected ? VERDICT.notYet : VERDICT.outside, `${column} ${row}`);
      inside += Number(expected);
    }
  }
  assert.ok(inside > 100 && inside < 60 * 45 - 100);
});

test("What a block gives is seen at once, with regions and without", () => {
  const map = emptyMap(2, 1);
  const { x, y, width, height } = map.cellSquare(0, 0);
  const left = [
    { x, y },
    { x: x + width, y },
    { x: x + width, y: y + height },
    { x, y: y + height },
  ];
  const [limited, whole] = [verdictsIn(map, [left]), verdictsIn(map, [])];
  const told = () => [limited, whole].map((verdicts) => [verdicts.at(0), verdicts.at(1)]);
  const { notYet, outside, judged, noTissue } = VERDICT;
  assert.deepEqual(told(), [
    [notYet, outside],
    [notYet, notYet],
  ]);
  map.set(0, {
    values: Float32Array.of(0.5, Number.NaN),
    verdicts: Uint8Array.of(judged, noTissue),
  });
  assert.deepEqual(told(), [
    [judged, outside],
    [judged, noTissue],
  ]);
});

test("Regions of thousands of corners are laid over the largest map within a task of the page", () => {
  const side = Math.sqrt(MAX_CELLS);
  const map = emptyMap(side, side);
  const { extent } = map;
  const regions = [1, 2, 3, 4, 5].map((at) =>
    Array.from({ length: 2_000 }, (_, corner) => {
      const angle = (corner / 2_000) * 2 * Math.PI;
      const reach = extent.width * 0.15 * (1 + 0.3 * Math.sin(40 * angle));
      const middle = (extent.width * at) / 6;
      return { x: middle + reach * Math.cos(angle), y: middle + reach * Math.sin(angle) };
    }),
  );
  const took = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    verdictsIn(map, regions);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  const least = Math.min(...took); // once it is compiled
  assert.ok(least <= LONGEST_TASK_MS, `${least} ms of processor time`);
});
