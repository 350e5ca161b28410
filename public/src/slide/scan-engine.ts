// What the slide part needs of a scanner (scanner.ts over wasm/scan_api.h), and the verdicts of a map.

import type { ScanBlock, ScanGate, ScanImage, ScanSummary } from "./scanner.ts";

export interface ScanPlan {
  readonly columns: number; // cells
  readonly rows: number;
  readonly stride: number; // pixels at model scale
  readonly patch: number; // side of a patch, pixels at model scale
  readonly scaledWidth: number; // of the whole level at model scale, pixels
  readonly scaledHeight: number;
  readonly magnification: number; // model pixels per pixel of the level
  readonly dense: boolean; // one pass over the image rather than patch by patch
  readonly strides: readonly number[]; // what the dense pass offers
  readonly blocks: readonly ScanBlock[];
}

export interface ScanBlockResult {
  readonly values: Float32Array<ArrayBuffer>; // (rows, columns) of the block, NaN where not judged
  readonly verdicts: Uint8Array<ArrayBuffer>; // as VERDICT, else 100 + GateReason
}

export interface ScanEngine {
  readonly memoryBytes: number;
  // Throws an EngineError, as do all.
  plan(image: ScanImage, stride: number, gate: ScanGate): ScanPlan;
  run(block: number, pixels: Uint8Array<ArrayBuffer>): ScanBlockResult;
  summary(values: Float32Array, verdicts: Uint8Array, threshold: number): ScanSummary;
}

export const VERDICT = { judged: 0, noTissue: 1, outside: 2, unread: 3 } as const;

// Verdicts from here on are refusals: this plus the code of GateReason in shared/gate.h.
export const REFUSED_FROM = 100;
// From here on the same, but judged because a person asked.
export const ANYWAY_FROM = 50;

// Whether such a cell has a value.
export function isJudged(verdict: number | undefined): boolean {
  if (verdict === undefined) return false;
  return verdict === VERDICT.judged || (verdict >= ANYWAY_FROM && verdict < REFUSED_FROM);
}
