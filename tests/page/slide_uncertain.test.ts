// What is uncertain of a map, on the page: the summary's sentence, the cell under the pointer, the legend
// and what is saved, each by the model's band at the point in force, as a patch is judged.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { Report } from "../../public/src/figures/report.ts";
import { cividis } from "../../public/src/slide/cividis.ts";
import { areaText, shareText } from "../../public/src/slide/wording.ts";
import { decimal } from "../../public/src/wording.ts";
import { png } from "../made_images.ts";
import { section } from "../made_section.ts";
import { bandOf } from "../scan_setup.ts";
import { pixelsOf } from "./drawn.ts";
import { drop, root, skip, usePages } from "./harness.ts";
import { checkScreen } from "./screens.ts";
import {
  assertNear,
  CELL_MM2,
  cellsIn,
  cellsOf,
  hovered,
  isJudged,
  projection,
  type Cell,
} from "./slide_cells.ts";
import { button, downloaded, dropFilm, panel, saved, scanAt } from "./slide_steps.ts";

const WAIT = { timeout: 120_000 }; // of a machine that has other work
const SIZE = { width: 760, height: 590 };
const FIELD = { name: "field.png", bytes: png(section(SIZE)) };

type Band = ReturnType<typeof bandOf>;

const modelOf = (name: string) => join(root, `model/${name}.onnx`);
const own = bandOf(modelOf("best"));
const report = JSON.parse(readFileSync(join(root, "model/best.report.json"), "utf8")) as Report;

const bandAt = (threshold: number): Band => ({
  ...own,
  low: Math.min(own.low, threshold),
  high: Math.max(own.high, threshold),
});

const isOpen = ({ low, high }: Band, probability: number) =>
  probability >= low && probability < high;

async function scan(page: Page): Promise<void> {
  await drop(page, [FIELD]);
  await scanAt(page, "2.5×");
  await button(page, /^Finer map/).waitFor(WAIT);
}

function sentence(band: Band, cells: readonly Cell[]): string {
  const judged = cells.filter(isJudged);
  const open = judged.filter(({ probability }) => isOpen(band, probability));
  const edges = `from ${decimal(band.low)} to ${decimal(band.high)}`;
  if (open.length === 0)
    return `None of the tissue judged is uncertain: no probability is ${edges}.`;
  return (
    `${shareText(open.length / judged.length)} of the tissue judged is uncertain, positive or not: ` +
    `have it read where the probability is ${edges}.`
  );
}

interface SavedImage {
  threshold: number;
  uncertain_from: number;
  uncertain_below: number;
  uncertain_mm2: number;
  uncertain_fraction: number;
  slide: { summary: { uncertain: Band } };
}

async function results(page: Page): Promise<SavedImage> {
  const { bytes } = await downloaded(page, () => button(page, "Save JSON").click());
  const { images } = JSON.parse(bytes.toString()) as { images: SavedImage[] };
  return images[0] ?? assert.fail("there is no image in the results");
}

describe("what is uncertain of a slide", { skip, timeout: 400_000 }, () => {
  const { open, onPage } = usePages();

  const onMap = (act: (page: Page) => Promise<void>) =>
    onPage(async ({ page }) => {
      await scan(page);
      await act(page);
    });

  test("The summary says how much at every point in force, and the results and the files with it", () =>
    onMap(async (page) => {
      const cells = await cellsOf(page);
      const judged = cells.filter(isJudged);
      const thresholds = [null, 0.08, 0.3, 0.7]; // the model's own; below, in and above its band
      for (const asked of thresholds) {
        if (asked !== null) {
          await page.getByRole("slider", { name: "Threshold" }).fill(String(asked));
          await panel(page).getByText(`own: threshold ${asked}`).waitFor(WAIT);
        }
        const band = bandAt(asked ?? report.threshold);
        await panel(page).getByText(sentence(band, cells)).waitFor(WAIT);
        const open = judged.filter(({ probability }) => isOpen(band, probability));
        const area = open.length * CELL_MM2;
        await panel(page)
          .locator('dt:text-is("Uncertain") + dd', { hasText: areaText(area) })
          .waitFor();
        const image = await results(page);
        assert.deepEqual([image.uncertain_from, image.uncertain_below], [band.low, band.high]);
        assertNear(
          [image.uncertain_mm2, image.uncertain_fraction],
          [area, open.length / judged.length],
          1e-6,
          `saved at ${image.threshold}`,
        );
        assert.equal(image.slide.summary.uncertain.coverage, own.coverage);

        const table = (await saved(page, "Tiles as CSV")).bytes.toString();
        assert.match(table, new RegExp(`^# uncertain_from,${band.low}\r$`, "m"));
        assert.match(table, new RegExp(`^# uncertain_below,${band.high}\r$`, "m"));
        assert.match(table, new RegExp(`^# uncertain_coverage,${own.coverage}\r$`, "m"));
        for (const { probability, uncertain } of cellsIn(table).filter(isJudged))
          assert.equal(uncertain, isOpen(band, probability), String(probability));
        const geojson = (await saved(page, "GeoJSON")).bytes.toString();
        assert.equal(geojson.split('"Uncertain":"have it read"').length - 1, open.length);
        const picture = (await saved(page, "Map as PNG")).bytes.toString("latin1");
        assert.ok(picture.includes(`"uncertain_from":${band.low},"uncertain_below":${band.high}`));
      }
    }));

  test("The cell under the pointer says so in a patch's words, and no other does", () =>
    onMap(async (page) => {
      // So that there are cells of each kind.
      const values = (await cellsOf(page)).filter(isJudged).map(({ probability }) => probability);
      values.sort((a, b) => a - b);
      const threshold = Math.max(0.005, Math.floor((values[4] ?? NaN) * 200) / 200);
      await page.getByRole("slider", { name: "Threshold" }).fill(String(threshold));
      await panel(page).getByText(`own: threshold ${threshold}`).waitFor(WAIT);
      const band = bandAt(threshold);
      const looked = (await cellsOf(page)).filter(({ row }) => row < 10); // above the scale bar
      const { at } = await projection(page, SIZE);
      const counts = { open: 0, answered: 0 };
      for (const cell of looked) {
        const said = await hovered(page, at(cell));
        const open = isJudged(cell) && isOpen(band, cell.probability);
        assert.equal(said.endsWith(", uncertain: have it read"), open, said);
        if (isJudged(cell)) counts[open ? "open" : "answered"] += 1;
      }
      assert.ok(counts.open > 0 && counts.answered > 0, JSON.stringify(counts));
    }));

  test("The legend is underlined there, and the line goes along with the threshold", () =>
    onMap(async (page) => {
      const underline = async () => {
        const across = Array.from({ length: 200 }, (_, x) => [x, 9] as const);
        const row = await pixelsOf(page, ".slide-legend-bar", across);
        const isLine = row.map(([r = 0, g = 0, b = 0], x) => {
          const colour = cividis(x / 199);
          return Math.max(...[r, g, b].map((value, c) => Math.abs(value - (colour[c] ?? 0)))) > 3;
        });
        return [isLine.indexOf(true) / 199, (isLine.lastIndexOf(true) + 1) / 199];
      };
      assertNear(await underline(), [own.low, own.high], 0.006, "the model's own");
      await page.locator(".slide-legend-uncertain").getByText("uncertain").waitFor();
      await page.getByRole("slider", { name: "Threshold" }).fill("0.8");
      await panel(page).getByText("own: threshold 0.8").waitFor(WAIT);
      assertNear(await underline(), [own.low, 0.8], 0.006, "widened");
    }));

  test("A film says it of the breast, and beside each of its marks", () =>
    onPage(async ({ page }) => {
      await dropFilm(page);
      await scanAt(page, "0.2 mm");
      await panel(page).locator(".gate-note").first().waitFor(WAIT);
      await page.locator(".slide-head progress").waitFor({ state: "hidden", ...WAIT });
      const act = button(page, "Judge what was refused anyway");
      if ((await act.count()) > 0) {
        await panel(page).getByText("Judge it anyway").click();
        await act.click();
      }
      await panel(page)
        .getByText(/of the breast judged is uncertain/)
        .waitFor(WAIT);
      const { low, high } = bandOf(modelOf("mammogram"));
      const marks = await page.locator(".slide-places button").allInnerTexts();
      assert.ok(marks.length > 0);
      for (const mark of marks) {
        const probability = Number(/^\d+: (\S+?)(,|$)/.exec(mark)?.[1]);
        const nearEdge = Math.min(...[low, high].map((edge) => Math.abs(edge - probability)));
        if (nearEdge < 0.001) continue; // rounded to three decimals it may be on either side
        assert.equal(
          mark.endsWith(", uncertain"),
          isOpen({ low, high, coverage: 0 }, probability),
          mark,
        );
      }
    }));

  for (const width of [390, 1280])
    for (const colorScheme of ["light", "dark"] as const)
      test(`The summary with it fits at ${width} px, ${colorScheme}`, async () => {
        const { page, complaints, close } = await open({ width, colorScheme });
        await scan(page);
        await page.waitForTimeout(300);
        await checkScreen(page, "slide-uncertain", `${width}-${colorScheme}`);
        assert.deepEqual(complaints, []);
        await close();
      });
});
