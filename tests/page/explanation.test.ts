// What the network used, of patches that are answered without doubt: offered and drawn for a positive
// and a negative answer alike, as the engine says it, and worked out once.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { Engine } from "../../public/src/engine.ts";
import { answerAt, ownPoint, positiveProbability } from "../../public/src/judgement.ts";
import { explanationSentence } from "../../public/src/wording.ts";
import { png, tissue } from "../made_images.ts";
import { pixelsOf } from "./drawn.ts";
import { drop, readAnswer, root, skip, usePages, visibleText } from "./harness.ts";
import { drawScreen } from "./screens.ts";

const CONFIDENT = ["positive", "negative"] as const;
type Confident = (typeof CONFIDENT)[number];

const MADE = 200; // patches to choose from
const CELL = 24; // px of the map's canvas
const STRONGEST_ALPHA = 0.65 * 255;
const COLOURS = { raised: [217, 150, 38], lowered: [70, 140, 200] } as const;

const map = '#stage [data-part="map"]';
const show = (page: Page) => page.getByRole("button", { name: "Show what the network used" });

// Of made patches the one that the model is surest of, for each answer.
function surest(engine: Engine): Record<Confident, Buffer> {
  const { model } = engine;
  const read = Array.from({ length: MADE }, (_, seed) => {
    const bytes = png(tissue(50, 50, seed, seed / MADE));
    return { bytes, probability: positiveProbability(model, engine.classify(bytes, 0)) };
  });
  read.sort((a, b) => a.probability - b.probability);
  const [lowest, highest] = [read[0], read.at(-1)];
  assert.ok(lowest && highest);
  const answers = [highest, lowest].map(({ probability }) =>
    answerAt(model, ownPoint(model), probability),
  );
  assert.deepEqual(answers, CONFIDENT, `${lowest.probability} to ${highest.probability}`);
  return { positive: highest.bytes, negative: lowest.bytes };
}

interface Held {
  held?: { asked: number; letGo: () => void; gone: Promise<void> };
}

// What is asked of workers is counted, and goes on its way when the page's held.letGo() is called. The
// workers are of a frame, in which this runs too.
function holdExplanations(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const all = top as unknown as Held;
    let letGo: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (letGo = resolve));
    const held = (all.held ??= { asked: 0, letGo, gone });
    const post = Reflect.get(Worker.prototype, "postMessage");
    Worker.prototype.postMessage = function (...given: [unknown]) {
      const isAsked = (given[0] as { op?: string }).op === "explain";
      held.asked += Number(isAsked);
      if (isAsked) void held.gone.then(() => post.apply(this, given));
      else post.apply(this, given);
    };
  });
}

describe("what the network used", { skip, timeout: 300_000 }, () => {
  const { open, onPage } = usePages();
  let engine: Engine;
  let patches: Record<Confident, Buffer>;

  before(async () => {
    const wasm = await WebAssembly.compile(readFileSync(join(root, "build/wasm-simd/engine.wasm")));
    engine = await Engine.create(wasm, readFileSync(join(root, "model/best.onnx")));
    patches = surest(engine);
  });
  after(() => engine.destroy());

  // That each cell has the colour of its sign, as strong as its share of the strongest.
  async function assertDrawn(page: Page, bytes: Buffer): Promise<void> {
    const { width, height, values } = engine.explain(bytes);
    const most = values.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
    assert.ok(most > 0.01, `${most}: there is something to draw`);
    const size = await page
      .locator(map)
      .evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.height]);
    assert.deepEqual(size, [width * CELL, height * CELL]);
    const corners = Array.from(
      values,
      (_, at) => [(at % width) * CELL + 1, Math.floor(at / width) * CELL + 1] as const,
    );
    const seen = await pixelsOf(page, map, corners);
    values.forEach((value, at) => {
      const [red = NaN, green = NaN, blue = NaN, alpha = NaN] = seen[at] ?? [];
      const expected = (STRONGEST_ALPHA * Math.abs(value)) / most;
      assert.ok(Math.abs(alpha - expected) <= 2, `cell ${at}: ${alpha}, not ${expected}`);
      if (alpha < 60) return; // a canvas keeps less of a colour, the fainter it is
      const colour = COLOURS[value > 0 ? "raised" : "lowered"];
      [red, green, blue].forEach((part, c) => assert.ok(Math.abs(part - (colour[c] ?? NaN)) <= 5));
    });
    assert.equal(await visibleText(page, "#explanation p"), explanationSentence(values));
  }

  for (const answer of CONFIDENT) {
    test(`It is offered with a ${answer} answer, and drawn as the engine says it`, () =>
      onPage(async ({ page }) => {
        await drop(page, [{ name: "patch.png", bytes: patches[answer] }]);
        await readAnswer(page);
        await page.locator(`#answer[data-answer="${answer}"]`).waitFor();
        assert.equal(await page.locator(map).isVisible(), false);
        await show(page).click();
        await page.locator(map).waitFor();
        assert.match(await visibleText(page, "#explanation p"), /no proof of disease/);
        await assertDrawn(page, patches[answer]);
        await drawScreen(page, `explanation-${answer}`);
      }));
  }

  test("It goes with the image that is chosen, whatever its answer", () =>
    onPage(async ({ page }) => {
      await drop(
        page,
        CONFIDENT.map((name) => ({ name: `${name}.png`, bytes: patches[name] })),
      );
      await readAnswer(page);
      await show(page).click();
      for (const answer of [...CONFIDENT, ...CONFIDENT]) {
        await page.getByRole("option", { name: `${answer}.png` }).click();
        await page.locator(`#answer[data-answer="${answer}"]`).waitFor();
        await page.locator(map).waitFor();
        await assertDrawn(page, patches[answer]);
      }
    }));

  test("It is worked out once, however often the page is drawn meanwhile", async () => {
    const { page, complaints, close } = await open({ prepare: holdExplanations });
    await drop(page, [{ name: "patch.png", bytes: patches.positive }]);
    await readAnswer(page);
    await page.getByRole("button", { name: "Change the operating point" }).click();
    const slider = page.locator("#point").getByRole("slider");
    await slider.waitFor();
    await show(page).click();
    await page.getByText("Being worked out.").waitFor();
    const inForce = page.locator('#answer [data-part="operating-point"]');
    for (let moved = 0; moved < 5; moved++) {
      const before = await inForce.innerText();
      await slider.press("ArrowRight");
      await inForce.filter({ hasNotText: before }).waitFor();
    }
    await page.getByText("Being worked out.").waitFor();
    await page.evaluate(() => (globalThis as unknown as Held).held?.letGo());
    await page.locator(map).waitFor();
    await page.waitForTimeout(500); // what waits its turn would have it by then
    assert.equal(await page.evaluate(() => (globalThis as unknown as Held).held?.asked), 1);
    assert.deepEqual(complaints, []);
    await close();
  });
});
