import type { ScanSummary } from "../public/src/slide/scanner.ts";

// What the engine says of a map of one cell, a threshold of six decimals at most.
export const madeSummary = (threshold: number): ScanSummary => ({
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
