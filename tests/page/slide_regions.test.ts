// Regions drawn on a slide: the map is painted within them while it is made, what is pointed at is told,
// and the page's thread is never blocked by them.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { sectionFile } from "../made_section.ts";
import { assertNeverBlocked, busyDuring } from "./busy.ts";
import { root, skip, usePages } from "./harness.ts";
import { checkScreen } from "./screens.ts";
import {
  button,
  choose,
  done,
  drawRegion,
  mapOf,
  panel,
  picturesMeanwhile,
  saved,
  scanAt,
  SQUARE,
  type Place,
} from "./slide_steps.ts";

// A star of so many corners around a place.
function star([u, v]: Place, corners: number): Place[] {
  return Array.from({ length: corners }, (_, at): Place => {
    const angle = (at / corners) * 2 * Math.PI;
    const reach = at % 2 === 0 ? 0.12 : 0.07;
    return [u + reach * Math.cos(angle), v + 1.3 * reach * Math.sin(angle)];
  });
}

describe("regions of a slide", { skip, timeout: 600_000 }, () => {
  const { open } = usePages();
  let file: string;

  before(() => {
    file = sectionFile(root);
  });

  async function onMap(act: (page: Page) => Promise<void>): Promise<void> {
    const { page, complaints, close } = await open();
    try {
      await choose(page, file);
      await scanAt(page, "2.5×");
      await done(page);
      await act(page);
      assert.deepEqual(complaints, []);
    } finally {
      await close();
    }
  }

  test("A finer map and another model's are painted in the regions while they are made", () =>
    onMap(async (page) => {
      await drawRegion(page, SQUARE);
      const finer = await picturesMeanwhile(page, () => button(page, /^Finer map/).click());
      await mapOf(page, "100 µm");
      assert.ok(finer >= 3, `${finer} pictures of a finer map`);
      const other = await picturesMeanwhile(page, async () => {
        const models = page.getByRole("combobox", { name: "Read with the model" });
        await models.selectOption("Read with seed");
      });
      await mapOf(page, "200 µm");
      assert.ok(other >= 3, `${other} pictures of another model's map`);
    }));

  test("The page is never blocked while regions are drawn on a fine map and it is judged and saved", () =>
    onMap(async (page) => {
      const busy = await busyDuring(page, async () => {
        await drawRegion(page, SQUARE);
        await drawRegion(page, star([0.3, 0.5], 40));
        const models = page.getByRole("combobox", { name: "Read with the model" });
        await models.selectOption("Read with seed");
        for (const scale of ["200 µm", "24 µm", "16 µm"]) {
          if (scale !== "200 µm") await button(page, /^Finer map/).click();
          await mapOf(page, scale);
        }
        await drawRegion(page, star([0.65, 0.5], 40));
        const threshold = page.getByRole("slider", { name: "Threshold" });
        for (const value of ["0.1", "0.5", "0.9"]) {
          await threshold.fill(value);
          await panel(page)
            .getByText(new RegExp(`threshold ${value}`))
            .first()
            .waitFor();
        }
        for (const name of ["Map as PNG", "GeoJSON", "Tiles as CSV"]) await saved(page, name);
        await button(page, "Remove region 2").click();
        await button(page, "Remove region 2").click();
        await button(page, "Remove region 1").click();
        await panel(page).getByText("Outside the regions").waitFor({ state: "detached" });
      });
      assertNeverBlocked(busy, "regions on a fine map");
    }));

  for (const width of [390, 1280]) {
    for (const colorScheme of ["light", "dark"] as const) {
      test(`A warned scale, regions and what is saved at ${width} px, ${colorScheme}, are accessible and fit`, async () => {
        const options = { width, colorScheme };
        const { page, complaints, close } = await open(options);
        const variant = `${width}-${colorScheme}`;
        await choose(page, file);
        await page.getByRole("spinbutton", { name: "Size of a pixel" }).fill("6.1");
        await panel(page).getByText("is likely to be refused").waitFor();
        await checkScreen(page, "slide-warned", variant);
        await scanAt(page, "2.5×");
        await done(page);
        await drawRegion(page, star([0.5, 0.5], 12));
        await panel(page).getByText("Save the map").click();
        await page.getByRole("checkbox", { name: "With the file's name" }).waitFor();
        await checkScreen(page, "slide-regions", variant);
        assert.deepEqual(complaints, []);
        await close();
      });
    }
  }
});
