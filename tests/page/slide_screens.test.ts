// How a slide looks: question, map and summary on narrow and wide screens, on paper, and of a real
// section where it is.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { sectionFile } from "../made_section.ts";
import { root, skip, usePages } from "./harness.ts";
import { checkScreen, drawScreen } from "./screens.ts";
import { button, choose, done, scanAt, scanned, verdict } from "./slide_steps.ts";

const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const realSection = join(data, "idc/slides/8867.png");
const skipReal = existsSync(realSection) ? skip : `SKIPPED: no section in ${data}; set INSITU_DATA`;

describe("the looks of a slide", { skip, timeout: 600_000 }, () => {
  const { open, onPage } = usePages();
  let file: string;

  before(() => {
    file = sectionFile(root);
  });

  for (const width of [360, 1280]) {
    for (const colorScheme of ["light", "dark"] as const) {
      test(`Question, map and summary at ${width} px, ${colorScheme}, are accessible and fit`, async () => {
        const { page, complaints, close } = await open({
          width,
          colorScheme,
        });
        const variant = `${width}-${colorScheme}`;
        await choose(page, file);
        await page.locator(".slide-room[data-drawn]").waitFor();
        await checkScreen(page, "slide-question", variant);
        await scanAt(page, "2.5×");
        await done(page);
        await page.waitForTimeout(300);
        await checkScreen(page, "slide-map", variant);
        await button(page, /^1: .*show this place/).click();
        await page.waitForTimeout(900);
        await checkScreen(page, "slide-place", variant);
        assert.deepEqual(complaints, []);
        await close();
      });
    }
  }

  test("A section on paper is one page", async () => {
    const { page, close } = await open();
    await scanned(page, file);
    const paper = await page.pdf({ format: "A4" });
    const pages = paper.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g) ?? [];
    assert.equal(pages.length, 1);
    await close();
  });

  test(
    "A real section is scanned, finer too and dense by the seed, and drawn to be looked at",
    { skip: skipReal },
    () =>
      onPage(async ({ page }) => {
        await choose(page, realSection);
        await scanAt(page, "2.5×");
        for (let shot = 0; shot < 4; shot++) {
          await drawScreen(page, `slide-real-${shot}`);
          await page.waitForTimeout(150);
        }
        await done(page);
        await drawScreen(page, "slide-real-map");
        const head = (what: RegExp) =>
          page.locator(".slide-head p", { hasText: what }).waitFor({ timeout: 120_000 });
        await button(page, /^Finer map/).click();
        await head(/^Overlapping patches, a cell every 100 µm$/);
        await drawScreen(page, "slide-real-finer");
        // The default model pads, and has no dense map; the seed's has.
        await page
          .getByRole("combobox", { name: "Read with the model" })
          .selectOption("Read with seed");
        await head(/every 200 µm$/);
        await button(page, /^Finer map/).click();
        await head(/^Dense, a cell every 24 µm$/);
        await drawScreen(page, "slide-real-dense");
        assert.match(await verdict(page).innerText(), /of the tissue judged$/);
      }),
  );
});
