// An image larger than a patch in the page, end to end: its scale is asked, its map painted while it is
// made, summed up, exported; zoomed meanwhile.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { decodePng } from "../decode_png.ts";
import { png, tissue } from "../made_images.ts";
import { SECTION, section, sectionFile } from "../made_section.ts";
import { assertForQuPath } from "../qupath.ts";
import { drop, readAnswer, root, skip, usePages, visibleText } from "./harness.ts";
import { drawScreen } from "./screens.ts";
import { button, choose, done, panel, saved, scanAt, scanned, verdict } from "./slide_steps.ts";

// A small section, for what does not need a large one.
const small = png(section({ width: 760, height: 590 }));

describe("slides", { skip, timeout: 600_000 }, () => {
  const { onPage } = usePages();
  let file: string;

  before(() => {
    file = sectionFile(root);
  });

  test("A patch and a section come in together: one is answered, the other asks its scale", () =>
    onPage(async ({ page }) => {
      await drop(page, [
        { name: "patch.png", bytes: png(tissue(50, 50, 1)) },
        { name: "field.png", bytes: small },
      ]);
      assert.match(await readAnswer(page), /IDC/);
      await page.locator("#slide-stage").waitFor({ state: "attached" });
      const row = page.getByRole("option", { name: /field\.png/ });
      await row.filter({ hasText: "asks for its scale" }).waitFor();
      await row.click();
      await button(page, "Scan at this scale").waitFor();
      assert.equal(await button(page, "Scan at this scale").isDisabled(), true, "never guessed");
      assert.equal(await page.locator("#stage").isVisible(), false);
      await page.getByRole("option", { name: /patch\.png/ }).click();
      assert.match(await readAnswer(page), /Probability of IDC/);
      assert.equal(await page.locator("#slide-stage").isVisible(), false);
    }));

  test("An enlargement is warned of beyond 1.5 times, and refused beyond 4", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "field.png", bytes: small }]);
      const size = page.getByRole("spinbutton", { name: "Size of a pixel" });
      const go = button(page, "Scan at this scale");
      await size.fill("6");
      assert.equal(await go.isEnabled(), true);
      assert.doesNotMatch(await panel(page).innerText(), /enlarged/);
      await size.fill("6.1");
      assert.match(await panel(page).innerText(), /would be enlarged 1\.5×/);
      assert.equal(await go.isEnabled(), true);
      await size.fill("16.1");
      assert.match(await panel(page).innerText(), /More than 4× is not read/);
      assert.equal(await go.isDisabled(), true);
    }));

  test("A section is scanned at the scale that was given, painted meanwhile, summed up, nothing sent", () =>
    onPage(async ({ page, requests }) => {
      await choose(page, file);
      const before = requests.length;
      await scanAt(page, "2.5×");
      await page.locator(".slide-head progress").waitFor();
      await drawScreen(page, "slide-scanning");
      await done(page);
      assert.equal(requests.length, before, "nothing was fetched for the scan");
      assert.match(await verdict(page).innerText(), /of the tissue judged$/);
      const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
      assert.match(text, /Tissue judged [\d.]+ mm²/);
      assert.match(text, /Rim, not judged [\d.]+ mm²/);
      assert.match(text, /4 µm\/px, given by hand; the model's own scale/);
      assert.match(text, /One patch beside the other, a cell every 200 µm/);
      assert.match(text, /Model best \d/);
      assert.match(await visibleText(page, "#proof"), /0 bytes sent to read it/);
      assert.match(await visibleText(page, "#proof"), /part that reads large images was fetched/);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        button(page, "Save JSON").click(),
      ]);
      const { images } = JSON.parse(readFileSync(await download.path(), "utf8")) as {
        images: Record<string, unknown>[];
      };
      assert.equal(images[0]?.["um_per_pixel"], 4);
      assert.equal(images[0]["scale_from"], "given by hand");
      assert.equal(images[0]["image_width"], SECTION.width);
      assert.ok((images[0]["tissue_mm2"] as number) > 10);
    }));

  test("The map is saved as a picture, for QuPath and as a table, each with what made it", () =>
    onPage(async ({ page }) => {
      await scanned(page, file);
      const picture = await saved(page, "Map as PNG");
      assert.equal(picture.name, "map.png");
      const { width, height } = decodePng(picture.bytes);
      assert.equal(width, 1_600, "large ones are reduced");
      assert.ok(height > Math.round((1_600 * SECTION.height) / SECTION.width) + 100);
      const geojson = (await saved(page, "GeoJSON")).bytes.toString();
      const { insitu } = JSON.parse(geojson) as { insitu: Record<string, unknown> };
      assert.match(String(insitu["model_sha256"]), /^[0-9a-f]{64}$/);
      const features = assertForQuPath(geojson, { width: 3800, height: 2950 });
      assert.ok(features.length > 100);
      assert.ok(features.every(({ properties }) => properties.objectType === "tile"));
      const table = (await saved(page, "Tiles as CSV")).bytes.toString();
      const cells = table.split("\r\n").filter((line) => /^\d/.test(line));
      assert.equal(cells.length, 76 * 59);
      assert.match(table, /# notice,For research and education\. Not a medical device\./);
      assert.doesNotMatch(geojson + table, /section-3800/, "the file's name was not asked for");
      await page.getByRole("checkbox", { name: "With the file's name" }).check();
      assert.equal((await saved(page, "Map as PNG")).name, "section-3800x2950.map.png");
      const named = await saved(page, "Tiles as CSV");
      assert.equal(named.name, "section-3800x2950.tiles.csv");
      assert.match(named.bytes.toString(), /# file,section-3800x2950\.png/);
      await page.getByRole("slider", { name: "Threshold" }).fill("0.5"); // the panel is made anew
      await panel(page).getByText("threshold 0.5").first().waitFor();
      const box = page.getByRole("checkbox", { name: "With the file's name" });
      assert.equal(await box.isChecked(), true);
      await box.uncheck();
      assert.equal((await saved(page, "GeoJSON")).name, "map.geojson");
    }));

  test("A region limits the analysis, a ruler measures, and both can be removed", () =>
    onPage(async ({ page }) => {
      await scanned(page, file);
      const tissueText = async () =>
        /Tissue judged\s+([\d.]+)/.exec(await panel(page).innerText())?.[1];
      const wholeText = await tissueText();
      const whole = Number(wholeText);
      const room = await page.locator(".slide-room").boundingBox();
      assert.ok(room);
      const at = (u: number, v: number) =>
        [room.x + u * room.width, room.y + v * room.height] as const;
      await button(page, "Region").click();
      for (const [u, v] of [
        [0.4, 0.4],
        [0.6, 0.4],
        [0.6, 0.6],
        [0.4, 0.6],
      ] as const)
        await page.mouse.click(...at(u, v));
      await page.mouse.click(...at(0.4, 0.4)); // closes it
      await panel(page).getByText("Outside the regions").waitFor();
      assert.ok(Number(await tissueText()) < whole / 3);
      await button(page, "Remove region 1").click();
      await panel(page).getByText("Outside the regions").waitFor({ state: "detached" });
      const asBefore = new RegExp(
        `Tissue judged\\s*${String(wholeText).replace(".", "\\.")}(?![\\d.])`,
      );
      await panel(page).filter({ hasText: asBefore }).waitFor();
      await button(page, "Ruler").click();
      await page.mouse.move(...at(0.3, 0.5));
      await page.mouse.down();
      await page.mouse.move(...at(0.7, 0.5), { steps: 4 });
      await page.mouse.up();
      const measured = await panel(page).locator(".slide-drawn li").innerText();
      assert.match(measured, /^[\d.]+ mm/);
      await button(page, /^Remove the measurement/).click();
      assert.equal(await panel(page).locator(".slide-drawn").count(), 0);
    }));

  test("All of it can be reached by keys, and ? lists them", () =>
    onPage(async ({ page }) => {
      await scanned(page, file);
      const image = page.getByRole("img", { name: /Arrow keys move it/ });
      await image.focus();
      const picture = () => page.locator(".slide-overlay").screenshot();
      const seen = [await picture()];
      for (const key of ["+", "ArrowRight", "ArrowDown", "m", "0"]) {
        await page.keyboard.press(key);
        await page.waitForTimeout(700);
        seen.push(await picture());
      }
      seen.reduce((last, next) => {
        assert.notDeepEqual(next, last);
        return next;
      });
      await page.keyboard.press("m");
      await page.keyboard.press("n");
      await page.keyboard.press("?");
      await page.getByRole("dialog").getByText("Next or previous suspicious place").waitFor();
      await page.keyboard.press("Escape");
      await button(page, /^1: .*show this place/).focus();
      await page.keyboard.press("Enter");
    }));

  test("The threshold moves the map, the summary and the export together", () =>
    onPage(async ({ page }) => {
      await scanned(page, file);
      const threshold = page.getByRole("slider", { name: "Threshold" });
      await threshold.fill("0");
      await verdict(page).filter({ hasText: "100 %" }).waitFor();
      await threshold.fill("1");
      await verdict(page)
        .filter({ hasText: /^No IDC detected/ })
        .waitFor();
      assert.match(await panel(page).innerText(), /own: threshold 1/);
    }));

  test("What cannot be opened says why, and the page goes on", () =>
    onPage(async ({ page }) => {
      const cut = small.subarray(0, small.length / 2);
      const tiff = Buffer.concat([Buffer.from("II*\0"), Buffer.alloc(60, 255)]);
      await drop(page, [
        { name: "cut.png", bytes: cut },
        { name: "lies.tif", bytes: tiff },
        { name: "patch.png", bytes: png(tissue(50, 50, 3)) },
      ]);
      const rows = page.getByRole("option");
      await rows.filter({ hasText: "lies.tif" }).filter({ hasText: "not read" }).waitFor();
      await rows.filter({ hasText: "cut.png" }).filter({ hasText: "not read" }).waitFor();
      await rows.filter({ hasText: "patch.png" }).click();
      assert.match(await readAnswer(page), /Probability of IDC/);
    }));
});
