// A person reads images: dropped, chosen, pasted; one, bad ones, two hundred.
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { Engine } from "../../public/src/engine.ts";
import { answerAt, ownPoint, type Answer } from "../../public/src/judgement.ts";
import type { ModelFacts } from "../../public/src/messages.ts";
import { intervalText } from "../../public/src/wording.ts";
import { engineThatTraps } from "../made_engine.ts";
import { bmp, png, pngHeader, ppm, tissue } from "../made_images.ts";
import {
  buildSite,
  drop,
  launch,
  progressOf,
  probabilityIn,
  readAnswer,
  root,
  serveBare,
  skip,
  visibleText,
  visit,
  type Served,
  type Visit,
} from "./harness.ts";

const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const patchFolder = join(data, "idc/patches");
const skipReal = existsSync(patchFolder) ? skip : `SKIPPED: no patches in ${data}; set INSITU_DATA`;

const VERDICTS: Record<Answer, RegExp> = {
  positive: /^IDC detected /i,
  negative: /^no IDC detected in this patch /i,
  uncertain: /^uncertain: have it read /i,
};

// The site with engines that trap on files of so many bytes. Returns its folder.
function buildFaultySite(imageBytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), "insitu-faulty-"));
  for (const build of ["wasm-simd", "wasm-relaxed"]) {
    const engine = readFileSync(join(root, "build", build, "engine.wasm"));
    mkdirSync(join(folder, build));
    writeFileSync(join(folder, build, "engine.wasm"), engineThatTraps(engine, imageBytes));
    copyFileSync(join(root, "build", build, "scan.wasm"), join(folder, build, "scan.wasm"));
  }
  for (const other of [
    "wasm-simd/argon2.wasm",
    "wasm-simd/codecs.wasm",
    "wasm-simd/evaluation.wasm",
  ]) {
    copyFileSync(join(root, "build", other), join(folder, other));
  }
  const out = join(folder, "site");
  buildSite(["--engines", folder, "--out", out]);
  return out;
}

describe("reading", { skip, timeout: 300_000 }, () => {
  let browser: Browser;
  let served: Served;
  let model: ModelFacts; // that the page reads patches with

  before(async () => {
    [browser, served] = await Promise.all([launch(), serveBare()]);
    const wasm = await WebAssembly.compile(readFileSync(join(root, "build/wasm-simd/engine.wasm")));
    const engine = await Engine.create(wasm, readFileSync(join(root, "model/best.onnx")));
    ({ model } = engine);
    engine.destroy();
  });
  after(async () => {
    await browser.close();
    await served.close();
  });

  async function onPage(act: (visit: Visit) => Promise<void>, height = 800): Promise<void> {
    const opened = await visit(browser, served.url, { height });
    try {
      await act(opened);
      assert.deepEqual(opened.complaints, []);
    } finally {
      await opened.close();
    }
  }

  // That it says what the number means at the model's own threshold, and in its uncertain band.
  function assertVerdict(answer: string): void {
    const meant = answerAt(model, ownPoint(model), probabilityIn(answer));
    assert.match(answer, VERDICTS[meant]);
    assert.equal(
      Number(/threshold (0\.\d+)/.exec(answer)?.[1]).toFixed(2),
      model.threshold.toFixed(2),
    );
  }

  const progress = (page: Visit["page"]) => page.locator('#list [data-part="progress-text"]');

  test("A dropped patch is answered in words, number, threshold, model and time", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1)) }]);
      const answer = await readAnswer(page);
      assertVerdict(answer);
      const probability = probabilityIn(answer);
      assert.ok(probability >= 0 && probability <= 1);
      assert.match(answer, /threshold 0\.\d+/);
      assert.match(answer, /Model best \d+\.\d+\.\d+ [0-9a-f]{10}/);
      assert.match(answer, /as it is: the size that the model expects/);
      assert.match(answer, /Time (< )?[\d.]+ m?s/);
      const picture = page.locator('#stage [data-part="picture"]');
      assert.equal(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth), 50);
      const announced = await page.locator("#live").textContent();
      assert.match(
        announced ?? "",
        /^patch\.png: .*(IDC detected|have it read).*Probability of IDC/i,
      );
    }));

  test("The verdict and the bar say the same as the number", () =>
    onPage(async ({ page }) => {
      for (const [seed, crowding] of [
        [1, 0],
        [2, 1],
      ] as const) {
        await drop(page, [{ name: `${seed}.png`, bytes: png(tissue(50, 50, seed, crowding)) }]);
        await page.locator('#stage [data-part="name"]', { hasText: `${seed}.png` }).waitFor();
        const answer = await readAnswer(page);
        assertVerdict(answer);
        const bar = page.locator('#answer [data-part="bar"]');
        const share = await bar.evaluate((element) => {
          const [fill, track] = [".probability-fill", ".probability-track"].map(
            (part) => element.querySelector(part)?.getBoundingClientRect().width ?? 0,
          );
          return (fill ?? 0) / (track ?? 1);
        });
        assert.ok(Math.abs(share - probabilityIn(answer)) < 0.02, `the bar shows ${share}`);
      }
    }));

  test("The 95 % interval beside the probability is that of the export, and is drawn on the bar", () =>
    onPage(async ({ page }) => {
      const files = [0.1, 0.9].map((crowding, seed) => ({
        name: `${seed}.png`,
        bytes: png(tissue(50, 50, seed, crowding)),
      }));
      await drop(page, files);
      await progressOf(page, "2 images read");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Save JSON" }).click(),
      ]);
      const { images } = JSON.parse(readFileSync(await download.path(), "utf8")) as {
        images: Record<"probability_low" | "probability_high", number>[];
      };
      const shown: string[] = [];
      for (const [at, { name }] of files.entries()) {
        const { probability_low: low, probability_high: high } = images[at] ?? {};
        assert.ok(low !== undefined && high !== undefined);
        assert.ok(low >= 0 && low < high && high <= 1, `${low} to ${high}`);
        await page.getByRole("option", { name }).click();
        await page.locator('#stage [data-part="name"]', { hasText: name }).waitFor();
        const said = `95 % interval ${intervalText([low, high])}`;
        assert.equal(await visibleText(page, '#answer [data-part="interval"]'), said);
        const bar = page.locator('#answer [data-part="bar"]');
        assert.ok((await bar.getAttribute("aria-label"))?.includes(`, ${said}, `));
        const [track, range] = await Promise.all(
          ["track", "range"].map((part) => bar.locator(`.probability-${part}`).boundingBox()),
        );
        assert.ok(track && range);
        const ends = [range.x, range.x + range.width].map((x) => (x - track.x) / track.width);
        [low, high].forEach((end, at) => assert.ok(Math.abs((ends[at] ?? NaN) - end) < 0.02));
        shown.push(said);
      }
      assert.notEqual(shown[0], shown[1]);
    }));

  test("Of an image a little larger than a patch the region that the model saw is outlined and named", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "field.png", bytes: png(tissue(64, 56, 3)) }]);
      const answer = await readAnswer(page);
      assert.match(answer, /The outlined 56×56 px of 64×56 px, scaled by 0\.89\d to 50×50 px/);
      assert.match(answer, /this image should have 3\.5\d µm\/px/);
      const place = (part: string) => page.locator(`#stage [data-part="${part}"]`).boundingBox();
      const [box, region] = await Promise.all([place("box"), place("region")]);
      assert.ok(box && region);
      assert.ok(Math.abs(region.width / box.width - 56 / 64) < 0.01);
      assert.ok(Math.abs((region.x - box.x) / box.width - 4 / 64) < 0.01);
    }));

  test("An image that browsers do not show is drawn from the engine's own decoding", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "field.ppm", bytes: ppm(tissue(60, 48, 4)) }]);
      await readAnswer(page);
      const canvas = page.locator('#stage [data-part="canvas"]');
      await canvas.waitFor();
      assert.equal(await canvas.evaluate((drawn: HTMLCanvasElement) => drawn.width), 60);
    }));

  test("Bad files are told one by one and the good ones among them are read", () =>
    onPage(async ({ page }) => {
      const good = png(tissue(50, 50, 5));
      await drop(page, [
        { name: "good.png", bytes: good },
        { name: "text.png", bytes: Buffer.from("only a text with the name of an image") },
        { name: "huge.png", bytes: pngHeader(40_000, 40_000) },
        { name: "half.png", bytes: good.subarray(0, good.length / 2) },
        { name: "empty.png", bytes: Buffer.alloc(0) },
        { name: "also good.png", bytes: good },
      ]);
      await progress(page).filter({ hasText: "2 images read" }).waitFor();
      assert.match(await progress(page).innerText(), /4 could not be read/);
      for (const name of ["text.png", "huge.png", "half.png", "empty.png"]) {
        await page.getByRole("option", { name }).click();
        await page.locator('#answer [data-part="error"]', { hasText: name }).waitFor();
        const sentence = await visibleText(page, '#answer [data-part="error-text"]');
        assert.match(sentence, new RegExp(`^${name}: [A-Z].*\\.$`));
      }
      assert.match(await visibleText(page, '#answer [data-part="error-text"]'), /empty/);
    }));

  test("200 files at once are all read, the list holds few rows, the results can be kept", () =>
    onPage(async ({ page, requests }) => {
      const before = requests.length;
      const files = Array.from({ length: 200 }, (_, index) => ({
        name: `patch-${index}.png`,
        bytes: png(tissue(50, 50, index, index / 200)),
      }));
      await drop(page, files);
      await progress(page).filter({ hasText: "200 images read" }).waitFor({ timeout: 120_000 });
      assert.equal(requests.length, before, "no request");
      assert.ok((await page.getByRole("option").count()) < 40);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Save CSV" }).click(),
      ]);
      const rows = readFileSync(await download.path(), "utf8")
        .trimEnd()
        .split("\r\n");
      assert.equal(rows.length, 201);
      assert.match(rows[200] ?? "", /^patch-199\.png,[0-9a-f]{64},/);
      assert.match(await visibleText(page, "#proof"), /0 bytes sent/);
    }));

  test("Work that takes long can be cancelled and taken up again", () =>
    onPage(async ({ page }) => {
      const bytes = png(tissue(50, 50, 6, 0.01));
      const many = (count: number, name: string) =>
        Array.from({ length: count }, (_, index) => ({ name: `${name}-${index}.png`, bytes }));
      await drop(page, many(4_000, "patch"));
      await progress(page).filter({ hasText: " of 4000 done" }).waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();
      await progress(page).filter({ hasText: "cancelled" }).waitFor();
      const read = Number(/^\d+/.exec(await progress(page).innerText())?.[0]);
      assert.ok(read < 4_000, "some were left");
      await page.getByRole("button", { name: "Clear" }).click();
      await page.getByRole("heading", { name: /Drop a patch/ }).waitFor();
      await drop(page, many(600, "again"));
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Read the rest" }).click();
      await progress(page).filter({ hasText: "600 images read" }).waitFor({ timeout: 60_000 });
    }));

  test("A trap is the failure of one image: a new worker reads what waits and what comes later", async () => {
    const good = png(tissue(50, 50, 9));
    const bad = png(tissue(50, 50, 10, 0.9));
    assert.notEqual(good.length, bad.length);
    const faulty = buildFaultySite(bad.length);
    const faultily = await serveBare("/", faulty);
    const { page, complaints, close } = await visit(browser, faultily.url);
    const [first] = page.workers();
    await drop(page, [
      { name: "bad.png", bytes: bad },
      ...Array.from({ length: 8 }, (_, index) => ({ name: `${index}.png`, bytes: good })),
    ]);
    await progressOf(page, "8 images read");
    assert.match(await progress(page).innerText(), /1 could not be read/);
    assert.match(
      await visibleText(page, '#answer [data-part="error-text"]'),
      /^bad\.png: The engine broke off: .*unreachable.* Add the file again; if that does not help, it cannot be read here\.$/,
    );
    assert.ok(first && !page.workers().includes(first), "the worker that trapped is gone");
    await drop(page, [{ name: "later.png", bytes: good }]);
    await progressOf(page, "9 images read");
    assert.match(await readAnswer(page), /IDC detected/i);
    assert.deepEqual(complaints, []);
    await close();
    await faultily.close();
    rmSync(dirname(faulty), { recursive: true });
  });

  test("A folder is dropped: its images are read, at any depth, and the rest is counted", async () =>
    onPage(async ({ page, context }) => {
      const folder = mkdtempSync(join(tmpdir(), "insitu-folder-"));
      mkdirSync(join(folder, "case-1/deeper"), { recursive: true });
      writeFileSync(join(folder, "case-1/a.png"), png(tissue(50, 50, 11)));
      writeFileSync(join(folder, "case-1/deeper/b.bmp"), bmp(tissue(50, 50, 12)));
      writeFileSync(join(folder, "case-1/notes.txt"), "no image");
      // Only the browser itself can make a dropped folder.
      const session = await context.newCDPSession(page);
      const data = { items: [], files: [join(folder, "case-1")], dragOperationsMask: 1 };
      for (const type of ["dragEnter", "dragOver", "drop"] as const) {
        await session.send("Input.dispatchDragEvent", { type, x: 400, y: 300, data });
      }
      await progressOf(page, "2 images read");
      await page.getByRole("option", { name: /case-1\/ ?deeper\/b\.bmp/ }).waitFor();
      await page.locator("#message", { hasText: "1 file of the folder passed over" }).waitFor();
      rmSync(folder, { recursive: true });
    }));

  test("An image is pasted from the clipboard", () =>
    onPage(async ({ page }) => {
      const base64 = png(tissue(50, 50, 7)).toString("base64");
      await page.evaluate(async (encoded) => {
        const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
        const image = new Blob([bytes], { type: "image/png" });
        await navigator.clipboard.write([new ClipboardItem({ "image/png": image })]);
      }, base64);
      await page.keyboard.press("Control+V");
      await readAnswer(page);
      assert.match(await visibleText(page, '#stage [data-part="name"]'), /^pasted at .*\.png$/);
    }));

  test("Files can be chosen, the same one twice", () =>
    onPage(async ({ page }) => {
      const file = { name: "a.png", mimeType: "image/png", buffer: png(tissue(50, 50, 8)) };
      for (const button of ["Choose images", "Add images"]) {
        const [chooser] = await Promise.all([
          page.waitForEvent("filechooser"),
          page.getByRole("button", { name: button }).click(),
        ]);
        await chooser.setFiles(file);
        await readAnswer(page);
      }
      await progress(page).filter({ hasText: "2 images read" }).waitFor();
    }));

  test("Something dropped that is no file is said, not ignored", () =>
    onPage(async ({ page }) => {
      await page.evaluate(() => {
        const data = new DataTransfer();
        data.setData("text/plain", "a text");
        document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: data }));
      });
      await page.locator("#message", { hasText: "There was no image" }).waitFor();
    }));

  test("A screen reader hears an answer once, and of a list its end", () =>
    onPage(async ({ page }) => {
      await page.evaluate(() => {
        const heard: string[] = [];
        Object.assign(globalThis, { heard });
        const live = document.getElementById("live");
        if (live === null) throw new Error("nothing speaks");
        const listen = () => heard.push(live.textContent);
        new MutationObserver(listen).observe(live, { childList: true, characterData: true });
      });
      const heard = () =>
        page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard.splice(0));
      const bytes = png(tissue(50, 50, 15));
      await drop(page, [{ name: "one.png", bytes }]);
      await readAnswer(page);
      await page.setViewportSize({ width: 700, height: 700 }); // draws anew
      const first = (await heard()).join("|");
      assert.match(first, /^one\.png: (no )?IDC detected[^|]*$/i);
      const positive = /^one\.png: IDC detected/i.test(first) ? 4 : 0; // the same image four times
      await drop(
        page,
        [1, 2, 3].map((index) => ({ name: `${index}.png`, bytes })),
      );
      await progressOf(page, "4 images read");
      await page.locator("#live", { hasText: "4 images read" }).waitFor();
      assert.equal((await heard()).join("|"), `4 images read, ${positive} positive.`);
    }));

  test("A real patch is answered", { skip: skipReal }, () =>
    onPage(async ({ page, requests }) => {
      const name = readdirSync(patchFolder, { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".png"))
        .sort()[0];
      assert.ok(name);
      const before = requests.length;
      await drop(page, [{ name: "real.png", bytes: readFileSync(join(patchFolder, name)) }]);
      const answer = await readAnswer(page);
      assertVerdict(answer);
      assert.match(answer, /0 bytes sent/);
      assert.equal(requests.length, before, "no request");
      await page.getByText("More", { exact: true }).click();
      const stages = await visibleText(page, '#answer [data-part="stages"]');
      assert.match(stages, /from file to answer [\d.]+ m?s/);
    }),
  );
});
