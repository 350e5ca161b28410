// What the gate refuses, and what the network used: said, asked for, and part of the result.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { png, tissue } from "../made_images.ts";
import { drop, readAnswer, skip, usePages } from "./harness.ts";
import { checkScreen } from "./screens.ts";

interface Exported {
  images: Record<string, unknown>[];
}

async function saved(page: Page): Promise<Exported> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save JSON" }).click(),
  ]);
  return JSON.parse(readFileSync(await download.path(), "utf8")) as Exported;
}

const notRead = (page: Page) => page.getByRole("heading", { name: "Not read" }).waitFor();
const judgeAnyway = (page: Page) => page.getByRole("button", { name: "Judge this image anyway" });

describe("the gate", { skip, timeout: 300_000 }, () => {
  const { open } = usePages();

  test("A screenshot is refused in words, judged only when asked, and the result says so", async () => {
    const { page, complaints, close } = await open();
    const screenshot = await page.screenshot({ clip: { x: 0, y: 0, width: 64, height: 64 } });
    await drop(page, [{ name: "screen.png", bytes: screenshot }]);
    await notRead(page);
    const sentence = await page.locator('[data-part="error-text"]').innerText();
    assert.match(sentence, /^screen\.png: .*(screenshot|photograph|glass|tissue|colours)/);
    assert.equal(await judgeAnyway(page).isVisible(), false, "hidden until asked for");
    const [refused] = (await saved(page)).images;
    assert.equal(refused?.["error_code"], "image_refused");
    assert.equal(typeof refused["gate_reason"], "string");
    assert.equal(refused["probability"], null);
    await page.getByText("Judge it anyway").click();
    await judgeAnyway(page).click();
    const answer = await readAnswer(page);
    assert.match(answer, /Refused, and judged because you asked for it\./);
    const [judged] = (await saved(page)).images;
    assert.equal(judged?.["judged_anyway"], true);
    assert.equal(judged["gate_reason"], refused["gate_reason"]);
    assert.equal(typeof judged["probability"], "number");
    assert.deepEqual(complaints, []);
    await close();
  });

  test("Tissue is read without a word of the gate", async () => {
    const { page, close } = await open();
    await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1)) }]);
    assert.doesNotMatch(await readAnswer(page), /Refused|judged because/);
    const [image] = (await saved(page)).images;
    assert.equal(image?.["gate_reason"], null);
    assert.equal(image["judged_anyway"], false);
    await close();
  });

  test("What the network used is drawn when asked for, said to be no proof, and hidden again", async () => {
    const { page, complaints, requests, close } = await open();
    await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1)) }]);
    await readAnswer(page);
    const before = requests.length;
    const map = page.locator('#stage [data-part="map"]');
    assert.equal(await map.isVisible(), false);
    await page.getByRole("button", { name: "Show what the network used" }).click();
    await page
      .locator("#explanation")
      .getByText(/no proof|No part of the image/)
      .waitFor();
    assert.equal(await map.isVisible(), true);
    const [drawn, picture] = await Promise.all([
      map.boundingBox(),
      page.locator("#stage img").boundingBox(),
    ]);
    assert.deepEqual(drawn, picture, "the map lies on the image");
    assert.equal(requests.length, before);
    await page.getByRole("button", { name: "Hide what the network used" }).click();
    await map.waitFor({ state: "hidden" });
    assert.deepEqual(complaints, []);
    await close();
  });

  for (const width of [360, 1280]) {
    for (const colorScheme of ["light", "dark"] as const) {
      test(`Refusal and map at ${width} px, ${colorScheme}, are accessible and fit`, async () => {
        const { page, close } = await open({ width, colorScheme });
        const variant = `${width}-${colorScheme}`;
        await drop(page, [
          {
            name: "screen.png",
            bytes: await page.screenshot({ clip: { x: 0, y: 0, width: 64, height: 64 } }),
          },
        ]);
        await notRead(page);
        await page.getByText("Judge it anyway").click();
        await checkScreen(page, "refused", variant);
        await judgeAnyway(page).click();
        await readAnswer(page);
        await checkScreen(page, "judged-anyway", variant);
        await page.locator("#clear").click();
        await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1)) }]);
        await readAnswer(page);
        await page.getByRole("button", { name: "Show what the network used" }).click();
        await page
          .locator("#explanation")
          .getByText(/no proof|No part of the image/)
          .waitFor();
        await checkScreen(page, "map", variant);
        await close();
      });
    }
  }
});
