// The map of a scan as it grows: cells with their value and verdict, and where they lie on level 0.
// No DOM.
import type { ScanBlockResult, ScanPlan } from "./scan-engine.ts";
import type { Level, Rectangle } from "./source.ts";
import { VERDICT } from "./verdicts.ts";

export interface Point {
  x: number;
  y: number;
}

export interface Place extends Point {
  column: number;
  row: number;
}

export class ProbabilityMap {
  readonly plan: ScanPlan;
  readonly values: Float32Array<ArrayBuffer>; // (rows, columns), NaN where not judged
  readonly verdicts: Uint8Array<ArrayBuffer>;
  readonly done = new Set<number>(); // blocks
  readonly failed = new Map<number, string>(); // blocks and why
  readonly extent: Rectangle; // all cells' squares together, pixels of level 0
  readonly #factorX: number; // pixels of level 0 per pixel at model scale
  readonly #factorY: number;

  // finest: level 0.
  constructor(plan: ScanPlan, finest: Level) {
    this.plan = plan;
    this.values = new Float32Array(plan.columns * plan.rows).fill(Number.NaN);
    this.verdicts = new Uint8Array(plan.columns * plan.rows).fill(VERDICT.notYet);
    this.#factorX = finest.width / plan.scaledWidth;
    this.#factorY = finest.height / plan.scaledHeight;
    const first = this.cellSquare(0, 0);
    const [width, height] = [first.width * plan.columns, first.height * plan.rows];
    this.extent = { ...first, width, height };
  }

  get columns(): number {
    return this.plan.columns;
  }

  get rows(): number {
    return this.plan.rows;
  }

  // The share of cells that were told of.
  get progress(): number {
    const of = (index: number) => {
      const block = this.plan.blocks[index];
      return block === undefined ? 0 : block.columns * block.rows;
    };
    const told = [...this.done, ...this.failed.keys()].reduce((sum, at) => sum + of(at), 0);
    return this.values.length === 0 ? 1 : told / this.values.length;
  }

  get left(): number[] {
    return this.plan.blocks.map((_, index) => index).filter((index) => !this.done.has(index));
  }

  set(index: number, { values, verdicts }: ScanBlockResult): void {
    const block = this.plan.blocks[index];
    if (block === undefined) throw new RangeError("a block that the plan does not have");
    for (let row = 0; row < block.rows; row++) {
      const to = (block.row + row) * this.columns + block.column;
      const from = row * block.columns;
      this.values.set(values.subarray(from, from + block.columns), to);
      this.verdicts.set(verdicts.subarray(from, from + block.columns), to);
    }
    this.failed.delete(index);
    this.done.add(index);
  }

  fail(index: number, reason: string): void {
    const block = this.plan.blocks[index];
    if (block === undefined) throw new RangeError("a block that the plan does not have");
    for (let row = 0; row < block.rows; row++) {
      const from = (block.row + row) * this.columns + block.column;
      this.verdicts.fill(VERDICT.unread, from, from + block.columns);
    }
    this.failed.set(index, reason);
  }

  // Why the block of a cell could not be read; null: it could, or was not yet.
  failureAt(column: number, row: number): string | null {
    for (const [index, reason] of this.failed) {
      const block = this.plan.blocks[index];
      if (block === undefined) continue;
      const [across, down] = [column - block.column, row - block.row];
      if (across >= 0 && down >= 0 && across < block.columns && down < block.rows) return reason;
    }
    return null;
  }

  // The square that a cell is drawn as, in pixels of level 0.
  cellSquare(column: number, row: number): Rectangle {
    const { stride, patch } = this.plan;
    const inset = (patch - stride) / 2;
    return this.#scaled(column * stride + inset, row * stride + inset, stride);
  }

  // The patch that it stands for.
  patchSquare(column: number, row: number): Rectangle {
    const { stride, patch } = this.plan;
    return this.#scaled(column * stride, row * stride, patch);
  }

  // From pixels at model scale.
  onLevel0({ x, y, width, height }: Rectangle): Rectangle {
    const [fx, fy] = [this.#factorX, this.#factorY];
    return { x: x * fx, y: y * fy, width: width * fx, height: height * fy };
  }

  // The cell under a place of level 0.
  at({ x, y }: Point): Place | null {
    const { extent } = this;
    const column = Math.floor(((x - extent.x) / extent.width) * this.columns);
    const row = Math.floor(((y - extent.y) / extent.height) * this.rows);
    const inside = column >= 0 && row >= 0 && column < this.columns && row < this.rows;
    return inside ? { x, y, column, row } : null;
  }

  // The cell under the middle of one of another map of the image.
  under(map: ProbabilityMap, column: number, row: number): Place | null {
    const { x, y, width, height } = map.cellSquare(column, row);
    return this.at({ x: x + width / 2, y: y + height / 2 });
  }

  value(column: number, row: number): number {
    return this.values[row * this.columns + column] ?? Number.NaN;
  }

  verdict(column: number, row: number): number {
    return this.verdicts[row * this.columns + column] ?? VERDICT.notYet;
  }

  #scaled(x: number, y: number, side: number): Rectangle {
    return this.onLevel0({ x, y, width: side, height: side });
  }
}
