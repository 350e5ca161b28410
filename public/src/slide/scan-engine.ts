// What the slide part needs of a scanner (scanner.ts over wasm/scan_api.h).

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
  readonly verdicts: Uint8Array<ArrayBuffer>; // verdicts.ts
}

export interface ScanEngine {
  readonly memoryBytes: number;
  // Throws an EngineError, as do all.
  plan(image: ScanImage, stride: number, gate: ScanGate): ScanPlan;
  run(block: number, pixels: Uint8Array<ArrayBuffer>): ScanBlockResult;
  summary(values: Float32Array, verdicts: Uint8Array, threshold: number): ScanSummary;
}
