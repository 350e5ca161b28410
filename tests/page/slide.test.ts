// An image larger than a patch in the page, end to end: its scale is asked, its map painted while it is
// made, summed up, exported; zoomed and cancelled meanwhile.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { decodePng } from "../decode_png.ts";
import { pgm, png, tissue } from "../made_images.ts";
import { SECTION, section, sectionFile } from "../made_section.ts";
import { assertForQuPath } from "../qupath.ts";
import { assertNeverBlocked, busyDuring } from "./busy.ts";
import { drop, readAnswer, root, skip, usePages, visibleText } from "./harness.ts";
import { checkScreen, drawScreen } from "./screens.ts";
import {
  breast,
  button,
  choose,
  done,
  downloaded,
  mapOf,
  panel,
  saved,
  scanAt,
} from "./slide_steps.ts";

const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const realSection = join(data, "idc/slides/8867.png");
const skipReal = existsSync(realSection) ? skip : `SKIPPED: no section in ${data}; set INSITU_DATA`;

// What the model for films says of itself.
const filmModel = readFileSync(join(root, "model/mammogram.toml"), "utf8");
const FILM_WARNING = /^warning = "(.+)"$/m.exec(filmModel)?.[1] ?? "no warning";

const verdict = (page: Page) => panel(page).locator("h2.verdict");

// Returns the answer to the question of its kind.
async function dropFilm(page: Page): Promise<Locator> {
  const side = 1000;
  const grey = breast(side, { air: 6, skin: 20, tissue: 137, texture: 24 });
  const rgb = Uint8Array.from(
    { length: side * side * 3 },
    (_, at) => grey[Math.floor(at / 3)] ?? 0,
  );
  await drop(page, [{ name: "film.pgm", bytes: pgm({ width: side, height: side, rgb }) }]);
  const film = page.getByRole("radio", { name: "Mammogram (film)" });
  await film.waitFor();
  return film;
}

// A small section, for what does not need a large one.
const small = png(section({ width: 760, height: 590 }));

describe("slides", { skip, timeout: 600_000 }, () => {
  const { open, onPage } = usePages();
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

  test("The page is never blocked while a section is scanned, coarse and as fine as it goes", () =>
    onPage(async ({ page }) => {
      await choose(page, file);
      await page.locator(".slide-room[data-drawn]").waitFor();
      const busy = await busyDuring(page, async () => {
        await scanAt(page, "2.5×");
        await done(page);
        await button(page, /^Finer map/).click();
        await button(page, "Zoom in").click();
        await mapOf(page, "100 µm");
        await page
          .getByRole("combobox", { name: "Read with the model" })
          .selectOption("Read with seed");
        for (const scale of ["200 µm", "24 µm", "16 µm"]) {
          if (scale !== "200 µm") await button(page, /^Finer map/).click();
          await mapOf(page, scale);
        }
      });
      assertNeverBlocked(busy, "a section");
    }));

  test("Cancelling ends the workers of the scan; what is left can be scanned after all", () =>
    onPage(async ({ page }) => {
      await choose(page, file);
      await scanAt(page, "2.5×");
      await done(page);
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

  test("The map is saved as a picture, for QuPath and as a table, each with what made it", () =>
    onPage(async ({ page }) => {
      await choose(page, file);
      await scanAt(page, "2.5×");
      await done(page);
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
      await choose(page, file);
      await scanAt(page, "2.5×");
      await done(page);
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
      await choose(page, file);
      await scanAt(page, "2.5×");
      await done(page);
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
      await choose(page, file);
      await scanAt(page, "2.5×");
      await done(page);
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

  test("The threshold moves the map, the summary and the export together", () =>
    onPage(async ({ page }) => {
      await choose(page, file);
      await scanAt(page, "2.5×");
      await done(page);
      const threshold = page.getByRole("slider", { name: "Threshold" });
      await threshold.fill("0");
      await verdict(page).filter({ hasText: "100 %" }).waitFor();
      await threshold.fill("1");
      await verdict(page)
        .filter({ hasText: /^No IDC detected/ })
        .waitFor();
      assert.match(await panel(page).innerText(), /own: threshold 1/);
    }));

  test("A film goes to the scan with the mammogram's model, and its warning stands with the result", () =>
    onPage(async ({ page }) => {
      const film = await dropFilm(page);
      assert.equal(await film.isChecked(), true, "proposed, for it is grey");
      await scanAt(page, "0.2 mm");
      await panel(page).locator(".gate-note").first().waitFor({ timeout: 60_000 });
      await page.locator(".slide-head progress").waitFor({ state: "hidden", timeout: 60_000 });
      const text = await panel(page).innerText();
      assert.match(text, /Model\s+mammogram/);
      assert.doesNotMatch(text, /IDC/);
      const assertWarned = () =>
        panel(page).locator(".gate-note", { hasText: FILM_WARNING }).waitFor();
      await assertWarned();
      assert.ok(text.indexOf(FILM_WARNING) < text.indexOf(await verdict(page).innerText()));
      const results = await downloaded(page, () => button(page, "Save JSON").click());
      const { models } = JSON.parse(results.bytes.toString()) as { models: { warning: string }[] };
      assert.deepEqual(
        models.map(({ warning }) => warning),
        [FILM_WARNING],
      );
      const threshold = page.getByRole("slider", { name: "Threshold" });
      await threshold.fill("1");
      await verdict(page).filter({ hasText: "No suspicious mark on this film" }).waitFor();
      assert.equal(await panel(page).getByRole("heading", { name: "Marks" }).count(), 0);
      await assertWarned();
      await threshold.fill("0");
      await panel(page).getByText("Below the threshold").waitFor({ state: "detached" });
      await assertWarned();
    }));

  test("A field that is refused says why, and what to look at", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "field.png", bytes: small }]);
      await page.getByRole("spinbutton", { name: "Size of a pixel" }).fill("0.5");
      await button(page, "Scan at this scale").click();
      await verdict(page).filter({ hasText: "Nothing here could be judged" }).waitFor();
      assert.match(await panel(page).innerText(), /What was looked at was refused: /);
    }));

  test("What was refused is judged when one asks for it, which every file says, and left out again", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "field.png", bytes: small }]);
      await page.getByRole("spinbutton", { name: "Size of a pixel" }).fill("0.5");
      await button(page, "Scan at this scale").click();
      await verdict(page).filter({ hasText: "Nothing here could be judged" }).waitFor();
      const act = button(page, "Judge what was refused anyway");
      assert.equal(await act.isVisible(), false, "hidden until it is looked for");
      await panel(page).getByText("Judge it anyway").click();
      await drawScreen(page, "slide-anyway-asked");
      await act.click();
      const note = panel(page).locator(".gate-note", {
        hasText: /Refused, and judged because you asked for it: /,
      });
      await note.waitFor();
      assert.doesNotMatch(await verdict(page).innerText(), /Nothing here could be judged/);
      await drawScreen(page, "slide-anyway");
      for (const name of ["GeoJSON for QuPath", "Tiles as CSV"]) {
        const { bytes } = await saved(page, name);
        const text = bytes.toString("utf8");
        assert.match(text, /Refused, and judged because you asked for it: /, name);
        assert.match(text, /[Jj]udged anyway/, name);
      }
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        button(page, "Save JSON").click(),
      ]);
      const { images } = JSON.parse(readFileSync(await download.path(), "utf8")) as {
        images: Record<string, unknown>[];
      };
      assert.equal(images[0]?.["judged_anyway"], true);
      await button(page, "Leave out what was refused").click();
      await verdict(page).filter({ hasText: "Nothing here could be judged" }).waitFor();
      assert.equal(await note.count(), 0);
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
    await choose(page, file);
    await scanAt(page, "2.5×");
    await done(page);
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
