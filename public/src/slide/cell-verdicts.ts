// A map's verdicts as they come in, limited to the regions that were drawn on it. No DOM.
import type { Point, ProbabilityMap } from "./probability-map.ts";
import { VERDICT } from "./verdicts.ts";

type Polygon = readonly Point[];

export class CellVerdicts {
  readonly all: Uint8Array<ArrayBuffer>; // (rows, columns), the map's own, which change while it is made
  readonly inside: Uint8Array<ArrayBuffer> | null; // 1 in a region; null: there are no regions

  constructor(all: Uint8Array<ArrayBuffer>, inside: Uint8Array<ArrayBuffer> | null = null) {
    this.all = all;
    this.inside = inside;
  }

  // index: row * columns + column
  at(index: number): number {
    const isOutside = this.inside !== null && this.inside[index] === 0;
    return isOutside ? VERDICT.outside : (this.all[index] ?? VERDICT.notYet);
  }
}

// "outside" where a cell's middle lies in none of the regions. Without regions, as they are.
export function verdictsIn(map: ProbabilityMap, regions: readonly Polygon[]): CellVerdicts {
  if (regions.length === 0) return new CellVerdicts(map.verdicts);
  const inside = new Uint8Array(map.verdicts.length);
  for (const polygon of regions) fill(inside, map, polygon);
  return new CellVerdicts(map.verdicts, inside);
}

// Even-odd: each row's middle line is inside from one crossing of an edge to the next.
function fill(inside: Uint8Array, map: ProbabilityMap, polygon: Polygon): void {
  const first = map.cellSquare(0, 0);
  // The cell whose middle comes next, at or after a place.
  const column = (x: number) => clamp((x - first.x) / first.width, map.columns);
  const row = (y: number) => clamp((y - first.y) / first.height, map.rows);
  const crossings: number[][] = [];
  polygon.forEach((from, index) => {
    const to = polygon[(index + 1) % polygon.length] ?? from;
    const slope = (to.x - from.x) / (to.y - from.y);
    const end = row(Math.max(from.y, to.y));
    for (let at = row(Math.min(from.y, to.y)); at < end; at++) {
      const y = first.y + (at + 0.5) * first.height;
      (crossings[at] ??= []).push(from.x + (y - from.y) * slope);
    }
  });
  crossings.forEach((line, at) => {
    line.sort((a, b) => a - b);
    const start = at * map.columns;
    for (let cut = 0; cut + 1 < line.length; cut += 2)
      inside.fill(1, start + column(line[cut] ?? 0), start + column(line[cut + 1] ?? 0));
  });
}

const clamp = (cells: number, count: number) =>
  Math.max(0, Math.min(count, Math.ceil(cells - 0.5)));
