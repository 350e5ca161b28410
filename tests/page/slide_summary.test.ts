// The summary beside a slide: each number, place and reason of it against the cells of the map and the
// results as they are saved; and the view as a region.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { areaText, shareText } from "../../public/src/slide/wording.ts";
import { png, type Pixels } from "../made_images.ts";
import { section } from "../made_section.ts";
import { atRest, boxOf, drawnOn, recordDrawing } from "./drawn.ts";
import { drop, root, skip, usePages } from "./harness.ts";
import {
  assertNear,
  CELL,
  CELL_MM2,
  cellsOf,
  hovered,
  isJudged,
  numberIn,
  projection,
  type Cell,
} from "./slide_cells.ts";
import { button, downloaded, panel } from "./slide_steps.ts";

const WAIT = { timeout: 120_000 }; // of a machine that has other work
const SIZE = { width: 760, height: 590 };
const ZOOM_STEP = 1.5; // of the button

// --- A field with something to refuse --------------------------------------------------------------

const PEN = { x: 150, y: 200, width: 150, height: 200 };
const BLUR = { x: 450, y: 250, width: 150, height: 150 };
const BLUR_REACH = 3; // px

type Rectangle = typeof PEN;

const isIn = ({ x, y, width, height }: Rectangle, u: number, v: number) =>
  u >= x && v >= y && u < x + width && v < y + height;

// A stroke of a marker on every patch, and a part out of focus.
function spoilt(field: Pixels): Pixels {
  const { width, height, rgb } = field;
  const made = rgb.slice();
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const isStroke = Math.abs((x % CELL) - (y % CELL)) <= 14;
    if (isIn(PEN, x, y) && isStroke)
      [0.1, 0.25, 0.65].forEach((share, c) => (made[3 * at + c] = (rgb[3 * at + c] ?? 0) * share));
    if (!isIn(BLUR, x, y)) continue;
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let v = y - BLUR_REACH; v <= y + BLUR_REACH; v++)
        for (let u = x - BLUR_REACH; u <= x + BLUR_REACH; u++)
          sum += rgb[3 * (v * width + u) + c] ?? 0;
      made[3 * at + c] = Math.round(sum / (2 * BLUR_REACH + 1) ** 2);
    }
  }
  return { width, height, rgb: made };
}

const FIELD = { name: "field.png", bytes: png(spoilt(section(SIZE))) };

// --- What is saved ---------------------------------------------------------------------------------

interface SavedSummary {
  judgedMm2: number;
  refusedMm2: Record<string, number>;
  largestFocus: { areaMm2: number; box: Rectangle } | null;
}

interface SavedImage {
  threshold: number;
  positive_fraction: number;
  positive_fraction_low: number;
  positive_fraction_high: number;
  largest_focus_mm2: number;
  refused_mm2: number;
  slide: { regions: { x: number; y: number }[][]; summary: SavedSummary };
}

async function results(page: Page): Promise<SavedImage> {
  const { bytes } = await downloaded(page, () => button(page, "Save JSON").click());
  const { images } = JSON.parse(bytes.toString()) as { images: SavedImage[] };
  const [image] = images;
  return image ?? assert.fail("there is no image in the results");
}

// --- On the page -----------------------------------------------------------------------------------

// What the panel has beside a name.
const fact = (page: Page, name: string) => panel(page).locator(`dt:text-is("${name}") + dd`);
const factText = (page: Page, name: string) => fact(page, name).innerText();

async function setThreshold(page: Page, threshold: number): Promise<void> {
  await page.locator("input.slide-threshold").fill(String(threshold));
  await panel(page).getByText(`own: threshold ${threshold}`).waitFor(WAIT);
  // Said at once; summed up a little later.
  for (let look = 0; look < 50; look++) {
    if ((await results(page)).threshold === threshold) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`nothing is summed up at ${threshold}`);
}

// The calibration's points as they stand in the model: a probability, and what it lies between.
function calibration(): number[][] {
  const model = readFileSync(join(root, "model/best.onnx"), "latin1");
  const found = /calibration\.interval[^]{1,6}?((?:[\d.]+:[\d.]+:[\d.]+,?)+)/.exec(model)?.[1];
  assert.ok(found);
  return found.split(",").map((point) => point.split(":").map(Number));
}

function intervalAt(points: readonly number[][], probability: number): [number, number] {
  const after = points.findIndex(([at = NaN]) => at >= probability);
  const [[p0 = 0, low0 = 0, high0 = 0] = [], [p1 = 0, low1 = 0, high1 = 0] = []] = [
    points[Math.max(0, after - 1)],
    points[after],
  ];
  const share = p1 > p0 ? (probability - p0) / (p1 - p0) : 0;
  return [low0 + share * (low1 - low0), high0 + share * (high1 - high0)];
}

// Positive cells that share sides, each piece by itself, the largest first.
function pieces(cells: readonly Cell[], threshold: number): Cell[][] {
  const key = ({ column, row }: { column: number; row: number }) => `${column} ${row}`;
  const left = new Map(
    cells
      .filter((cell) => isJudged(cell) && cell.probability >= threshold)
      .map((cell) => [key(cell), cell]),
  );
  const found: Cell[][] = [];
  for (const start of left.values()) {
    left.delete(key(start));
    const piece = [start];
    for (const { column, row } of piece)
      for (const [across, down] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        const at = key({ column: column + across, row: row + down });
        const next = left.get(at);
        if (next !== undefined) piece.push(next);
        left.delete(at);
      }
    found.push(piece);
  }
  return found.sort((a, b) => b.length - a.length);
}

// A threshold at which there are several pieces, one of them the largest.
function tellingThreshold(cells: readonly Cell[]): number {
  const found = Array.from({ length: 90 }, (_, at) => Number((0.05 + at / 100).toFixed(2))).find(
    (threshold) => {
      const [first = [], second = []] = pieces(cells, threshold);
      return second.length > 0 && first.length > 2 && first.length > second.length;
    },
  );
  return found ?? assert.fail("no threshold leaves several pieces");
}

const spanned = (places: readonly number[]) => {
  const from = Math.min(...places) - CELL / 2;
  return [from, Math.max(...places) + CELL / 2 - from] as const;
};

describe("the summary of a slide", { skip, timeout: 400_000 }, () => {
  const { onPage } = usePages({ prepare: recordDrawing });

  const onMap = (act: (page: Page, cells: Cell[]) => Promise<void>) =>
    onPage(async ({ page }) => {
      await drop(page, [FIELD]);
      await button(page, "2.5×").click();
      await button(page, "Scan at this scale").click();
      await button(page, /^Finer map/).waitFor(WAIT);
      await act(page, await cellsOf(page));
    });

  test("The positive share lies between those of the cells that are positive by all of their interval and by any of it", () =>
    onMap(async (page, cells) => {
      const points = calibration();
      const judged = cells.filter(isJudged);
      const shareOf = (is: (cell: Cell) => boolean) => judged.filter(is).length / judged.length;
      let apart = false;
      for (const asked of [null, 0.2, 0.5]) {
        if (asked !== null) await setThreshold(page, asked);
        const saved = await results(page);
        const { threshold, positive_fraction_low: low, positive_fraction_high: high } = saved;
        if (asked !== null) assert.equal(threshold, asked);
        const [ofLow, ofHigh] = [0, 1].map((end) =>
          shareOf(({ probability }) => (intervalAt(points, probability)[end] ?? NaN) >= threshold),
        );
        assertNear([low, high], [ofLow ?? NaN, ofHigh ?? NaN], 1e-6, `saved at ${threshold}`);
        assert.ok(low <= saved.positive_fraction && saved.positive_fraction <= high);
        apart ||= low < saved.positive_fraction && saved.positive_fraction < high;
        const sentence = /Between .* by the 95 % intervals of the probabilities\./;
        assert.equal(
          await panel(page).getByText(sentence).innerText(),
          `Between ${shareText(low)} and ${shareText(high)} by the 95 % intervals of the probabilities.`,
        );
      }
      assert.ok(apart, "at one of them it lies between");
    }));

  test("The largest focus is the largest piece of positive cells that share sides, and Show goes there", () =>
    onMap(async (page, cells) => {
      const threshold = tellingThreshold(cells);
      await setThreshold(page, threshold);
      const [largest = []] = pieces(cells, threshold);
      const area = largest.length * CELL_MM2;
      const saved = await results(page);
      assertNear([saved.largest_focus_mm2], [area], 1e-6, "saved");
      const [x, width] = spanned(largest.map((cell) => cell.x));
      const [y, height] = spanned(largest.map((cell) => cell.y));
      assert.deepEqual(saved.slide.summary.largestFocus?.box, { x, y, width, height });
      assert.match(
        await factText(page, "Largest focus"),
        new RegExp(`^${areaText(area)}\\s*Show$`),
      );

      await button(page, /^Fit/).click();
      await fact(page, "Largest focus").getByRole("button", { name: "Show" }).click();
      await atRest(page);
      const room = await boxOf(page, ".slide-overlay");
      const frames = (await drawnOn(page, "slide-overlay")).filter(({ what }) => what === "frame");
      const [left, top, w, h] = frames.at(-1)?.box ?? [NaN, NaN, NaN, NaN];
      const middle = [left + w / 2, top + h / 2];
      assertNear(middle, [room.width / 2, room.height / 2], 3, "the middle of its frame");
      const fills = Math.max(w / room.width, h / room.height);
      assert.ok(fills > 0.5 && fills <= 1, `it takes ${fills} of the view`);
      for (const cell of largest) {
        const place = [left + ((cell.x - x) * w) / width, top + ((cell.y - y) * h) / height];
        const said = await hovered(page, [place[0] ?? NaN, place[1] ?? NaN]);
        assertNear([numberIn(said)], [cell.probability], 0.0006, said);
      }
    }));

  test("What was refused is listed by reason with its area, the largest first", () =>
    onMap(async (page, cells) => {
      const areas = new Map<string, number>();
      for (const { verdict } of cells) {
        const reason = /^refused: (.+)$/.exec(verdict)?.[1];
        if (reason !== undefined) areas.set(reason, (areas.get(reason) ?? 0) + CELL_MM2);
      }
      const { refused_mm2: total, slide } = await results(page);
      const saved = slide.summary.refusedMm2;
      assert.deepEqual(Object.keys(saved).sort(), [...areas.keys()].sort());
      for (const [reason, area] of areas) assertNear([saved[reason] ?? NaN], [area], 1e-6, reason);
      const sum = [...areas.values()].reduce((all, area) => all + area, 0);
      assertNear([total], [sum], 1e-5, "all that was refused");

      const [first = "", ...listed] = (await factText(page, "Refused")).split(/\n+/);
      assert.equal(first.trim(), areaText(sum));
      assert.equal(listed.length, areas.size);
      assert.ok(listed.includes(`ink of a marker: ${areaText(areas.get("pen") ?? NaN)}`), first);
      assert.ok(listed.includes(`out of focus: ${areaText(areas.get("blur") ?? NaN)}`), first);
      const ranked = [...areas.values()].sort((a, b) => b - a).map(areaText);
      const said = listed.map((line) => line.split(": ")[1]);
      assert.deepEqual(said, ranked);
    }));

  test("Limited to the view, the summary is of what is seen, as of a region drawn around it", () =>
    onMap(async (page) => {
      const outside = fact(page, "Outside the regions");
      assert.equal(await outside.count(), 0);
      const { room, scale } = await projection(page, SIZE);
      // What is seen after so many steps of zoom.
      const viewAfter = (steps: number): Rectangle => {
        const zoomed = scale * ZOOM_STEP ** steps;
        const [width, height] = [room.width / zoomed, room.height / zoomed];
        return { x: (SIZE.width - width) / 2, y: (SIZE.height - height) / 2, width, height };
      };
      // No edge so near to the middles of cells that a pixel of the screen decides.
      const isClear = ({ x, y, width, height }: Rectangle) =>
        x > 0 &&
        y > 0 &&
        [x, y, x + width, y + height].every((edge) => Math.abs((edge % CELL) - CELL / 2) > 5);
      const steps = [2, 3, 1, 4].find((count) => isClear(viewAfter(count)));
      assert.ok(steps, "there is a view whose edges are clear of the cells' middles");
      const view = viewAfter(steps);
      for (let step = 0; step < steps; step++) await button(page, "Zoom in").click();
      await atRest(page);
      await button(page, "Limit to view").click();
      await outside.waitFor();

      const cells = await cellsOf(page);
      const beyond = cells.filter(({ x, y }) => !isIn(view, x, y));
      for (const cell of cells)
        assert.equal(cell.verdict === "outside the region", beyond.includes(cell), cell.verdict);
      const judged = cells.filter(isJudged).length;
      assert.ok(judged > 5 && beyond.length > 5);
      assert.equal(await outside.innerText(), areaText(beyond.length * CELL_MM2));
      assert.equal(await factText(page, "Tissue judged"), areaText(judged * CELL_MM2));
      const ofView = await results(page);
      const [corners = []] = ofView.slide.regions;
      const [left, top] = [view.x, view.y];
      const [right, bottom] = [left + view.width, top + view.height];
      const due = [left, top, right, top, right, bottom, left, bottom];
      const found = corners.flatMap(({ x, y }) => [x, y]);
      assertNear(found, due, 1, "the corners of the region");

      await button(page, "Remove region 1").click();
      await outside.waitFor({ state: "detached" });
      await button(page, "Region").click();
      const whole = await projection(page, SIZE);
      for (const corner of [...corners, ...corners.slice(0, 1)]) {
        const [x, y] = whole.at(corner);
        await page.mouse.click(whole.room.x + x, whole.room.y + y);
      }
      await outside.waitFor();
      const byHand = await results(page);
      assert.deepEqual(byHand.slide.summary, ofView.slide.summary);
    }));
});
