// What a person takes back or asks for anew while slides wait for each other.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { png } from "../made_images.ts";
import { section } from "../made_section.ts";
import { drop, skip, usePages, visibleText } from "./harness.ts";
import { button, panel, saved } from "./slide_steps.ts";

const small = png(section({ width: 760, height: 590 }));

const scanOf = (page: Page, objective: string) =>
  button(page, objective)
    .click()
    .then(() => button(page, "Scan at this scale").click());

const head = (page: Page) => page.locator(".slide-head");

describe("slides that wait", { skip, timeout: 600_000 }, () => {
  const { open } = usePages();

  // The models of the page's choice come when arrive() is called; the engine has its own already.
  async function withHeldModel(
    act: (page: Page, arrive: () => void) => Promise<void>,
  ): Promise<void> {
    const { page, complaints, close } = await open();
    let arrive: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => (arrive = resolve));
    await page.route(/seed-.*\.onnx/, async (route) => {
      await arrival;
      await route.continue();
    });
    await act(page, arrive);
    assert.deepEqual(complaints, []);
    await close();
  }

  test("A slide that waits for another is cancelled, and scanned when one asks for it", () =>
    withHeldModel(async (page, arrive) => {
      await drop(page, [{ name: "first.png", bytes: small }]);
      await scanOf(page, "2.5×");
      await button(page, /^Finer map/).waitFor({ timeout: 60_000 });
      // It holds the turn: its new model does not arrive.
      await page
        .getByRole("combobox", { name: "Read with the model" })
        .selectOption("Read with seed");
      await head(page).getByRole("button", { name: "Cancel" }).waitFor();
      await drop(page, [{ name: "second.png", bytes: small }]);
      const second = page.getByRole("option", { name: /second\.png/ });
      await second.filter({ hasText: "waiting" }).waitFor();
      await page.locator("#list [data-part=cancel]").click(); // of the list: all that is under way or waits
      await second.filter({ hasText: "stopped" }).waitFor();
      arrive();
      await second.click();
      await page.waitForTimeout(600); // what was not cancelled would begin by now
      assert.match(await visibleText(page, ".slide-head"), /^Stopped at 0/);
      await button(page, "Go on").click();
      await button(page, "Scan at this scale").waitFor();
    }));

  test("A map that is still being made is not saved, and its summary is of what was scanned last", () =>
    withHeldModel(async (page, arrive) => {
      await drop(page, [{ name: "first.png", bytes: small }]);
      await scanOf(page, "2.5×");
      await button(page, /^Finer map/).waitFor({ timeout: 60_000 });
      const choice = page.getByRole("combobox", { name: "Read with the model" });
      await choice.selectOption("Read with seed");
      await head(page).getByRole("button", { name: "Cancel" }).waitFor();
      await head(page).getByRole("button", { name: "Cancel" }).click();
      await button(page, "Go on").waitFor();
      arrive();
      await button(page, "Go on").click();
      await button(page, /^Finer map/).waitFor({ timeout: 60_000 });
      assert.match(await panel(page).innerText(), /Model\s+seed/);
      const table = (await saved(page, "Tiles as CSV")).bytes.toString("utf8");
      assert.match(table, /seed/);
    }));

  test("A picture is never saved with another image's map", async () => {
    const { page, complaints, close } = await open();
    const downloads: string[] = [];
    page.on("download", (download) => downloads.push(download.suggestedFilename()));
    await drop(page, [{ name: "first.png", bytes: small }]);
    await scanOf(page, "2.5×");
    await button(page, /^Finer map/).waitFor({ timeout: 60_000 });
    await drop(page, [{ name: "second.png", bytes: small }]);
    await page.getByRole("option", { name: /second\.png/ }).waitFor();
    await page.getByRole("option", { name: /first\.png/ }).click();
    await panel(page).getByText("Save the map").click();
    await page.getByRole("button", { name: "Map as PNG" }).waitFor();
    await page.evaluate(() => {
      const press = (selector: string, text: string) =>
        [...document.querySelectorAll<HTMLElement>(selector)]
          .find(({ textContent }) => textContent.includes(text))
          ?.click();
      press("button", "Map as PNG");
      press("[role=option]", "second.png"); // before the picture is made
    });
    await page.getByText(/The file could not be made/).waitFor();
    assert.deepEqual(downloads, []);
    assert.deepEqual(complaints, []);
    await close();
  });
});
