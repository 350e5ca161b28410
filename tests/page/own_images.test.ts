// A person's own labelled images evaluated on the page.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { Report } from "../../public/src/figures/report.ts";
import { png, tissue } from "../made_images.ts";
import { drop, readAnswer, root, skip, usePages, visibleText } from "./harness.ts";
import {
  CASES,
  dropFolder,
  EACH,
  evaluateFolder,
  toEvaluation,
  writeLabelledFolder,
} from "./labelled_folder.ts";

const shipped = () =>
  JSON.parse(readFileSync(join(root, "model/best.report.json"), "utf8")) as Report;

describe("a person's own images", { skip, timeout: 300_000 }, () => {
  const { onPage } = usePages();
  const work = mkdtempSync(join(tmpdir(), "insitu-own-images-"));
  const folder = writeLabelledFolder(work);
  after(() => rmSync(work, { recursive: true }));

  test("A folder of one's own is evaluated without a request, and exported", () =>
    onPage(async (opened) => {
      const { page, requests } = opened;
      await toEvaluation(page);
      const FILES = 2; // the WebAssembly and its worker's script
      await page.waitForFunction((count) => {
        const fetched = performance.getEntriesByType("resource");
        return fetched.filter(({ name }) => name.includes("/evaluation-")).length === count;
      }, FILES);
      const before = requests.length;
      await evaluateFolder(opened, folder);
      assert.equal(requests.length, before, "no request");
      const whole = await visibleText(page, "#figures-page");
      assert.match(whole, /0 bytes sent, 0 network requests/);
      assert.match(whole, new RegExp(`${2 * EACH * CASES} images evaluated`));
      assert.match(whole, /what its file name begins with/);
      assert.match(whole, /Not evaluated.*x999_y1_class1\.png/);
      const save = async (name: string) => {
        const waiting = page.waitForEvent("download");
        await page.getByRole("button", { name }).click();
        return readFileSync(await (await waiting).path(), "utf8");
      };
      const made = JSON.parse(await save("Save JSON")) as Report & { notice: string };
      assert.equal(made.data.cases, CASES);
      assert.equal(made.data.name, "mine");
      assert.deepEqual(
        made.errors.map(({ code }) => code),
        ["image_unknown"],
      );
      assert.equal(made.ignored_files, 1);
      assert.match(made.notice, /Not a medical device/);
      assert.ok(whole.includes((made.pooled.auc ?? Number.NaN).toFixed(3)));
      assert.deepEqual(Object.keys(made.pooled).sort(), Object.keys(shipped().pooled).sort());
      const csv = (await save("Save CSV")).trimEnd().split("\r\n");
      assert.equal(csv.length, 2 * EACH * CASES + 2, "a heading, the images, the one that failed");
    }));

  test("A folder without classes is refused with what to do, and long work can be cancelled", () =>
    onPage(async (opened) => {
      const { page } = opened;
      await toEvaluation(page);
      await evaluateFolder(opened, folder);
      const loose = join(work, "loose");
      mkdirSync(loose, { recursive: true });
      writeFileSync(join(loose, "a.png"), png(tissue(50, 50, 3)));
      await dropFolder(opened, loose);
      await page.getByText("Of 1 image none lies in a folder of a class").waitFor();
      const large = join(work, "large");
      const bytes = png(tissue(1600, 1200, 6, 0.01));
      for (const truth of ["0", "1"]) {
        mkdirSync(join(large, truth), { recursive: true });
        for (let i = 0; i < 20; i++) writeFileSync(join(large, truth, `${i}.png`), bytes);
      }
      await dropFolder(opened, large);
      await page.getByRole("button", { name: /^Cancel \(/ }).click();
      await page.getByText("Cancelled. Nothing was evaluated.").waitFor();
      await page.getByRole("link", { name: "Back to images" }).click();
      await page.locator("#figures-page").waitFor({ state: "hidden" });
      await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1, 0.9)) }]);
      await readAnswer(page);
    }));
});
