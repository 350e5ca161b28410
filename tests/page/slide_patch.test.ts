// A place of a map read as a patch of its own: with the map's answer, at the model's own scale, and what
// the network used.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { png } from "../made_images.ts";
import { section } from "../made_section.ts";
import { drop, probabilityIn, readAnswer, skip, usePages } from "./harness.ts";
import { drawScreen } from "./screens.ts";
import { cellsOf, hovered, isJudged, projection } from "./slide_cells.ts";
import { button, done, dropFilm, panel, scanAt } from "./slide_steps.ts";

const FIELD = section({ width: 760, height: 590 });
const SIZE = { width: FIELD.width, height: FIELD.height };
const SHOWN_TO = 0.0051; // what is shown of a probability is rounded

const reads = (page: Page) => panel(page).getByRole("button", { name: /read as a patch/ });

async function mapField(page: Page): Promise<void> {
  await drop(page, [{ name: "field.png", bytes: png(FIELD) }]);
  await scanAt(page, "2.5×");
  await done(page);
}

// Of the patch that was read last.
async function assertRead(page: Page, probability: number, name: string): Promise<void> {
  await page.locator("#list").getByText(name).first().waitFor();
  const answer = await readAnswer(page);
  assert.ok(Math.abs(probabilityIn(answer) - probability) < SHOWN_TO, `${answer}: ${probability}`);
}

describe("a place of a map as a patch", { skip, timeout: 300_000 }, () => {
  const { onPage } = usePages();

  test("The most suspicious place is read with the map's probability, and explained", () =>
    onPage(async ({ page }) => {
      await mapField(page);
      const cells = (await cellsOf(page)).filter(isJudged);
      const [most] = cells.toSorted((a, b) => b.probability - a.probability);
      assert.ok(most);
      await drawScreen(page, "slide-places");
      await reads(page).first().click();
      await assertRead(page, most.probability, `patch at ${most.x - 25}, ${most.y - 25}`);
      await button(page, "Show what the network used").click();
      await page.locator('#stage [data-part="map"]:visible').waitFor();
      await drawScreen(page, "slide-patch");
    }));

  test("The key E reads the place under the pointer", () =>
    onPage(async ({ page }) => {
      await mapField(page);
      const cells = (await cellsOf(page)).filter(isJudged);
      const { at } = await projection(page, SIZE);
      const cell = cells[Math.floor(cells.length / 2)];
      assert.ok(cell);
      await page.locator(".slide-room [role=img]").first().focus();
      await hovered(page, at(cell));
      await page.keyboard.press("e");
      await assertRead(page, cell.probability, `patch at ${cell.x - 25}, ${cell.y - 25}`);
    }));

  test("The key E reads the place gone to, wherever the pointer rested before, and the list has the focus", () =>
    onPage(async ({ page }) => {
      await mapField(page);
      const cells = (await cellsOf(page)).filter(isJudged);
      const [most] = cells.toSorted((a, b) => b.probability - a.probability);
      const { at } = await projection(page, SIZE);
      assert.ok(most);
      const other = cells.find(({ column, row }) => column !== most.column && row !== most.row);
      assert.ok(other);
      await page.locator(".slide-room [role=img]").first().focus();
      await hovered(page, at(other));
      await page.keyboard.press("n");
      await page.keyboard.press("e");
      await assertRead(page, most.probability, `patch at ${most.x - 25}, ${most.y - 25}`);
      await page.locator('#list [data-part="rows"]:focus').waitFor();
    }));

  test("A film's places are not offered to what reads patches", () =>
    onPage(async ({ page }) => {
      await dropFilm(page);
      await scanAt(page, "0.2 mm");
      await page.locator(".slide-head progress").waitFor({ state: "hidden", timeout: 60_000 });
      const act = button(page, "Judge what was refused anyway");
      if ((await act.count()) > 0) {
        await panel(page).getByText("Judge it anyway").click();
        await act.click();
      }
      await panel(page)
        .getByRole("button", { name: /show this place/ })
        .first()
        .waitFor({ timeout: 60_000 });
      assert.equal(await reads(page).count(), 0);
    }));
});
