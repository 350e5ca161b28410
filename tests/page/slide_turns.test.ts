// What a person takes back or asks for anew while slides wait for each other.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { STRIP_ROWS } from "../../public/src/slide/export/map-png.ts";
import { png } from "../made_images.ts";
import { section } from "../made_section.ts";
import { drop, skip, usePages, visibleText } from "./harness.ts";
import { button, drawRegion, panel, saved, SQUARE } from "./slide_steps.ts";

const small = png(section({ width: 760, height: 590 }));

const scanOf = (page: Page, objective: string) =>
  button(page, objective)
    .click()
    .then(() => button(page, "Scan at this scale").click());

const head = (page: Page) => page.locator(".slide-head");

describe("slides that wait", { skip, timeout: 600_000 }, () => {
  const { open, onPage } = usePages();

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

  test("A slide that was cancelled before its new model came is read by it when one asks", () =>
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

  // A scanned slide, with what can be saved of its map in sight; names are of what was saved.
  async function toSave(act: (page: Page, names: string[]) => Promise<void>): Promise<void> {
    await onPage(async ({ page }) => {
      const names: string[] = [];
      page.on("download", (download) => names.push(download.suggestedFilename()));
      await drop(page, [{ name: "first.png", bytes: small }]);
      await scanOf(page, "2.5×");
      await button(page, /^Finer map/).waitFor({ timeout: 60_000 });
      await panel(page).getByText("Save the map").click();
      await button(page, "Map as PNG").waitFor();
      await act(page, names);
    });
  }

  test("A map that is still being made is not saved", () =>
    toSave(async (page, names) => {
      await page.evaluate(() => {
        const named = (name: string) =>
          [...document.querySelectorAll("button")].find(({ textContent: t }) => t.includes(name));
        named("Finer map")?.click();
        named("Map as PNG")?.click(); // in the same breath
      });
      await page.getByText(/could not be made: the map is still being made/).waitFor();
      assert.deepEqual(names, []);
    }));

  // Between the first strip of the picture and the second, act: a name of an option to choose or of a button
  // to press, or values to move the slider to, of which the last one is not painted yet when the page goes on.
  const meanwhile = (page: Page, act: { choose?: string; press?: string; thresholds?: string[] }) =>
    page.evaluate(
      ({ choose, press, thresholds = [], strip }) => {
        const named = (selector: string, name: string) =>
          [...document.querySelectorAll<HTMLElement>(selector)].find((element) =>
            (element.getAttribute("aria-label") ?? element.textContent).includes(name),
          );
        const painted = () => new Promise((resolve) => setTimeout(resolve, 200)); // the small map is, by then
        const doIt = async () => {
          const slider = document.querySelector<HTMLInputElement>("input.slide-threshold");
          for (const threshold of thresholds) {
            Object.assign(slider ?? {}, { value: threshold });
            slider?.dispatchEvent(new Event("input", { bubbles: true }));
            if (threshold !== thresholds.at(-1)) await painted();
          }
          if (choose !== undefined) named("[role=option]", choose)?.click();
          if (press !== undefined) named("button", press)?.click();
          if (thresholds.length === 0) await painted();
        };
        const { prototype } = CanvasRenderingContext2D;
        const put = Reflect.get(prototype, "putImageData") as (...given: unknown[]) => void;
        let isDone = false;
        prototype.putImageData = new Proxy(put, {
          apply(_, on: CanvasRenderingContext2D, given: unknown[]) {
            put.apply(on, given);
            if (isDone || on.canvas.height !== strip || on.canvas.isConnected) return;
            isDone = true;
            const wait = Reflect.get(window, "setTimeout");
            window.setTimeout = ((then: () => void) => {
              window.setTimeout = wait;
              void doIt().then(then);
              return 0;
            }) as typeof wait;
          },
        });
      },
      { ...act, strip: STRIP_ROWS },
    );

  test("A picture is not saved with the map of an image that was chosen meanwhile", () =>
    toSave(async (page, names) => {
      await drop(page, [{ name: "second.png", bytes: small }]);
      const second = page.getByRole("option", { name: /second\.png/ });
      await second.filter({ hasText: "asks for its scale" }).waitFor();
      await page.getByRole("option", { name: /first\.png/ }).click();
      await button(page, "Map as PNG").waitFor();
      await meanwhile(page, { choose: "second.png" });
      await button(page, "Map as PNG").click();
      await page.getByText(/could not be made: another image is shown/).waitFor();
      assert.deepEqual(names, []);
    }));

  test("A picture is not saved with a map at another threshold than it says", () =>
    toSave(async (page, names) => {
      await meanwhile(page, { thresholds: ["0.9"] });
      await button(page, "Map as PNG").click();
      await page.getByText(/could not be made: the operating point was moved/).waitFor();
      assert.deepEqual(names, []);
    }));

  test("A picture is not saved with a map that is painted anew, the point being where it was", () =>
    toSave(async (page, names) => {
      await page.locator("input.slide-threshold").fill("0.6");
      await panel(page).locator("dd", { hasText: "threshold 0.6" }).waitFor();
      await meanwhile(page, { thresholds: ["0.9", "0.6"] });
      await button(page, "Map as PNG").click();
      await page.getByText(/could not be made: the map was changed meanwhile/).waitFor();
      assert.deepEqual(names, []);
    }));

  test("A picture is not saved with regions that were changed meanwhile", () =>
    toSave(async (page, names) => {
      await drawRegion(page, SQUARE);
      await meanwhile(page, { press: "Remove region 1" });
      await button(page, "Map as PNG").click();
      await page.getByText(/could not be made: the map was changed meanwhile/).waitFor();
      assert.deepEqual(names, []);
    }));
});
