// What a model's stored evaluation says, as pages.
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { png, tissue } from "../made_images.ts";
import { section } from "../made_section.ts";
import type { Report, SectionReport } from "../../public/src/figures/report.ts";
import { nearestPoint } from "../../public/src/operating-point.ts";
import { checkScreen, drawScreen } from "./screens.ts";
import {
  buildSite,
  drop,
  launch,
  readAnswer,
  root,
  serveBare,
  skip,
  visibleText,
  visit,
  type Served,
  type Visit,
} from "./harness.ts";
import { evaluateFolder, toEvaluation, writeLabelledFolder } from "./labelled_folder.ts";
import { done, scanAt } from "./slide_steps.ts";

// Of the model that the site reads with first, if it was evaluated.
const evaluated = ["best", "seed"].find((name) =>
  existsSync(join(root, `model/${name}.report.json`)),
);
const reportOf = (name = "seed") =>
  JSON.parse(readFileSync(join(root, `model/${name}.report.json`), "utf8")) as Report;
const report = reportOf(evaluated);
const sectionReport = () =>
  JSON.parse(readFileSync(join(root, "model/section.report.json"), "utf8")) as SectionReport;
const three = (value: number | null | undefined) => (value ?? Number.NaN).toFixed(3);
const patch = [{ name: "patch.png", bytes: png(tissue(50, 50, 1, 0.9)) }];

const row = (page: Page, name: RegExp): Locator =>
  page.locator("#figures-page tr", { has: page.getByRole("rowheader", { name }) });

describe("figures", { skip, timeout: 300_000 }, () => {
  let browser: Browser;
  let served: Served;
  const work = mkdtempSync(join(tmpdir(), "insitu-figures-"));
  const folder = writeLabelledFolder(work);

  before(async () => {
    [browser, served] = await Promise.all([launch(), serveBare()]);
  });
  after(async () => {
    await browser.close();
    await served.close();
    rmSync(work, { recursive: true });
  });

  async function onPage(act: (visit: Visit) => Promise<void>): Promise<void> {
    const opened = await visit(browser, served.url);
    try {
      await act(opened);
      assert.deepEqual(opened.complaints, []);
    } finally {
      await opened.close();
    }
  }

  async function openFigures(page: Page): Promise<void> {
    await page.locator("#foot").getByRole("link", { name: "How good is it?" }).click();
    await page.getByRole("heading", { name: "Measures" }).waitFor();
  }

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1280]) {
      test(`axe finds nothing at ${width} px, ${colorScheme}, and each page is drawn`, async () => {
        const height = width === 360 ? 740 : 800;
        const look = { colorScheme, width, height };
        const opened = await visit(browser, served.url, look);
        const { page, complaints, close } = opened;
        const check = (screen: string) => checkScreen(page, screen, `${width}-${colorScheme}`);
        await openFigures(page);
        await check("figures");
        await page.getByRole("button", { name: "Model card" }).click();
        await page.getByRole("heading", { name: `Model card: ${report.model.id}` }).waitFor();
        await check("card");
        await page.getByRole("link", { name: "Back to images" }).click();
        await toEvaluation(page);
        await check("evaluate");
        await evaluateFolder(opened, folder);
        await check("evaluated");
        assert.deepEqual(complaints, []);
        await close();
      });
    }
  }

  test("The figures open from an answer, are those of the report, and the image is still there", () =>
    onPage(async ({ page }) => {
      await drop(page, patch);
      await readAnswer(page);
      await page.locator("#answer").getByRole("link", { name: "How good is it?" }).click();
      await page.getByRole("heading", { name: "How good is it?" }).waitFor();
      await page.getByRole("heading", { name: "Measures" }).waitFor();
      assert.equal(await page.locator("#workbench").isVisible(), false);
      const { pooled, intervals, data } = report;
      const range = (name: "auc" | "f1" | "ece") => (intervals[name] ?? []).map(three).join(" to ");
      for (const [label, name] of [
        [/^AUC chance/, "auc"],
        [/^F1/, "f1"],
        [/^Calibration error/, "ece"],
      ] as const) {
        const text = (await row(page, label).first().innerText()).replaceAll(/\s+/g, " ");
        assert.ok(text.endsWith(` ${three(pooled[name])} ${range(name)}`), text);
      }
      const { ppv } = report.at_prevalence ?? {};
      assert.ok((await row(page, /^PPV/).innerText()).includes(three(ppv)));
      const whole = await visibleText(page, "#figures-page");
      assert.ok(
        whole.includes(`${data.patches.toLocaleString("en")} images of ${data.cases} cases`),
      );
      const { tp, fn, tn, fp } = pooled.confusion;
      for (const count of [tp, fn, tn, fp])
        assert.ok(whole.includes(` ${count.toLocaleString("en")} `), String(count));
      await page.goBack();
      assert.match(await readAnswer(page), /IDC detected/i);
      assert.match(await visibleText(page, "#proof"), /0 bytes sent.*figures fetched \d+ files/);
    }));

  test("Of a model for films the page says which are told apart, and how many findings are marked", () =>
    onPage(async ({ page }) => {
      const films = reportOf("mammogram");
      await openFigures(page);
      await page.getByRole("button", { name: "mammogram", exact: true }).click();
      await page.getByRole("heading", { name: "Whole films" }).waitFor();
      const auc = (await row(page, /^AUC: a finding/).innerText()).replaceAll(/\s+/g, " ");
      assert.ok(auc.includes(` ${three(films.films?.auc.value)} `), auc);
      const froc = page.locator("figure", { hasText: "FROC" });
      await froc.getByText("Numbers").click();
      for (const { false_marks_a_film: rate, on_normal_films: found } of films.froc ?? []) {
        const line = froc.getByRole("row", { name: new RegExp(`^${rate.toFixed(1)}`) });
        assert.ok((await line.innerText()).includes(three(found.value)), String(rate));
      }
      await drawScreen(page, "figures-films");
      await page.getByRole("button", { name: report.model.id, exact: true }).click();
      await page.getByRole("heading", { name: "Whole films" }).waitFor({ state: "detached" });
    }));

  test("Of a section that was scanned the page says how its map agrees with the label image", () =>
    onPage(async ({ page }) => {
      const scanned = sectionReport();
      await openFigures(page);
      await page.getByRole("button", { name: scanned.model.id, exact: true }).click();
      const part = page.locator("section", { hasText: "On a whole section" }).last();
      await part.waitFor();
      const text = (await part.innerText()).replaceAll(/\s+/g, " ");
      const { labels, image, stride } = scanned;
      const apart = stride * scanned.summary.cell.um_per_pixel;
      assert.ok(text.includes(`at ${image.um_per_pixel} µm/px, a place every ${apart} µm:`), text);
      assert.ok(
        text.includes(`${labels.judged.toLocaleString("en")} places judged, ${labels.positive} of`),
        text,
      );
      assert.ok(text.includes(`AUC ${three(labels.auc)}`), text);
      assert.ok(text.includes(`Balanced accuracy ${three(labels.balanced_accuracy)}`), text);
      await drawScreen(page, "figures-section");
      await page.getByRole("button", { name: "seed", exact: true }).click();
      await page
        .getByRole("heading", { name: "On a whole section" })
        .waitFor({ state: "detached" });
    }));

  test("A section's report of no model of the site stops the build", () => {
    const models = join(work, "section-models");
    mkdirSync(models);
    copyFileSync(join(root, "model/seed.onnx"), join(models, "seed.onnx"));
    const other = { ...sectionReport(), model: { id: "gone", sha256: "ab".repeat(32) } };
    writeFileSync(join(models, "section.report.json"), JSON.stringify(other));
    assert.throws(
      () => buildSite(["--models", models, "--out", join(work, "sections")]),
      /is of another model than those beside it/,
    );
  });

  test("The script of these pages is fetched only when somebody goes there", () =>
    onPage(async ({ page, requests }) => {
      const fetched = () => requests.filter((url) => /figures-|evaluation-|report-/.test(url));
      assert.deepEqual(fetched(), []);
      await openFigures(page);
      assert.ok(fetched().length >= 3, "script, style and report");
      assert.ok(!fetched().some((url) => url.includes("evaluation-")), "nothing to evaluate with");
    }));

  test("The slider, its presets and the prevalence give what the report's curve says", () =>
    onPage(async ({ page }) => {
      await openFigures(page);
      const panel = page.locator(".operating-point");
      const figure = async (index: number) => {
        const text = await panel.locator(".point-figure").nth(index).innerText();
        return Number(/^[\d.]+/.exec(text)?.[0]);
      };
      const inForce = report.curve.find(({ threshold }) => threshold === report.threshold);
      assert.equal(await figure(0), Number(three(inForce?.sensitivity)));
      assert.equal(await figure(1), Number(three(inForce?.specificity)));
      const ppv = await figure(2);
      await panel.getByRole("button", { name: "Screen" }).click();
      const threshold = Number(await panel.locator(".point-threshold").innerText());
      assert.ok(threshold < report.threshold, "screening calls more positive");
      const screen = report.curve[nearestPoint(report.curve, threshold)];
      assert.equal(await figure(0), Number(three(screen?.sensitivity)));
      assert.equal(await figure(1), Number(three(screen?.specificity)));
      const chosen = await panel.getByRole("slider").getAttribute("aria-valuetext");
      await panel.getByRole("slider").press("ArrowRight");
      assert.notEqual(await panel.getByRole("slider").getAttribute("aria-valuetext"), chosen);
      await panel.getByRole("button", { name: "Balanced" }).click();
      await panel.getByRole("spinbutton").fill("1");
      assert.ok((await figure(2)) < ppv, "where positives are rare, fewer calls are right");
      await panel.getByRole("spinbutton").fill("0");
      assert.match(await panel.innerText(), /Type a share between/);
      await page.reload();
      await page.getByRole("heading", { name: "Measures" }).waitFor();
      assert.equal(await panel.getByRole("spinbutton").inputValue(), "1");
    }));

  test("On paper stand the figures, without what is pressed", () =>
    onPage(async ({ page }) => {
      await openFigures(page);
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      await page.setViewportSize({ width: 718, height: 1000 }); // A4 less its margins
      await drawScreen(page, "figures-print");
      for (const name of ["Print", "Screen", "Model card"]) {
        assert.equal(await page.getByRole("button", { name }).isVisible(), false, name);
      }
      assert.equal(await page.getByRole("slider").isVisible(), false);
      assert.equal(await page.getByText("Not a medical device").isVisible(), true);
      const pages = (await page.pdf({ format: "A4" })).toString("latin1").match(/\/Type \/Page\b/g);
      assert.ok(pages && pages.length <= 4, `${pages?.length} pages`);
    }));

  test("A site whose models have no report does not offer their figures", async () => {
    const out = join(work, "bare");
    const models = join(work, "models");
    mkdirSync(models);
    copyFileSync(join(root, "model/seed.onnx"), join(models, "seed.onnx"));
    buildSite(["--models", models, "--out", out]);
    const bare = await serveBare("/", out);
    try {
      const { page, complaints, close } = await visit(browser, bare.url);
      const links = page.getByRole("link", { name: "How good is it?" });
      const change = page.getByRole("button", { name: "Change the operating point" });
      assert.equal(await links.count(), 0);
      assert.ok(await page.getByRole("link", { name: "Evaluate on my own images" }).isVisible());
      await drop(page, patch);
      await readAnswer(page);
      assert.deepEqual([await links.count(), await change.count()], [0, 0], "beside a patch");
      const field = png(section({ width: 760, height: 590 }));
      await drop(page, [{ name: "field.png", bytes: field }]);
      await page.getByRole("option", { name: /field\.png/ }).click();
      await scanAt(page, "2.5×");
      await done(page);
      assert.deepEqual([await links.count(), await change.count()], [0, 0], "beside a slide");
      assert.deepEqual(complaints, []);
      await close();
    } finally {
      await bare.close();
    }
  });

  test("The gate's table is drawn where the gate has a report, and a report of another model stops the build", async () => {
    const out = join(work, "gated");
    const models = join(work, "gated-models");
    mkdirSync(models);
    for (const name of ["seed.onnx", "seed.report.json"])
      copyFileSync(join(root, "model", name), join(models, name));
    const share = (value: number) => ({ share: value, interval: [value - 0.01, value + 0.02] });
    const right = { family: "IDC patches", variant: "", right: true, images: 900, groups: 29 };
    const wrong = { family: "photographs", variant: "", right: false, images: 200, groups: 200 };
    const histology = [
      { ...right, refused: share(0.031), warned: 0 },
      {
        ...wrong,
        refused: share(0.97),
        refused_held_out: share(0.955),
        reason_right: 0.9,
        warned: 0,
      },
    ];
    const gate = JSON.stringify({ histology, mammogram: [] });
    writeFileSync(join(models, "gate.report.json"), gate);
    buildSite(["--models", models, "--out", out]);
    const gated = await serveBare("/", out);
    const { page, complaints, close } = await visit(browser, gated.url);
    await openFigures(page);
    assert.match(
      await row(page, /^photographs/).innerText(),
      /refused\s+97\.0.%\s+96\.0 to 99\.0.%\s+95\.5/,
    );
    assert.equal(await page.getByText("gate of mammogram models").count(), 0);
    const gateText = await visibleText(page, "#figures-page");
    assert.match(
      gateText,
      /Of 1 kind that it should refuse, photographs are refused least often: 95\.5.%/,
    );
    await checkScreen(page, "gate", "1280-light");
    assert.deepEqual(complaints, []);
    await close();
    await gated.close();
    const seed = reportOf("seed");
    const other = { ...seed, model: { ...seed.model, sha256: "ab".repeat(32) } };
    writeFileSync(join(models, "seed.report.json"), JSON.stringify(other));
    assert.throws(
      () => buildSite(["--models", models, "--out", out]),
      /is of another model than seed\.onnx/,
    );
  });

  test("A point chosen beside the answer is in force for all images and in what is saved", async () => {
    const { page, complaints, close } = await visit(browser, served.url);
    await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1, 0.9)) }]);
    const answer = await readAnswer(page);
    assert.match(answer, /balanced: threshold/);
    await page.getByRole("button", { name: "Change the operating point" }).click();
    const slider = page.locator("#point").getByRole("slider");
    await slider.waitFor();
    assert.match(await visibleText(page, "#point"), /Sensitivity.*Specificity.*PPV.*NPV/);
    const inForce = page.locator('#answer [data-part="operating-point"]');
    await page.locator("#point").getByRole("button", { name: "Screen" }).click();
    await inForce.getByText(/^screen: threshold/).waitFor();
    await slider.press("End"); // nothing is called positive at the greatest threshold
    await inForce.getByText(/^own: threshold/).waitFor();
    assert.doesNotMatch(await visibleText(page, '#answer [data-part="verdict"]'), /^IDC detected/);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save JSON" }).click(),
    ]);
    const { images } = JSON.parse(readFileSync(await download.path(), "utf8")) as {
      images: { operating_point: string; threshold: number }[];
    };
    assert.equal(images[0]?.operating_point, "own");
    assert.ok(images[0].threshold > 0.95, String(images[0].threshold));
    await page
      .locator("#proof")
      .getByText(/The pages about figures fetched/)
      .waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });
});
