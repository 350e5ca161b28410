// The operating point of a slide, moved: what follows it on the page, what is saved of it, and that it is
// one point wherever it is shown.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { Report } from "../../public/src/figures/report.ts";
import { areaText, shareText } from "../../public/src/slide/wording.ts";
import { decimal } from "../../public/src/wording.ts";
import { png, tissue } from "../made_images.ts";
import { section } from "../made_section.ts";
import { pixelsOf } from "./drawn.ts";
import { drop, readAnswer, root, skip, usePages } from "./harness.ts";
import { CELL_MM2, cellsIn, isJudged, projection, type Cell } from "./slide_cells.ts";
import { button, downloaded, panel, saved } from "./slide_steps.ts";

const WAIT = { timeout: 120_000 }; // of a machine that has other work
const SIZE = { width: 760, height: 590 };
const FIELD = { name: "field.png", bytes: png(section(SIZE)) };

const report = JSON.parse(readFileSync(join(root, "model/best.report.json"), "utf8")) as Report;
const { curve } = report;

async function scan(page: Page): Promise<void> {
  await button(page, "2.5×").click();
  await button(page, "Scan at this scale").click();
  await button(page, /^Finer map/).waitFor(WAIT);
}

// The panel that moves the point: of the slide, or of a patch.
const mover = (page: Page, of = "#slide-panel") => page.locator(`${of} .operating-point`);

async function openMover(page: Page, of = "#slide-panel"): Promise<void> {
  await page.locator(of).getByRole("button", { name: "Change the operating point" }).click();
  await mover(page, of).waitFor();
}

const choose = (page: Page, preset: string, of = "#slide-panel") =>
  mover(page, of).getByRole("button", { name: preset, exact: true }).click();

const assertAt = (page: Page, threshold: number, of = "#slide-panel") =>
  mover(page, of)
    .locator(".point-threshold", { hasText: new RegExp(`^${decimal(threshold, 4)}$`) })
    .waitFor();

const strip = (page: Page) => page.locator("input.slide-threshold"); // the slider at the map

// What the panel has beside a name.
const fact = (page: Page, name: string, text: string | RegExp) =>
  panel(page).locator(`dt:text-is("${name}") + dd`, { hasText: text }).waitFor();

const judgedAt = (page: Page, name: string, threshold: number) =>
  fact(page, "Judged at", `${name}: threshold ${decimal(threshold)}`);

const thresholdOf = (name: string): number =>
  report.model.operating_points?.find((point) => point.name === name)?.threshold ?? NaN;

// That the summary, the map and the number at it are those of the threshold.
async function assertFollows(page: Page, cells: readonly Cell[], name: string, threshold: number) {
  const judged = cells.filter(isJudged);
  const positive = judged.filter(({ probability }) => probability >= threshold);
  await judgedAt(page, name, threshold);
  await fact(page, "Positive", areaText(CELL_MM2 * positive.length));
  await fact(page, "Tissue judged", areaText(CELL_MM2 * judged.length));
  const share = shareText(positive.length / judged.length);
  const headline = positive.length === 0 ? "No IDC detected" : `IDC in ${share} of the tissue`;
  await panel(page).locator("h2.verdict", { hasText: headline }).waitFor();
  const at = `threshold ${decimal(threshold)}`;
  await page.locator(".slide-legend-scale", { hasText: at }).waitFor();
  const { at: place } = await projection(page, SIZE);
  const looked = judged.filter(({ row }) => row < 10); // the scale bar lies over the lowest cells
  const alphas = (await pixelsOf(page, ".slide-overlay", looked.map(place))).map(([, , , a]) => a);
  assert.deepEqual(
    alphas,
    looked.map(({ probability }) => (probability >= threshold ? 255 : 110)),
    `the map at ${threshold}`,
  );
}

// That the files say so: the table of the map, and the results.
async function assertSaved(page: Page, name: string, threshold: number): Promise<void> {
  const table = (await saved(page, "Tiles as CSV")).bytes.toString();
  assert.match(table, new RegExp(`^# operating_point,${name}\r$`, "m"));
  assert.match(table, new RegExp(`^# threshold,${threshold}\r$`, "m"));
  for (const { probability, positive } of cellsIn(table).filter(isJudged))
    assert.equal(positive, probability >= threshold, String(probability));
  const results = await downloaded(page, () => button(page, "Save CSV").click());
  const [names = [], values = []] = results.bytes
    .toString()
    .replace("\uFEFF", "")
    .split("\r\n")
    .map((line) => line.split(","));
  const value = (of: string) => values[names.indexOf(of)];
  assert.deepEqual([value("operating_point"), value("threshold")], [name, String(threshold)]);
}

describe("the operating point of a slide", { skip, timeout: 400_000 }, () => {
  const { open, onPage } = usePages();

  const onMap = (act: (page: Page) => Promise<void>) =>
    onPage(async ({ page }) => {
      await drop(page, [FIELD]);
      await scan(page);
      await act(page);
    });

  test("Moved, it changes the positive area and the map at once, and what is saved names it", () =>
    onMap(async (page) => {
      const cells = cellsIn((await saved(page, "Tiles as CSV")).bytes.toString());
      await page.getByRole("slider", { name: "Opacity of the map" }).fill("1");
      await openMover(page);
      await assertFollows(page, cells, "balanced", report.threshold);
      const slider = mover(page).getByRole("slider");
      const areas = new Set<string>();
      for (const preset of ["screen", "confirm"]) {
        await choose(page, preset === "screen" ? "Screen" : "Confirm");
        await assertFollows(page, cells, preset, thresholdOf(preset));
        await assertSaved(page, preset, thresholdOf(preset));
      }
      for (const at of [0.25, 0.5, 0.75, 1].map((share) =>
        Math.round(share * (curve.length - 1)),
      )) {
        await slider.fill(String(at));
        const threshold = curve[at]?.threshold ?? NaN;
        const name = report.model.operating_points?.find(
          (one) => one.threshold === threshold,
        )?.name;
        await assertFollows(page, cells, name ?? "own", threshold);
        await assertSaved(page, name ?? "own", threshold);
        areas.add(await panel(page).locator('dt:text-is("Positive") + dd').innerText());
      }
      assert.ok(areas.size > 2, `the area is ${[...areas].join(", ")}`);
      const [before = NaN, after = NaN] = [-1, -2].map((back) => curve.at(back)?.threshold);
      await assertAt(page, before);
      await slider.press("ArrowLeft");
      await assertFollows(page, cells, "own", after);
    }));

  test("A threshold of many decimals is summed up once, and saved with all of them", () =>
    onMap(async (page) => {
      await openMover(page);
      const longest = curve.toSorted(
        (a, b) => String(b.threshold).length - String(a.threshold).length,
      )[0];
      assert.ok(longest);
      const { threshold } = longest;
      await mover(page)
        .getByRole("slider")
        .fill(String(curve.indexOf(longest)));
      await judgedAt(page, "own", threshold);
      await page.waitForTimeout(500);
      const drawn = await page.evaluate(async () => {
        let changes = 0;
        const summary = document.querySelector(".slide-summary");
        if (summary === null) throw new Error("there is no summary");
        const watch = new MutationObserver((seen) => (changes += seen.length));
        watch.observe(summary, { childList: true });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        watch.disconnect();
        return changes;
      });
      assert.equal(drawn, 0, "the page is at rest");
      await assertSaved(page, "own", threshold);
    }));

  test("Offering it leaves it where the map's slider put it, and the two go together from then on", () =>
    onMap(async (page) => {
      await strip(page).fill("0.3");
      await fact(page, "Judged at", "own: threshold 0.3, sensitivity and specificity not given");
      await openMover(page);
      await assertAt(page, 0.3);
      await fact(
        page,
        "Judged at",
        /^own: threshold 0\.3, sensitivity 0\.\d+, specificity 0\.\d+$/,
      );
      await choose(page, "Screen");
      await judgedAt(page, "screen", thresholdOf("screen"));
      // The map's slider has steps of .005.
      const shown = Number(await strip(page).inputValue());
      assert.ok(Math.abs(shown - thresholdOf("screen")) <= 0.0025, `the slider is at ${shown}`);
      await strip(page).fill("0.5");
      await assertAt(page, 0.5);
      await judgedAt(page, "own", 0.5);
    }));

  test("A panel that did not load is told of, and comes when it is asked for again", async () => {
    const { page, close } = await open();
    await page.route(/figures-[0-9a-f]+\.js/, (route) => route.abort());
    await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1)) }]);
    await readAnswer(page);
    const change = page
      .locator("#point")
      .getByRole("button", { name: "Change the operating point" });
    await change.click();
    await page.getByText(/^The operating point did not load: .* try again\.$/).waitFor();
    await page.unroute(/figures-[0-9a-f]+\.js/);
    await openMover(page, "#point");
    await assertAt(page, report.threshold, "#point");
    await close();
  });

  test("It is one point of the model, beside a patch and beside a slide", () =>
    onPage(async ({ page }) => {
      const patch = page.getByRole("option", { name: /patch\.png/ });
      const slide = page.getByRole("option", { name: /field\.png/ });
      const ofPatch = page.locator('#answer [data-part="operating-point"]');
      await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1)) }, FIELD]);
      await patch.click();
      await readAnswer(page);
      await openMover(page, "#point");
      await choose(page, "Confirm", "#point");
      await ofPatch.getByText(/^confirm: /).waitFor();
      await slide.click();
      await scan(page);
      await judgedAt(page, "confirm", thresholdOf("confirm"));
      await openMover(page);
      await assertAt(page, thresholdOf("confirm"));
      await judgedAt(page, "confirm", thresholdOf("confirm"));
      await choose(page, "Screen");
      await judgedAt(page, "screen", thresholdOf("screen"));
      await patch.click();
      await ofPatch.getByText(/^screen: /).waitFor();
      await assertAt(page, thresholdOf("screen"), "#point");
      await choose(page, "Balanced", "#point");
      await ofPatch.getByText(/^balanced: /).waitFor();
      // And one prevalence, told at either.
      const predicted = (of: string) =>
        mover(page, of).locator('dt:text-is("PPV") + dd').textContent();
      const usual = await predicted("#point");
      await mover(page, "#point").getByLabel("Your prevalence, %").fill("2");
      const told = await predicted("#point");
      assert.notEqual(told, usual);
      await slide.click();
      await assertAt(page, report.threshold);
      await judgedAt(page, "balanced", report.threshold);
      assert.equal(await mover(page).getByLabel("Your prevalence, %").inputValue(), "2");
      assert.equal(await predicted("#slide-panel"), told);
    }));
});
