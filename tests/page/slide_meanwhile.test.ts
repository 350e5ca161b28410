// What a person sees and does while a map is made: it is painted as it grows, from the first scan on, and
// the image is zoomed and moved meanwhile.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { sectionFile } from "../made_section.ts";
import { boxOf } from "./drawn.ts";
import { root, skip, usePages } from "./harness.ts";
import { assertNear } from "./slide_cells.ts";
import { button, choose, mapOf, picturesMeanwhile, scanAt, scanned } from "./slide_steps.ts";

const STEP = 4; // px of the screen that a grey is the mean of
const GLASS = 225; // and more
const WHEEL = 1.2; // what one step of it enlarges by

// The image on the screen, without what lies over it.
interface Picture {
  width: number;
  height: number;
  greens: number[]; // tissue is darkest in them
}

const pictureOf = (page: Page): Promise<Picture> =>
  page.locator(".slide-room").evaluate((room, step) => {
    const all = [...room.querySelectorAll<HTMLCanvasElement>("canvas:not(.slide-overlay)")];
    const [image] = all.toSorted((a, b) => b.width - a.width); // the small view is another
    if (image === undefined) throw new Error("there is no image");
    const [width, height] = [Math.floor(image.width / step), Math.floor(image.height / step)];
    const copy = Object.assign(document.createElement("canvas"), { width, height });
    const context = copy.getContext("2d", { willReadFrequently: true });
    const [w, h] = [width * step, height * step];
    context?.drawImage(image, 0, 0, w, h, 0, 0, width, height);
    const { data } = context?.getImageData(0, 0, width, height) ?? { data: [] };
    return { width, height, greens: [...data].filter((_, at) => at % 4 === 1) };
  }, STEP);

// What an act leaves of it, when it has come to rest.
async function pictureAfter(page: Page, act: () => Promise<void>): Promise<Picture> {
  const first = await pictureOf(page);
  await act();
  let last = first;
  for (let look = 0; look < 100; look++) {
    await page.waitForTimeout(50);
    const now = await pictureOf(page);
    const isAsLast = String(now.greens) === String(last.greens);
    if (isAsLast && String(now.greens) !== String(first.greens)) return now;
    last = now;
  }
  return assert.fail("the image did not move, or came to no rest");
}

// How wide the tissue is in the middle of the view, in px of the screen.
function widthOfTissue({ width, height, greens }: Picture): number {
  const start = Math.floor(height / 2) * width;
  const row = greens.slice(start, start + width);
  const isTissue = (green: number) => green > 0 && green < GLASS; // 0: beside the image
  return STEP * (row.findLastIndex(isTissue) - row.findIndex(isTissue) + 1);
}

// By how much two pictures differ, the second moved back by so many px of the screen.
function difference(a: Picture, b: Picture, [dx, dy]: readonly [number, number]): number {
  const [across, down] = [dx / STEP, dy / STEP];
  let [sum, count] = [0, 0];
  for (let y = 0; y < a.height; y++)
    for (let x = 0; x < a.width; x++) {
      const [u, v] = [x + across, y + down];
      if (u < 0 || v < 0 || u >= b.width || v >= b.height) continue;
      sum += Math.abs((a.greens[y * a.width + x] ?? 0) - (b.greens[v * b.width + u] ?? 0));
      count++;
    }
  return sum / count;
}

describe("while a slide is scanned", { skip, timeout: 600_000 }, () => {
  const { onPage } = usePages();
  let file: string;

  before(() => {
    file = sectionFile(root);
  });

  test("The first map is painted while it is made", () =>
    onPage(async ({ page }) => {
      await choose(page, file);
      await page.locator(".slide-room[data-drawn]").waitFor();
      const seen = await picturesMeanwhile(page, () => scanAt(page, "2.5×"));
      await mapOf(page, "200 µm");
      assert.ok(seen >= 3, `${seen} pictures of the first map`);
    }));

  test("The wheel zooms around the pointer and dragging takes the image along, during the scan", () =>
    onPage(async ({ page }) => {
      await scanned(page, file);
      await button(page, /^Finer map/).click();
      await mapOf(page, "100 µm");
      await button(page, /^Finer map/).click(); // of more than 70,000 cells: it takes a while
      const progress = page.locator(".slide-head progress");
      await progress.waitFor();
      const assertRunning = async () =>
        assert.ok(await progress.isVisible(), "the scan is still under way");
      const room = await boxOf(page, ".slide-room");
      const [x, y] = [room.x + room.width / 2, room.y + room.height / 2];

      const whole = await pictureOf(page);
      await page.mouse.move(x, y);
      const larger = await pictureAfter(page, () => page.mouse.wheel(0, -100));
      await assertRunning();
      assertNear([widthOfTissue(larger) / widthOfTissue(whole)], [WHEEL], 0.04, "enlarged by");

      const way = [80, -40] as const;
      const moved = await pictureAfter(page, async () => {
        await page.mouse.down();
        await page.mouse.move(x + way[0], y + way[1], { steps: 4 });
        await page.mouse.up();
      });
      await assertRunning();
      const [along, inPlace] = [difference(larger, moved, way), difference(larger, moved, [0, 0])];
      assert.ok(along < 0.3 * inPlace, `${along} where it was dragged to, ${inPlace} where it was`);
      await button(page, "Cancel").click();
      await button(page, "Go on").waitFor();
    }));
});
