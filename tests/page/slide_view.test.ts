// The map over the image: its colours, the number under the pointer, the way to its places, what a ruler
// says, and how much is left of a scan; each against the cells as the table of them has them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { cividis } from "../../public/src/slide/cividis.ts";
import { decodePng } from "../decode_png.ts";
import { png } from "../made_images.ts";
import { section, sectionFile } from "../made_section.ts";
import { atRest, boxOf, drawnOn, pixelOf, pixelsOf, recordDrawing } from "./drawn.ts";
import { drop, root, skip, usePages } from "./harness.ts";
import {
  assertNear,
  CELL,
  cellsOf,
  hovered,
  isJudged,
  numberIn,
  projection,
  UM_PER_PIXEL,
  type Cell,
} from "./slide_cells.ts";
import { button, panel, saved } from "./slide_steps.ts";

const WAIT = { timeout: 120_000 }; // of a machine that has other work

const FIELD = section({ width: 760, height: 590 });
const SIZE = { width: FIELD.width, height: FIELD.height };

// The same with a marker's ink over it.
function inked(): typeof FIELD {
  const rgb = FIELD.rgb.slice();
  for (let y = 200; y < 400; y++)
    for (let x = 250; x < 500; x++) rgb.set([24, 44, 190], 3 * (y * FIELD.width + x));
  return { ...FIELD, rgb };
}

const opacity = (page: Page) => page.getByRole("slider", { name: "Opacity of the map" });
const threshold = (page: Page) => page.getByRole("slider", { name: "Threshold" });

// To where about half of the cells are positive.
async function halve(page: Page): Promise<Cell[]> {
  const values = (await cellsOf(page)).filter(isJudged).map(({ probability }) => probability);
  const middle = values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  const asked = Number((Math.round(middle / 0.005) * 0.005).toFixed(3));
  await threshold(page).fill(String(asked));
  await panel(page).getByText(`own: threshold ${asked}`).waitFor(WAIT);
  await atRest(page);
  return cellsOf(page);
}

describe("the map over a slide", { skip, timeout: 400_000 }, () => {
  const { onPage } = usePages({ prepare: recordDrawing });

  const onMap = (act: (page: Page) => Promise<void>, field = FIELD) =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "field.png", bytes: png(field) }]);
      await button(page, "2.5×").click();
      await button(page, "Scan at this scale").click();
      await button(page, /^Finer map/).waitFor(WAIT);
      await act(page);
    });

  test("Each cell has the colour of its probability, as strong as the opacity asks, and less below the threshold", () =>
    onMap(async (page) => {
      const cells = await halve(page);
      const judged = cells.filter(isJudged);
      const empty = cells.filter(({ verdict }) => verdict === "no tissue"); // what is refused is hatched
      assert.ok(judged.filter(({ positive }) => positive).length > 9);
      assert.ok(judged.filter(({ positive }) => !positive).length > 9);
      const { at } = await projection(page, SIZE);
      const strengths: number[] = [];
      for (const share of [0, 0.3, 0.7, 1]) {
        await opacity(page).fill(String(share));
        await atRest(page);
        // The scale bar lies over the lowest cells.
        const looked = [...judged, ...empty].filter(({ row }) => row < 10);
        const seen = await pixelsOf(page, ".slide-overlay", looked.map(at));
        looked.forEach((cell, index) => {
          const [red = 0, green = 0, blue = 0, alpha = 0] = seen[index] ?? [];
          const of = `cell ${cell.column}, ${cell.row} of ${cell.probability} at ${share}`;
          const full = !isJudged(cell) ? 0 : cell.positive ? 255 : 110;
          assertNear([alpha], [full * share], 2, of);
          if (alpha < 60) return; // a canvas keeps less of a colour, the fainter it is
          assertNear([red, green, blue], cividis(cell.probability), 5, of);
          if (alpha === 255) assertNear([red, green, blue], cividis(cell.probability), 2, of);
        });
        strengths.push(seen.reduce((sum, pixel) => sum + (pixel[3] ?? 0), 0));
      }
      assert.deepEqual(
        strengths.toSorted((a, b) => a - b),
        strengths,
      );
      await button(page, /^Map$/).click();
      await atRest(page);
      const [hidden] = await pixelsOf(page, ".slide-overlay", judged.slice(0, 1).map(at));
      assert.equal(hidden?.[3], 0, "and the map can be taken away");
    }));

  test("What is refused is hatched in light and dark, on the screen and on the picture, and nothing else is", () =>
    onMap(async (page) => {
      await opacity(page).fill("1");
      await atRest(page);
      const { at } = await projection(page, SIZE);
      const cells = (await cellsOf(page)).filter(({ row }) => row < 10);
      const refused = cells.filter(({ verdict }) => verdict.startsWith("refused"));
      assert.ok(refused.length > 4, `${refused.length} cells are refused`);
      // Along a row of pixels through each cell's middle, longer than the lines are apart.
      const along = (cell: Cell) => {
        const [x, y] = at(cell);
        return Array.from({ length: 12 }, (_, shift) => [x + shift - 6, y] as const);
      };
      const picture = decodePng((await saved(page, "Map as PNG")).bytes);
      const seen = await pixelsOf(page, ".slide-overlay", cells.flatMap(along));
      const spread = (pixels: number[][]) => {
        const reds = pixels.map(([red = 0]) => red);
        return Math.max(...reds) - Math.min(...reds);
      };
      for (const [index, cell] of cells.entries()) {
        const of = `cell ${cell.column}, ${cell.row}: ${cell.verdict}`;
        const onScreen = seen.slice(index * 12, index * 12 + 12);
        if (!refused.includes(cell)) {
          assert.ok(spread(onScreen) < 30, of);
          continue;
        }
        assert.ok(spread(onScreen) > 150, of);
        assert.ok(
          onScreen.some(([, , , alpha]) => alpha === 255),
          of,
        );
        const saved = Array.from({ length: 12 }, (_, shift) =>
          pixelOf(picture, cell.x + shift - 6, cell.y),
        );
        assert.ok(spread(saved) > 150, of);
      }
    }, inked()));

  test("The map as a picture has the image's size, its glass, and the colours of the probabilities", () =>
    onMap(async (page) => {
      const cells = await halve(page);
      await opacity(page).fill("1");
      const picture = decodePng((await saved(page, "Map as PNG")).bytes);
      assert.equal(picture.width, 900, "the width that its words need");
      assert.ok(picture.height >= SIZE.height + 16 + 12 + 5 * 20 && picture.height < 1_000);
      for (const cell of cells.filter(({ row }) => row < 10)) {
        const [r = 0, g = 0, b = 0] = pixelOf(picture, cell.x, cell.y);
        const from = 3 * (cell.y * FIELD.width + cell.x);
        const image = [...FIELD.rgb.subarray(from, from + 3)];
        const strength = !isJudged(cell) ? 0 : cell.positive ? 1 : 110 / 255;
        const colour = isJudged(cell) ? cividis(cell.probability) : [0, 0, 0];
        const expected = image.map(
          (value, at) => value * (1 - strength) + (colour[at] ?? 0) * strength,
        );
        if (cell.verdict.startsWith("refused")) continue; // hatched
        assertNear([r, g, b], expected, 3, `cell ${cell.column}, ${cell.row}`);
      }
      const [legendX, legendY] = [16, SIZE.height + 16 + 6];
      for (const share of [0, 0.25, 0.5, 0.75, 1]) {
        const seen = pixelOf(picture, legendX + share * 255, legendY).slice(0, 3);
        assertNear(seen, cividis(share), 3, `the legend at ${share}`);
      }
      assert.deepEqual(pixelOf(picture, 890, 300).slice(0, 3), [255, 255, 255], "paper");
    }));

  test("The legend's numbers stand under their colours, and the threshold moves along the same scale", () =>
    onMap(async (page) => {
      const bar = await boxOf(page, ".slide-legend-bar");
      const numbers = page.locator(".slide-legend-numbers span");
      assert.deepEqual(await numbers.allTextContents(), ["0", ".25", ".5", ".75", "1"]);
      const colours = await pixelsOf(
        page,
        ".slide-legend-bar",
        [0, 0.25, 0.5, 0.75, 1].map((share) => [Math.round(share * 199), 6] as const),
      );
      for (const [index, number] of (await numbers.all()).entries()) {
        const share = index / 4;
        const colour = colours[index]?.slice(0, 3) ?? [];
        assertNear(colour, cividis(share), 2, `the legend at ${share}`);
        const box = await number.boundingBox();
        assert.ok(box);
        const middle = box.x + box.width / 2;
        assertNear([middle], [bar.x + share * bar.width], 0.05 * bar.width, `number ${index}`);
      }
      await threshold(page).fill("0.3");
      await page.locator(".slide-legend-scale", { hasText: "threshold 0.3" }).waitFor();
    }));

  test("The number under the pointer is that of the cell there", () =>
    onMap(async (page) => {
      const cells = await cellsOf(page);
      const { at } = await projection(page, SIZE);
      const judged = cells.filter(isJudged);
      for (const cell of judged.filter((_, index) => index % 7 === 0)) {
        // In its middle, and near its corners: nothing of a neighbour.
        for (const [dx, dy] of [
          [0, 0],
          [-CELL / 2 + 3, -CELL / 2 + 3],
          [CELL / 2 - 3, CELL / 2 - 3],
        ] as const) {
          const said = await hovered(page, at({ x: cell.x + dx, y: cell.y + dy }));
          const off = Math.abs(numberIn(said) - cell.probability);
          assert.ok(off <= 0.0006, `cell ${cell.column}, ${cell.row}: ${said}`);
        }
      }
      const glass = cells.find(({ verdict }) => verdict === "no tissue");
      assert.ok(glass);
      assert.equal(await hovered(page, at(glass)), "no tissue");
      assert.equal(await hovered(page, at({ x: 755, y: 585 })), "", "the rim is no cell");
      await button(page, /^Fit/).hover();
      assert.equal(await page.locator(".slide-readout").innerText(), "");
    }));

  test("A ruler says how far apart in mm its two ends are, clicked or dragged", () =>
    onMap(async (page) => {
      const { room, at } = await projection(page, SIZE);
      const ends = [
        { x: 120, y: 150 },
        { x: 620, y: 450 },
        { x: 300, y: 100 },
        { x: 310, y: 500 },
      ] as const;
      const screen = (end: { x: number; y: number }) => {
        const [x, y] = at(end);
        return [room.x + x, room.y + y] as const;
      };
      const [a, b, c, d] = ends;
      await button(page, "Ruler").click();
      await page.mouse.click(...screen(a));
      await page.mouse.move(...screen({ x: 400, y: 300 }));
      await page.mouse.click(...screen(b));
      await button(page, "Ruler").click();
      await page.mouse.move(...screen(c));
      await page.mouse.down();
      await page.mouse.move(...screen(d), { steps: 3 });
      await page.mouse.up();
      const rows = panel(page).locator(".slide-drawn li");
      await rows.nth(1).waitFor();
      const texts = await rows.allInnerTexts();
      for (const [index, { from, to }] of [
        { from: a, to: b },
        { from: c, to: d },
      ].entries()) {
        const mm = (Math.hypot(from.x - to.x, from.y - to.y) * UM_PER_PIXEL) / 1_000;
        const said = /^([\d.]+) mm/.exec(texts[index] ?? "")?.[1];
        assert.ok(Math.abs(Number(said) / mm - 1) < 0.02, `${texts[index]} for ${mm} mm`);
      }
    }));

  // That the view is of that place: the number under the middle of the view and one cell beside it, and
  // the frame that is drawn around it.
  async function assertAt(page: Page, place: Cell, cells: readonly Cell[]): Promise<void> {
    await atRest(page);
    const { width, height } = await boxOf(page, ".slide-overlay");
    const frames = (await drawnOn(page, "slide-overlay")).filter(({ what }) => what === "frame");
    const [x, y, w, h] = frames.at(-1)?.box ?? [NaN, NaN, NaN, NaN];
    assertNear([x + w / 2, y + h / 2], [width / 2, height / 2], 3, "the frame's middle");
    assert.ok(w > 30 && Math.abs(w - h) < 1, `the frame is ${w} × ${h} px`);
    for (const [across, down] of [
      [0, 0],
      [1, 0],
      [0, -1],
    ] as const) {
      const [column, row] = [place.column + across, place.row + down];
      const cell = cells.find((one) => one.column === column && one.row === row);
      const said = await hovered(page, [width / 2 + across * w, height / 2 + down * h]);
      if (cell === undefined) assert.equal(said, "");
      else if (isJudged(cell)) assertNear([numberIn(said)], [cell.probability], 0.0006, said);
      else assert.doesNotMatch(said, /probability/);
    }
  }

  test("The five most suspicious places are the five highest cells, and each is gone to by its button and by n and p", () =>
    onMap(async (page) => {
      const cells = await cellsOf(page);
      const ranked = cells.filter(isJudged).sort((a, b) => b.probability - a.probability);
      assert.ok(ranked.length > 20);
      const highest = ranked.slice(0, 5);
      const buttons = panel(page).getByRole("button", { name: /show this place$/ });
      const texts = await buttons.allInnerTexts();
      assert.equal(texts.length, 5);
      texts.forEach((text, index) => {
        const probability = highest[index]?.probability ?? NaN;
        const said = /^(\d): (?:probability )?([\d.]+)/.exec(text);
        assert.equal(Number(said?.[1]), index + 1, text);
        assertNear([Number(said?.[2])], [probability], 0.006, text);
      });
      for (const [index, place] of highest.entries()) {
        await buttons.nth(index).click();
        await assertAt(page, place, cells);
      }
      await page.getByRole("img", { name: /Arrow keys move it/ }).focus();
      for (const [key, index] of [
        ["n", 0], // after the fifth the first
        ["n", 1],
        ["n", 2],
        ["p", 1],
        ["p", 0],
        ["p", 4],
      ] as const) {
        await page.keyboard.press(key);
        const place = highest[index];
        assert.ok(place);
        await assertAt(page, place, cells);
      }
    }));

  test("Of a scan it is told how much is done and how long it takes still, which grows less", () =>
    onPage(async ({ page }) => {
      await page.locator("#file-input").setInputFiles(sectionFile(root));
      await button(page, "2.5×").click();
      await button(page, "Scan at this scale").click();
      await button(page, /^Finer map/).waitFor(WAIT);
      await page.evaluate(() => {
        const told: [value: number, text: string][] = [];
        Object.assign(globalThis, { toldOfScan: told });
        const head = document.querySelector(".slide-head");
        const bar = head?.querySelector("progress");
        if (head === null || bar == null) return;
        const look = () => {
          if (!bar.hidden) told.push([bar.value, head.querySelector("p")?.textContent ?? ""]);
        };
        new MutationObserver(look).observe(head, {
          subtree: true,
          childList: true,
          characterData: true,
        });
      });
      await button(page, /^Finer map/).click();
      await page.locator(".slide-head p", { hasText: /every 100 µm$/ }).waitFor(WAIT);
      const told = await page.evaluate(
        () => (globalThis as unknown as { toldOfScan: [number, string][] }).toldOfScan,
      );
      const read = told.flatMap(([value, text]) => {
        const found = /^([\d.]+) % of ([\d,]+) cells, about (\d+) (s|min) left$/.exec(text);
        if (found === null) return [];
        const seconds = Number(found[3]) * (found[4] === "min" ? 60 : 1);
        return [{ value, share: Number(found[1]) / 100, cells: found[2], seconds }];
      });
      assert.ok(read.length > 10, `${read.length} of ${told.length} were numbers`);
      assert.ok(read.every(({ cells }) => cells === "17,667"));
      const shares = read.map(({ share }) => share);
      assert.deepEqual(
        shares.toSorted((a, b) => a - b),
        shares,
        "what is done never grows less",
      );
      const third = Math.floor(read.length / 3);
      const mean = (of: typeof read) =>
        of.reduce((sum, { seconds }) => sum + seconds, 0) / of.length;
      const [early, late] = [mean(read.slice(0, third)), mean(read.slice(-third))];
      assert.ok(late < 0.7 * early, `${early} s left at the beginning, ${late} s at the end`);
      assert.ok((read.at(-1)?.seconds ?? NaN) <= 2, "and it ends when it is said to");
      assert.ok((shares.at(-1) ?? 0) > 0.9);
      // The observer sees the words before the bar is set: it is that of the words before.
      read
        .slice(1)
        .forEach(({ value }, index) => assertNear([value], [shares[index] ?? NaN], 0.02, "bar"));
    }));
});
