// The charts of an evaluation, as the browser draws them: where every point of a report that was worked
// out by hand lies, and those of the report beside a model.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import type { Report } from "../../public/src/figures/report.ts";
import { reportByHand } from "../made_report.ts";
import { buildSite, root, skip, usePages } from "./harness.ts";

type Point = readonly [x: number, y: number];

interface Shape {
  name: string; // its class; "" of the numbers at the axes
  points: Point[]; // of a line, an area, a text; on the scales of the axes, like all that follows
  middle: Point;
  width: number; // px
  text: string;
}

const EXACT = 0.0003; // of an axis: the drawing is rounded to a hundredth of a pixel

async function openFigures(page: Page): Promise<void> {
  await page.locator("#foot").getByRole("link", { name: "How good is it?" }).click();
  await page.getByRole("heading", { name: "Measures" }).waitFor();
}

const chart = (page: Page, title: string): Locator =>
  page.locator("figure", { has: page.getByRole("heading", { name: title, exact: true }) });

// All of it that is seen, in the order in which it is drawn. top: where the upright axis ends.
async function shapesOf(figure: Locator, top = 1): Promise<Shape[]> {
  const drawn = await figure.locator("svg").evaluate((svg) =>
    [...svg.children].map((element) => {
      const { x, y, width, height } = (element as SVGGraphicsElement).getBBox();
      const numbers = (text: string | null) => (text ?? "").match(/-?[\d.]+/g)?.map(Number) ?? [];
      const at = [element.getAttribute("x"), element.getAttribute("y")].join(" ");
      return {
        name: element.getAttribute("class") ?? "",
        numbers: numbers(element.getAttribute("points") ?? at),
        middle: [x + width / 2, y + height / 2],
        width,
        text: element.textContent,
        isSeen: getComputedStyle(element).display !== "none",
      };
    }),
  );
  const axis = drawn.find(({ name }) => name === "plot-axis");
  assert.ok(axis, "there are axes");
  const [left = NaN, above = NaN, , below = NaN, right = NaN] = axis.numbers;
  const onAxes = (x = NaN, y = NaN): Point => [
    (x - left) / (right - left),
    ((below - y) / (below - above)) * top,
  ];
  return drawn
    .filter(({ isSeen }) => isSeen)
    .map(({ name, numbers, middle, width, text }) => ({
      name,
      points: numbers.flatMap((x, at) => (at % 2 === 0 ? [onAxes(x, numbers[at + 1])] : [])),
      middle: onAxes(...middle),
      width,
      text,
    }));
}

const named = (shapes: readonly Shape[], name: string) =>
  shapes.filter((shape) => shape.name === name);

function assertPoints(seen: readonly Point[], expected: readonly Point[], of: string): void {
  const said = `${of}: ${JSON.stringify(seen)}, not ${JSON.stringify(expected)}`;
  assert.equal(seen.length, expected.length, said);
  const isNear = ([x, y]: Point, [u = NaN, v = NaN]: readonly number[]) =>
    Math.abs(x - u) < EXACT && Math.abs(y - v) < EXACT;
  assert.ok(
    seen.every((point, at) => isNear(point, expected[at] ?? [])),
    said,
  );
}

// The only shape of that name.
function assertDrawn(shapes: readonly Shape[], name: string, expected: readonly Point[]): void {
  const found = named(shapes, name);
  assert.equal(found.length, 1, `${found.length} of ${name}`);
  assertPoints(found[0]?.points ?? [], expected, name);
}

const middles = (shapes: readonly Shape[], name: string) =>
  named(shapes, name).map(({ middle }) => middle);

// That each number stands at its place on its axis, and the titles beside them.
function assertAxes(shapes: readonly Shape[], across: string, upright: string): void {
  const numbers = named(shapes, "");
  const at = (from: number) => numbers.slice(from, from + 6);
  for (const { text, middle } of at(0))
    assert.ok(Math.abs(middle[0] - Number(text)) < 0.01, `${text} is at ${middle[0]}`);
  for (const { text, middle } of at(6))
    assert.ok(Math.abs(middle[1] - Number(text)) < 0.02, `${text} is at ${middle[1]}`);
  const ticks = ["0", "0.2", "0.4", "0.6", "0.8", "1"];
  assert.deepEqual(
    numbers.map(({ text }) => text),
    upright === "" ? ticks : [...ticks, ...ticks],
  );
  const titles = named(shapes, "plot-title").map(({ text }) => text);
  assert.deepEqual(titles, [across, upright]);
}

const isNamed = (figure: Locator, name: string) =>
  figure.getByRole("img", { name, exact: true }).waitFor();

// The cells of the rows under "Numbers".
async function numbersOf(figure: Locator): Promise<string[][]> {
  const rows = await figure.locator("tbody tr").all();
  return Promise.all(rows.map((row) => row.locator("th, td").allTextContents()));
}

const caption = (figure: Locator) => figure.locator("figcaption").innerText();

const ROC: Point[] = [
  [1, 1],
  [0.05, 1],
  [0.05, 0.5],
  [0, 0.25],
  [0, 0],
];

describe("the charts of a report that was worked out by hand", { skip, timeout: 300_000 }, () => {
  const work = mkdtempSync(join(tmpdir(), "insitu-charts-"));
  const site = join(work, "site");

  before(() => {
    const models = join(work, "models");
    mkdirSync(models);
    const network = readFileSync(join(root, "model/seed.onnx"));
    const sha256 = createHash("sha256").update(network).digest("hex");
    copyFileSync(join(root, "model/seed.onnx"), join(models, "seed.onnx"));
    const report = reportByHand({ id: "seed", sha256 });
    writeFileSync(join(models, "seed.report.json"), JSON.stringify(report));
    buildSite(["--models", models, "--out", site]);
  });
  const { onPage } = usePages({}, site);
  after(() => rmSync(work, { recursive: true }));

  const onChart = (title: string, act: (figure: Locator, page: Page) => Promise<void>) =>
    onPage(async ({ page }) => {
      await openFigures(page);
      await act(chart(page, title), page);
    });

  test("The ROC curve goes through its points, in a band between the ends of both intervals", () =>
    onChart("ROC curve", async (figure) => {
      const shapes = await shapesOf(figure);
      assertAxes(shapes, "1 − specificity", "Sensitivity");
      await isNamed(
        figure,
        "ROC curve: sensitivity against 1 − specificity. AUC 0.975 (0.900 to 1.000).",
      );
      assertDrawn(shapes, "plot-line", ROC);
      assertDrawn(shapes, "plot-chance", [
        [0, 0],
        [1, 1],
      ]);
      assertDrawn(shapes, "plot-band", [
        // the better ends; at 0.85 specificity has no interval
        [1, 1],
        [0, 1],
        [0, 0.75],
        [0, 0],
        // and back along the worse ones
        [0, 0],
        [0.1, 0.25],
        [0.1, 0.8],
        [1, 1],
      ]);
      assertPoints(middles(shapes, "plot-ring"), ROC.slice(1, 4), "the named points");
      const notes = named(shapes, "plot-note").map(({ text }) => text);
      assert.deepEqual(notes, ["screen", "balanced", "confirm"]);
      assert.match(await caption(figure), /^AUC 0\.975 \(0\.900 to 1\.000\)\. Dashed: chance\./);
      const rows = await numbersOf(figure);
      assert.equal(rows.length, 5);
      assert.deepEqual(
        rows[2],
        "0.65|0.500|0.250 to 0.750|0.950|0.900 to 1.000|0.667|0.400 to 0.900".split("|"),
      );
      assert.deepEqual(rows[4]?.slice(5), ["–", "–"], "nothing is called positive at 1");
    }));

  test("Precision against recall leaves out where nothing is called positive, over the share of positives", () =>
    onChart("Precision and recall", async (figure) => {
      const shapes = await shapesOf(figure);
      assertAxes(shapes, "Recall (sensitivity)", "Precision");
      await isNamed(figure, "Precision-recall curve at a prevalence of 16.7\u00a0%.");
      assertDrawn(shapes, "plot-line", [
        [1, 4 / 24],
        [1, 4 / 5],
        [0.5, 2 / 3],
        [0.25, 1],
      ]);
      assertDrawn(shapes, "plot-chance", [
        [0, 4 / 24],
        [1, 4 / 24],
      ]);
      assertDrawn(shapes, "plot-band", [
        [1, 0.1],
        [1, 0.6],
        [0.5, 0.4],
        [0.5, 0.9],
        [1, 0.9],
        [1, 0.25],
      ]);
      assert.match(await caption(figure), /Dashed: all called positive\./);
    }));

  test("The reliability diagram has a point a bin that has images, with its interval and its number", () =>
    onChart("Reliability", async (figure) => {
      const shapes = await shapesOf(figure);
      assertAxes(shapes, "Stated probability", "Observed share");
      await isNamed(
        figure,
        "Reliability diagram: observed share against stated probability, in 5 bins.",
      );
      const dots: Point[] = [
        [0.025, 0],
        [0.15, 0],
        [1.55 / 3, 2 / 3],
        [0.8, 2 / 3],
      ];
      assertPoints(middles(shapes, "plot-dot"), dots, "the bins");
      const whiskers = named(shapes, "plot-whisker").map(({ points }) => points);
      const expected: Point[][] = [
        [
          [0.025, 0],
          [0.025, 0.19],
        ],
        [
          [1.55 / 3, 0.21],
          [1.55 / 3, 0.94],
        ],
        [
          [0.8, 0.21],
          [0.8, 0.94],
        ],
      ];
      assert.equal(whiskers.length, expected.length);
      whiskers.forEach((points, at) => assertPoints(points, expected[at] ?? [], "an interval"));
      const bars = named(shapes, "plot-bar").map(({ points }) => points);
      const tops = bars.map((corners) => Math.max(...corners.map(([, y]) => y)));
      assert.deepEqual(
        tops.map((top) => Number(((16 * top) / (tops[0] ?? NaN)).toFixed(1))),
        [16, 2, 3, 3],
      );
      for (const [at, [low, high]] of [
        [0, 0.05],
        [0.08, 0.25],
        [0.25, 0.65],
        [0.65, 1],
      ].entries()) {
        const across = bars[at]?.map(([x]) => x) ?? [];
        assert.ok(Math.min(...across) >= (low ?? NaN) && Math.max(...across) <= (high ?? NaN));
      }
      assert.match(
        await caption(figure),
        /^ECE 0\.065 \(0\.050 to 0\.100\)\. .*, 16 in the fullest/,
      );
      const [, empty] = await numbersOf(figure);
      assert.deepEqual(empty, ["0.05 to 0.08", "0", "–", "–", "–"]);
    }));

  test("Each case is a dot on the strips of the measures that it has, and the lowest is named", () =>
    onChart("Case by case", async (figure) => {
      const shapes = await shapesOf(figure, 3);
      assertAxes(shapes, "Measure of the case", "");
      await isNamed(figure, "AUC, balanced accuracy and sensitivity of each of 3 cases.");
      const [auc, balanced, sensitivity] = [2.38, 1.38, 0.38] as const; // the strips' heights
      const dots = named(shapes, "plot-case");
      assertPoints(
        dots.map(({ middle }) => middle),
        [
          [0.75, auc],
          [1, auc],
          [0.5, balanced],
          [0.75, balanced],
          [0.5, sensitivity],
          [0.5, sensitivity - 0.09], // beside the other, not over it
        ],
        "B and A; C has none of them",
      );
      for (const { width } of dots)
        assert.ok(Math.abs(width - 2 * 3.3) < 0.01, `${width} px, of the 16 images of C 10 px`);
      const notes = named(shapes, "plot-note").map(({ text }) => text);
      assert.deepEqual(notes, ["AUC", "B", "Balanced accuracy", "B", "Sensitivity", "B"]);
      const said = await caption(figure);
      assert.match(
        said,
        /^Mean AUC of 2 cases: 0\.875 \(0\.750 to 1\.000\)\. 1 case has one class/,
      );
      assert.match(said, /Lowest balanced accuracy: B \(0\.500\), A \(0\.750\)\./);
      const rows = await numbersOf(figure);
      assert.deepEqual(
        rows.map(([id]) => id),
        ["B", "A", "C"],
      );
      assert.deepEqual(rows[2], ["C", "16", "0", "–", "–", "–", "1.000"]);
    }));

  test("The diamond is at the point that is chosen, and goes where the curve has no such point", () =>
    onChart("ROC curve", async (figure, page) => {
      const precision = chart(page, "Precision and recall");
      const chosen = async (from: Locator) => middles(await shapesOf(from), "plot-chosen");
      const assertAt = async (roc: Point[], pr: Point[], of: string) => {
        assertPoints(await chosen(figure), roc, of);
        assertPoints(await chosen(precision), pr, of);
      };
      await assertAt([[0.05, 0.5]], [[0.5, 2 / 3]], "in force");
      await page.getByRole("button", { name: "Confirm", exact: true }).click();
      await assertAt([[0, 0.25]], [[0.25, 1]], "confirm");
      const slider = page.locator(".operating-point").getByRole("slider");
      await slider.press("Home");
      await assertAt([[1, 1]], [[1, 4 / 24]], "all called positive");
      await slider.press("End");
      await assertAt([[0, 0]], [], "none called positive, which has no precision");
      await slider.press("ArrowLeft");
      await assertAt([[0, 0.25]], [[0.25, 1]], "and back");
    }));
});

describe("the charts of the report beside a model", { skip, timeout: 300_000 }, () => {
  const { onPage } = usePages();

  test("Every threshold, bin and case of it is drawn where the report says", () =>
    onPage(async ({ page }) => {
      const text = readFileSync(join(root, "model/best.report.json"), "utf8");
      const { curve, reliability, cases, model } = JSON.parse(text) as Report;
      await openFigures(page);
      await page.getByText(`Model ${model.id} (`).waitFor();
      const roc = await shapesOf(chart(page, "ROC curve"));
      const known = curve.flatMap(({ sensitivity, specificity }): Point[] =>
        sensitivity === null || specificity === null ? [] : [[1 - specificity, sensitivity]],
      );
      assert.ok(known.length > 100);
      assertDrawn(roc, "plot-line", known);
      assert.equal(named(roc, "plot-ring").length, 3, "its named points are on its curve");
      const pr = await shapesOf(chart(page, "Precision and recall"));
      const precise = curve.flatMap(({ sensitivity, precision }): Point[] =>
        sensitivity === null || precision === null ? [] : [[sensitivity, precision]],
      );
      assertDrawn(pr, "plot-line", precise);
      const bins = reliability.flatMap(({ mean_probability: x, observed: y }): Point[] =>
        x === null || y === null ? [] : [[x, y]],
      );
      const diagram = await shapesOf(chart(page, "Reliability"));
      assertPoints(middles(diagram, "plot-dot"), bins, "the bins");
      const strips = await shapesOf(chart(page, "Case by case"), 3);
      const measured = Object.values(cases).flatMap((one) =>
        [one.auc, one.balanced_accuracy, one.sensitivity].filter((value) => value !== null),
      );
      const drawn = middles(strips, "plot-case").map(([x]) => x);
      const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
      assert.equal(drawn.length, measured.length);
      sorted(drawn).forEach((x, at) =>
        assert.ok(Math.abs(x - (sorted(measured)[at] ?? NaN)) < EXACT),
      );
    }));
});
