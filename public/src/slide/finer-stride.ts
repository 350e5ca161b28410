// Which stride the next finer map has. No DOM.
import type { ProbabilityMap } from "./probability-map.ts";

// Beyond so many cells a finer map tells nobody more, and takes much memory.
export const MAX_CELLS = 4_000_000;

const LEAST_STRIDE = 1 / 8; // of a patch, where the network cannot make a dense map

// null: there is none that is not too much of a map.
export function finerStride({ plan }: ProbabilityMap): number | null {
  const { scaledWidth, scaledHeight, patch, stride, strides } = plan;
  const cells = (step: number) =>
    (Math.floor((scaledWidth - patch) / step) + 1) *
    (Math.floor((scaledHeight - patch) / step) + 1);
  const isFiner = (step: number) => step < stride && cells(step) <= MAX_CELLS;
  // Patch by patch each halving takes four times as long, and soon tells nothing new.
  const half = Math.floor(stride / 2);
  const halves = half >= patch * LEAST_STRIDE ? [half] : [];
  const next = (strides.length > 0 ? [...strides] : halves)
    .sort((a, b) => b - a) // of a dense pass the network's own stride first
    .find(isFiner);
  return next ?? null;
}
