// What a PNG and a JPEG of 400 megapixels, the largest that are read, do to the memory of the browser.
import assert from "node:assert/strict";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, describe, test } from "node:test";
import { tissue } from "../made_images.ts";
import { encoderIsMissing, stripJpeg, stripPng, type Strips } from "../made_pictures.ts";
import { button } from "./account_steps.ts";
import { skip, usePages, type Visit } from "./harness.ts";
import { eightCores, MOST_MB, pan, Renderers } from "./memory.ts";
import { panel } from "./slide_steps.ts";

const WAIT = { timeout: 90_000 };
const SIDE = 20_000; // pixels: 400 megapixels
const FACTOR = 8; // pixels of a side for one of the model's, at 20×
const STRIP_ROWS = 8;
const STRIPS = 25; // that differ

// Tissue at the model's scale, each of its pixels drawn as 8 × 8.
function tissueStrips(): Strips {
  const rows = (STRIPS * STRIP_ROWS) / FACTOR;
  const { width, rgb } = tissue(SIDE / FACTOR, rows, 3, 0.6);
  const strips = Array.from({ length: STRIPS }, (_, strip) =>
    Uint8Array.from({ length: STRIP_ROWS * SIDE * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      const row = strip * STRIP_ROWS + Math.floor(pixel / SIDE);
      const from = Math.floor(row / FACTOR) * width + Math.floor((pixel % SIDE) / FACTOR);
      return rgb[from * 3 + (i % 3)] ?? 0;
    }),
  );
  return { width: SIDE, height: SIDE, strips, stripRows: STRIP_ROWS };
}

describe("pictures of 400 megapixels", { skip, timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "insitu-pictures-"));
  const { open } = usePages({ prepare: eightCores });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function withinMemory(kind: string, make: (strips: Strips) => Blob): Promise<void> {
    const path = join(folder, `tissue.${kind.toLowerCase()}`);
    const blob = make(tissueStrips());
    await pipeline(Readable.from(blob.stream()), createWriteStream(path));
    const visited = await open();
    try {
      await measure(visited, kind, path, blob.size);
    } finally {
      await visited.close();
      rmSync(path);
    }
  }

  async function measure({ page, complaints }: Visit, kind: string, path: string, bytes: number) {
    page.setDefaultTimeout(WAIT.timeout);
    const browser = page.context().browser();
    assert.ok(browser);
    const renderers = await Renderers.of(browser);
    const before = await renderers.megabytes();
    renderers.watch();
    await page.locator("#file-input").setInputFiles(path);
    await button(page, /^20×/).click();
    await button(page, "Scan at this scale").click();
    await panel(page).locator("details", { hasText: "Save the map" }).waitFor();
    const scanned = await renderers.megabytes();
    await pan(page);
    const most = await renderers.stop();
    console.log(
      `${kind} of 400 megapixels, ${(bytes / 1e6).toFixed(0)} MB: ${before.toFixed(0)} MB ` +
        `before it, ${scanned.toFixed(0)} MB scanned, at most ${most.toFixed(0)} MB`,
    );
    const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
    assert.match(text, /20000×20000 px/);
    assert.match(text, /Tissue judged (9\d\.\d|100) mm²/, text);
    assert.ok(before > 20, "a renderer was measured");
    assert.ok(most <= MOST_MB, `${most} MB`);
    assert.deepEqual(complaints, []);
  }

  test("A PNG is opened, scanned, moved over and zoomed into within 600 MB, workers and page together", () =>
    withinMemory("PNG", (strips) => stripPng(strips)));

  test("A JPEG is too", { skip: encoderIsMissing }, () =>
    withinMemory("JPEG", (strips) => stripJpeg(strips, { quality: 80 })),
  );
});
