// For every person: by keyboard, by screen reader, in both themes, on a phone, on paper.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { png, tissue } from "../made_images.ts";
import { checkScreen, drawScreen } from "./screens.ts";
import { drop, progressOf, readAnswer, skip, usePages } from "./harness.ts";

const themes = ["light", "dark"] as const;

const one = [{ name: "patch.png", bytes: png(tissue(50, 50, 1, 0.9)) }];
const several = [
  { name: "case-1/field of view.png", bytes: png(tissue(64, 46, 2, 0.5)) },
  ...Array.from({ length: 12 }, (_, index) => ({
    name: `case-1/patch-${index}.png`,
    bytes: png(tissue(50, 50, index, index / 12)),
  })),
  { name: "notes.png", bytes: Buffer.from("a text") },
];

async function showSeveral(page: Page): Promise<void> {
  await drop(page, several);
  await progressOf(page, "1 could not be read");
  await progressOf(page, /^1[34] images read/);
  await readAnswer(page);
}

describe("access", { skip, timeout: 300_000 }, () => {
  const { open } = usePages();

  for (const colorScheme of themes) {
    for (const width of [360, 1280]) {
      test(`axe finds nothing at ${width} px, ${colorScheme}, and each screen is drawn`, async () => {
        const height = width === 360 ? 740 : 800;
        const { page, complaints, close } = await open({
          colorScheme,
          width,
          height,
        });
        const check = (screen: string) => checkScreen(page, screen, `${width}-${colorScheme}`);
        await check("empty");
        await drop(page, one);
        await readAnswer(page);
        await check("answer");
        await showSeveral(page);
        await check("several");
        await page.keyboard.press("End");
        await page.getByRole("heading", { name: "Not read" }).waitFor();
        await check("error");
        await page.keyboard.press("?");
        await page.getByRole("heading", { name: "Keys" }).waitFor();
        await check("keys");
        assert.deepEqual(complaints, []);
        await close();
      });
    }
  }

  test("Everything is done by keyboard alone", async () => {
    const { page, complaints, close } = await open();
    const files = several.slice(0, 3).map(({ name, bytes }) => ({
      name: name.replace("case-1/", ""),
      mimeType: "image/png",
      buffer: bytes,
    }));
    const focused = () => page.evaluate(() => document.activeElement?.id);
    // Waited for from here on: Playwright takes a moment to stand in for the system's dialogue.
    const chosen = page.waitForEvent("filechooser");
    for (let tabs = 0; tabs < 10 && (await focused()) !== "choose"; tabs++) {
      await page.keyboard.press("Tab");
    }
    assert.equal(await focused(), "choose");
    await page.keyboard.press("Enter");
    await (await chosen).setFiles(files);
    await progressOf(page, "3 images read");
    const selected = () => page.locator('[role="option"][aria-selected="true"]').innerText();
    assert.match(await selected(), /^field\s+of view\.png/);
    await page.keyboard.press("ArrowDown");
    await page.getByRole("option", { name: "patch-0.png", selected: true }).waitFor();
    await page.keyboard.press("End");
    await page.getByRole("option", { name: "patch-1.png", selected: true }).waitFor();
    await page.keyboard.press("Delete");
    await progressOf(page, "2 images read");
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Keys" }).waitFor({ state: "hidden" });
    assert.deepEqual(complaints, []);
    await close();
  });

  test("Focus can always be seen", async () => {
    const { page, close } = await open();
    await drop(page, several);
    await progressOf(page, "13 images read");
    const seen = new Set<string>();
    for (let tabs = 0; tabs < 20; tabs++) {
      await page.keyboard.press("Tab");
      const focus = await page.evaluate(() => {
        const { activeElement } = document;
        if (activeElement === null || activeElement === document.body) return null;
        const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
        const { width, height } = activeElement.getBoundingClientRect();
        return {
          html: activeElement.outerHTML.slice(0, 80),
          outlineStyle,
          outlineWidth,
          width,
          height,
        };
      });
      if (focus === null) continue;
      seen.add(focus.html);
      assert.equal(focus.outlineStyle, "solid", focus.html);
      assert.ok(
        parseFloat(focus.outlineWidth) >= 2 && focus.width > 8 && focus.height > 8,
        focus.html,
      );
    }
    assert.ok(seen.size >= 8, [...seen].join("\n"));
    await close();
  });

  test("The theme follows the system until a person chooses, and the choice is kept", async () => {
    const { page, close } = await open({ colorScheme: "dark" });
    const theme = () => page.evaluate(() => document.documentElement.dataset["bsTheme"]);
    assert.equal(await theme(), "dark");
    await page.emulateMedia({ colorScheme: "light" });
    await page.waitForFunction(() => document.documentElement.dataset["bsTheme"] === "light");
    await page.locator("#theme").click();
    await page.locator("#theme").click();
    assert.equal(await theme(), "dark");
    await page.reload();
    assert.equal(await theme(), "dark");
    await close();
  });

  test("Print is one page, light, with the whole hash and the notice", async () => {
    const { page, close } = await open({ colorScheme: "dark" });
    await showSeveral(page);
    const paper = await page.pdf({ format: "A4", printBackground: true });
    assert.equal(
      /\/Type\s*\/Pages[^>]*\/Count (\d+)|\/Count (\d+)[^>]*\/Type\s*\/Pages/
        .exec(paper.toString("latin1"))
        ?.slice(1)
        .join(""),
      "1",
    );
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page
      .getByText(/^[0-9a-f]{64}$/)
      .first()
      .waitFor();
    assert.ok(await page.getByText("Not a medical device").isVisible());
    assert.equal(await page.locator("#list").isVisible(), false);
    const [room, box] = await Promise.all(
      ["room", "box"].map((part) => page.locator(`#stage [data-part="${part}"]`).boundingBox()),
    );
    assert.ok(
      room && box && box.height <= room.height && box.width <= room.width,
      "all of the image",
    );
    const paperColour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(paperColour, "rgb(255, 255, 255)");
    await drawScreen(page, "print");
    await close();
  });
});
