// The page's thread is never blocked, whatever is asked of a slide. A task of the page takes longer while
// another browser has the processor's caches and its other threads: these tests run one at a time, when
// nothing else of the tests does.
import { before, describe, test } from "node:test";
import { sectionFile } from "../../made_section.ts";
import { assertNeverBlocked, busyDuring } from "../busy.ts";
import { root, skip, usePages } from "../harness.ts";
import {
  button,
  choose,
  done,
  drawRegion,
  finestMap,
  mapOf,
  panel,
  saved,
  scanAt,
  scanned,
  SQUARE,
  star,
} from "../slide_steps.ts";

describe("a page with a slide", { skip, timeout: 600_000 }, () => {
  const { onPage } = usePages();
  let file: string;

  before(() => {
    file = sectionFile(root);
  });

  test("It is never blocked while a section is scanned, coarse and as fine as it goes", () =>
    onPage(async ({ page }) => {
      await choose(page, file);
      await page.locator(".slide-room[data-drawn]").waitFor();
      const busy = await busyDuring(page, async () => {
        await scanAt(page, "2.5×");
        await done(page);
        await button(page, /^Finer map/).click();
        await button(page, "Zoom in").click();
        await mapOf(page, "100 µm");
        await finestMap(page);
      });
      assertNeverBlocked(busy, "a section");
    }));

  test("It is never blocked while regions are drawn on a fine map and it is judged and saved", () =>
    onPage(async ({ page }) => {
      await scanned(page, file);
      const busy = await busyDuring(page, async () => {
        await drawRegion(page, SQUARE);
        await drawRegion(page, star([0.3, 0.5], 40));
        await finestMap(page);
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
});
