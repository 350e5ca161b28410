// A scan that is stopped: by hand, while its model is on its way, for the question of its scale, and as a
// finer map.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { sectionFile } from "../made_section.ts";
import { root, skip, usePages, visibleText } from "./harness.ts";
import { button, choose, done, dropFilm, panel, scanAt, scanned, verdict } from "./slide_steps.ts";

describe("a scan that is stopped", { skip, timeout: 600_000 }, () => {
  const { onPage } = usePages();
  let file: string;

  before(() => {
    file = sectionFile(root);
  });

  test("Cancelling ends the workers of the scan; what is left can be scanned after all", () =>
    onPage(async ({ page }) => {
      await scanned(page, file);
      await button(page, /^Finer map/).click();
      await page.locator(".slide-head", { hasText: "left" }).waitFor();
      const scanning = page.workers().length;
      await page.locator(".slide-head").getByRole("button", { name: "Cancel" }).click();
      await button(page, "Go on").waitFor();
      assert.match(await visibleText(page, ".slide-head"), /^Stopped at/);
      await page.waitForTimeout(300); // the browser tells of an end a little later
      const left = page.workers().length;
      assert.ok(scanning > 2);
      assert.equal(left, 2, "the file's worker and the patches': the scan's memory is given back");
      await button(page, "Go on").click();
      await page
        .locator(".slide-head p", { hasText: /every 100 µm$/ })
        .waitFor({ timeout: 120_000 });
      await page.locator("#remove").click();
      await page.locator("#start").waitFor();
      await page.waitForTimeout(300);
      assert.equal(page.workers().length, 1, "a closed slide leaves nothing");
    }));

  test("A scan is stopped while its model is still on its way, and goes on when one asks for it", () =>
    onPage(async ({ page }) => {
      let arrive: () => void = () => undefined;
      const arrival = new Promise<void>((resolve) => (arrive = resolve));
      await page.route(/mammogram.*\.onnx/, async (route) => {
        await arrival;
        await route.continue();
      });
      await dropFilm(page);
      await scanAt(page, "0.2 mm");
      const head = page.locator(".slide-head");
      await head.getByRole("button", { name: "Cancel" }).click();
      const resume = button(page, "Go on");
      await resume.waitFor();
      assert.match(await visibleText(page, ".slide-head"), /^Stopped at 0/);
      arrive();
      await page.waitForTimeout(600); // a scan that was not stopped would begin by now
      assert.equal(await resume.isVisible(), true, "and it stays stopped");
      await resume.click();
      await head.locator("progress").waitFor({ state: "hidden", timeout: 60_000 });
      await panel(page).locator(".gate-note").first().waitFor();
    }));

  test("The question of the scale waits while a scan is stopped for it, and can be taken back", () =>
    onPage(async ({ page }) => {
      await choose(page, file);
      await scanAt(page, "2.5×");
      await page.locator(".slide-head", { hasText: "left" }).waitFor();
      await page.getByRole("button", { name: "Change", exact: true }).click();
      const go = button(page, "Scan at this scale");
      await go.waitFor();
      await page.waitForTimeout(600); // what was under way has ended by then
      assert.equal(await go.isVisible(), true, "the question is still there");
      await button(page, "Keep the map as it is").click();
      await go.waitFor({ state: "detached" });
      await button(page, "Go on").click();
      await done(page);
      await page.getByRole("button", { name: "Change", exact: true }).click();
      await button(page, "Keep the map as it is").click();
      await done(page);
      assert.match(await verdict(page).innerText(), /of the tissue judged$/);
    }));

  test("A second finer map that is stopped leaves the first one's summary in force", () =>
    onPage(async ({ page }) => {
      const first = page.locator(".slide-head p", { hasText: /every 100 µm$/ });
      await scanned(page, file);
      await button(page, /^Finer map/).click();
      await first.waitFor({ timeout: 120_000 });
      await button(page, /^Finer map/).click();
      await page.locator(".slide-head", { hasText: "left" }).waitFor();
      await page.locator(".slide-head").getByRole("button", { name: "Cancel" }).click();
      await button(page, "Go on").waitFor();
      const before = await verdict(page).innerText();
      await page.getByRole("slider", { name: "Threshold" }).fill("0.05");
      await verdict(page).filter({ hasNotText: before }).waitFor();
      const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
      assert.match(text, /a cell every 100 µm/);
      assert.doesNotMatch(text, /Not read/);
    }));
});
