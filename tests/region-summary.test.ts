import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenedFile } from "../public/src/slide/opened-file.ts";
import { ProbabilityMap } from "../public/src/slide/probability-map.ts";
import { RegionSummary, type SummaryWork } from "../public/src/slide/region-summary.ts";
import { isUncertain } from "../public/src/slide/summary.ts";
import type { ScanSummary } from "../public/src/slide/scanner.ts";

// As the engine says it, a threshold of six decimals at most.
const said = (threshold: number): ScanSummary => ({
  threshold: Number(threshold.toFixed(6)),
  gate: { says_film: false, judge_anyway: false },
  cell: { columns: 1, rows: 1, stride: 50, um_per_pixel: 4 },
  area_mm2: {
    ...{ image: 0.04, rim: 0, judged: 0.04, no_tissue: 0, outside_region: 0 },
    ...{ judged_anyway: {}, refused: {} },
  },
  positive: { cells: 1, area_mm2: 0.04, fraction: 1, interval: null },
  uncertain: {
    ...{ cells: 1, area_mm2: 0.04, fraction: 1, coverage: 0.9 },
    ...{ low: Math.min(0.25, Number(threshold.toFixed(6))), high: 0.75 },
  },
  largest_focus: null,
  suspicious: [],
  film: null,
});

test("A summary is of the very threshold that was asked for, else it would be asked for without end", async () => {
  const asked: number[] = [];
  const opened = {
    summary({ threshold }: { threshold: number }) {
      asked.push(threshold);
      return Promise.resolve(said(threshold));
    },
  } as unknown as OpenedFile;
  const size = { width: 50, height: 50 };
  const plan = {
    ...{ columns: 1, rows: 1, stride: 50, patch: 50, scaledWidth: 50, scaledHeight: 50 },
    ...{ magnification: 1, dense: false, strides: [50] },
    blocks: [{ ...size, x: 0, y: 0, column: 0, row: 0, columns: 1, rows: 1 }],
  };
  const work = { map: new ProbabilityMap(plan, size), under: null, threshold: 0.0430946 };
  const { summary } = await new RegionSummary(opened).of(work as unknown as SummaryWork);
  assert.deepEqual(asked, [0.0430946]);
  assert.equal(summary.threshold, 0.0430946);
  assert.equal(summary.positiveMm2, 0.04);
  assert.equal(summary.uncertain?.low, 0.0430946, "and the edge that is the threshold");
  assert.deepEqual(
    [isUncertain(summary, 0.0430946), isUncertain(summary, 0.0430945)],
    [true, false],
  );
  assert.deepEqual([isUncertain(summary, 0.7499), isUncertain(summary, 0.75)], [true, false]);
});
