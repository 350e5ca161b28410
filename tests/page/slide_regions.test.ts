// Regions drawn on a slide: the map is painted within them while it is made, and what is pointed at is told.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { sectionFile } from "../made_section.ts";
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
  scanAt,
  scanned,
  SQUARE,
  star,
} from "./slide_steps.ts";

describe("regions of a slide", { skip, timeout: 600_000 }, () => {
  const { open, onPage } = usePages();
  let file: string;

  before(() => {
    file = sectionFile(root);
  });

  const onMap = (act: (page: Page) => Promise<void>) =>
    onPage(async ({ page }) => {
      await scanned(page, file);
      await act(page);
    });

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
