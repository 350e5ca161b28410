import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenedFile } from "../public/src/slide/opened-file.ts";
import { ProbabilityMap } from "../public/src/slide/probability-map.ts";
import { RegionSummary, type SummaryWork } from "../public/src/slide/region-summary.ts";
import { isUncertain } from "../public/src/slide/summary.ts";
import { madeSummary } from "./made_summary.ts";

test("A summary is of the very threshold that was asked for, else it would be asked for without end", async () => {
  const asked: number[] = [];
  const opened = {
    summary({ threshold }: { threshold: number }) {
      asked.push(threshold);
      return Promise.resolve(madeSummary(threshold));
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
