// What the gate refuses of a slide, and a film: what is said of them, and in what is saved.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { png } from "../made_images.ts";
import { section } from "../made_section.ts";
import { drop, root, skip, usePages } from "./harness.ts";
import { drawScreen } from "./screens.ts";
import { button, downloaded, dropFilm, panel, saved, scanAt, verdict } from "./slide_steps.ts";

// What the model for films says of itself.
const filmModel = readFileSync(join(root, "model/mammogram.toml"), "utf8");
const FILM_WARNING = /^warning = "(.+)"$/m.exec(filmModel)?.[1] ?? "no warning";

// A small section, for what does not need a large one.
const small = png(section({ width: 760, height: 590 }));

describe("what is refused of a slide", { skip, timeout: 600_000 }, () => {
  const { onPage } = usePages();

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
});
