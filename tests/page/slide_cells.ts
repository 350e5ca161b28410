// The cells of a map as its table has them, and where they are on the screen. Of an image at the
// model's own scale, read one patch beside the other.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { atRest, boxOf } from "./drawn.ts";
import { button, saved } from "./slide_steps.ts";

export const CELL = 50; // px
export const UM_PER_PIXEL = 4; // the model's own
export const CELL_MM2 = ((CELL * UM_PER_PIXEL) / 1_000) ** 2;

export interface Cell {
  column: number;
  row: number;
  x: number; // its middle
  y: number;
  probability: number; // NaN: not judged
  positive: boolean;
  uncertain: boolean;
  verdict: string;
}

export async function cellsOf(page: Page): Promise<Cell[]> {
  return cellsIn((await saved(page, "Tiles as CSV")).bytes.toString());
}

export function cellsIn(table: string): Cell[] {
  const lines = table.split("\r\n").filter((line) => /^\d/.test(line));
  return lines.map((line) => {
    const fields = line.split(",");
    const [column, row, x, y, width, height] = fields.slice(0, 6).map(Number);
    assert.deepEqual([width, height], [CELL, CELL]);
    return {
      column: column ?? NaN,
      row: row ?? NaN,
      x: (x ?? NaN) + CELL / 2,
      y: (y ?? NaN) + CELL / 2,
      probability: fields[10] === "" ? NaN : Number(fields[10]),
      positive: fields[11] === "true",
      uncertain: fields[12] === "true",
      verdict: fields[13] ?? "",
    };
  });
}

export const isJudged = ({ probability }: Cell) => !Number.isNaN(probability);

// Where pixels of the image are on the screen while all of it is seen, from the corner of the room.
export async function projection(page: Page, size: { width: number; height: number }) {
  await button(page, /^Fit/).click();
  await atRest(page);
  const room = await boxOf(page, ".slide-room");
  const scale = Math.min(room.width / size.width, room.height / size.height);
  const left = (room.width - size.width * scale) / 2;
  const top = (room.height - size.height * scale) / 2;
  return {
    room,
    scale,
    at: ({ x, y }: { x: number; y: number }) => [left + x * scale, top + y * scale] as const,
  };
}

// What is said of the place under the pointer. place: from the corner of the room.
export async function hovered(page: Page, [x, y]: readonly [number, number]): Promise<string> {
  const room = await boxOf(page, ".slide-room");
  await page.mouse.move(room.x + x, room.y + y);
  return page.locator(".slide-readout").innerText();
}

export function numberIn(said: string): number {
  const found = /probability (\d\.\d+)/.exec(said)?.[1];
  assert.ok(found, `there is no number in: ${said}`);
  return Number(found);
}

export function assertNear(
  seen: readonly number[],
  expected: readonly number[],
  most: number,
  of: string,
): void {
  assert.equal(seen.length, expected.length);
  const off = seen.map((value, at) => Math.abs(value - (expected[at] ?? NaN)));
  assert.ok(Math.max(...off) <= most, `${of}: ${seen.join(" ")}, not ${expected.join(" ")}`);
}
