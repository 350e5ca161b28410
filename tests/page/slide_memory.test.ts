// What a section of 2 GB does to the memory of the browser, and what a tab that dies over a scan does
// to what an account keeps.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { TILE, writeSparse } from "../large_tiff.ts";
import { png, tissue } from "../made_images.ts";
import { section, sectionFile } from "../made_section.ts";
import { longs, makeTiff, TYPE, type MadeImage } from "../make_tiff.ts";
import {
  button,
  closed,
  dialog,
  entry,
  home,
  keepWithNote,
  skipServer,
  withStorage,
} from "./account_steps.ts";
import {
  drop,
  launch,
  startEngine,
  probabilityIn,
  readAnswer,
  root,
  serveAccounts,
  serveBare,
  skip,
  visit,
  type Served,
  type ServedAccounts,
} from "./harness.ts";
import { collectGarbage, eightCores, MOST_MB, pan, Renderers } from "./memory.ts";
import { panel } from "./slide_steps.ts";

const MEGABYTE = 2 ** 20;
const FREED_MB = 80; // at least, of two workers

const scanned = (page: Page) =>
  panel(page).locator("details", { hasText: "Save the map" }).waitFor({ timeout: 90_000 });

// --- A section of 2 GB -----------------------------------------------------------------------------

const TILES = 104; // across and down: 26,624 px
const COARSER = 16;
const TILE_BYTES = TILE * TILE * 3;

// Sparse on the disk: level 0 is the file's holes, and so black; below it, at the model's scale, a
// section. Returns its size in bytes.
function writeLarge(path: string): number {
  const side = TILES * TILE;
  const small = section({ width: side / COARSER, height: side / COARSER });
  const places = Array.from({ length: TILES * TILES }, (_, i) => 64 * MEGABYTE + i * TILE_BYTES);
  const finest: MadeImage = {
    width: TILE, // of the tile that is written, in place of all
    height: TILE,
    samples: 3,
    sample: () => 0,
    tile: [TILE, TILE],
    packed: () => Uint8Array.of(0),
    description: "Aperio Image Library v12.0.0\r\n|AppMag = 40|MPP = 0.25",
    fields: [
      longs(256, side),
      longs(257, side),
      { tag: 324, type: TYPE.long8, values: places },
      longs(325, ...places.map(() => TILE_BYTES)),
    ],
  };
  const coarse: MadeImage = {
    width: small.width,
    height: small.height,
    samples: 3,
    sample: (x, y, channel) => small.rgb[(y * small.width + x) * 3 + channel] ?? 0,
    tile: [TILE, TILE],
    compression: "deflate",
  };
  const size = 64 * MEGABYTE + places.length * TILE_BYTES;
  writeSparse(path, size, [[0, makeTiff([finest, coarse], { big: true })]]);
  return size;
}

// --- Memory ----------------------------------------------------------------------------------------

// Until no more than so many are left. The browser gives a busy one two seconds to end by itself.
async function endedWorkers(page: Page, most: number): Promise<void> {
  const until = Date.now() + 10_000;
  while (page.workers().length > most && Date.now() < until) await page.waitForTimeout(100);
  assert.equal(page.workers().length, most);
}

describe("a section of 2 GB", { skip, timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "insitu-large-"));
  const path = join(folder, "large.svs");
  let browser: Browser;
  let served: Served;

  before(async () => {
    assert.ok(writeLarge(path) > 2e9);
    [browser, served] = await Promise.all([launch(), serveBare()]);
  });
  after(async () => {
    await browser.close();
    await served.close();
    rmSync(folder, { recursive: true });
  });

  test("It is opened, scanned, moved over and zoomed into within 600 MB, workers and page together", async () => {
    const { page, complaints, close } = await visit(browser, served.url);
    const renderers = await Renderers.of(browser);
    const before = await renderers.megabytes();
    renderers.watch();
    await page.locator("#file-input").setInputFiles(path);
    await scanned(page);
    await pan(page);
    const most = await renderers.stop();
    console.log(`2 GB: ${before.toFixed(0)} MB before it, at most ${most.toFixed(0)} MB with it`);
    assert.ok(before > 20, "a renderer was measured");
    assert.ok(most <= MOST_MB, `${most} MB`);
    const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
    assert.match(text, /26624×26624 px/);
    assert.match(text, /0\.25 µm\/px, aperio\.MPP/);
    assert.deepEqual(complaints, []);
    await close();
  });

  test("As many workers as eight cores get read level 0 within 600 MB too, and cancelling gives the memory of it back", async () => {
    const { page, complaints, close } = await visit(browser, served.url, { prepare: eightCores });
    await page.locator("#file-input").setInputFiles(path);
    await scanned(page);
    await page.getByRole("button", { name: "Change", exact: true }).click();
    const renderers = await Renderers.of(browser);
    await collectGarbage(page);
    const before = await renderers.megabytes();
    renderers.watch();
    await button(page, "2.5×").click(); // as if level 0 were of the model's scale
    await button(page, "Scan at this scale").click();
    const status = page.locator(".slide-head p", { hasText: /cells/ });
    assert.match(await status.innerText(), /^\d(\.\d)? % of 283,024 cells/, "it begins anew");
    await page.waitForFunction(
      () =>
        (document.querySelector<HTMLProgressElement>(".slide-head progress")?.value ?? 0) > 0.05,
      null,
      { timeout: 60_000 },
    );
    await collectGarbage(page);
    const scanning = { megabytes: await renderers.megabytes(), workers: page.workers().length };
    await page.locator(".slide-head").getByRole("button", { name: "Cancel" }).click();
    await button(page, "Go on").waitFor();
    const most = await renderers.stop();
    await endedWorkers(page, 2); // the file's and the patches' are left
    await collectGarbage(page);
    const left = { megabytes: await renderers.megabytes(), workers: page.workers().length };
    console.log(
      `Level 0 of 2 GB: ${before.toFixed(0)} MB before, at most ${most.toFixed(0)} MB; ` +
        `${scanning.megabytes.toFixed(0)} MB in ${scanning.workers} workers, ` +
        `${left.megabytes.toFixed(0)} MB in ${left.workers} when cancelled`,
    );
    assert.ok(most <= MOST_MB, `${most} MB`);
    assert.ok(left.workers < scanning.workers);
    assert.ok(left.megabytes < scanning.megabytes - FREED_MB, "the memory is given back");
    assert.deepEqual(complaints, []);
    await close();
  });
});

// --- A tab that dies -------------------------------------------------------------------------------

describe("a tab that dies over a scan", { skip: skipServer, timeout: 300_000 }, () => {
  let browser: Browser;
  let served: ServedAccounts;

  before(async () => {
    [browser, served] = await Promise.all([launch(), serveAccounts()]);
  });
  after(async () => {
    await browser.close();
    await served.close();
  });

  test("What the account keeps is all there in the next tab, with the same answer", async () => {
    const { page, context, close } = await visit(browser, served.url);
    page.setDefaultTimeout(90_000); // a password's hash takes seconds on a busy machine
    await withStorage(page, "dr.jones", "Ask");
    await drop(page, [{ name: "kept.png", bytes: png(tissue(50, 50, 1, 0.9)) }]);
    const probability = probabilityIn(await readAnswer(page));
    await keepWithNote(page, "Before the tab died");
    await page.locator("#file-input").setInputFiles(sectionFile(root));
    await page.getByRole("option", { name: /section/ }).click();
    await button(page, "2.5×").click();
    await button(page, "Scan at this scale").click();
    await scanned(page);
    const keep = page.locator("#keep");
    await keep
      .getByText("Of a large image it keeps neither the file nor what was found")
      .waitFor({ timeout: 90_000 });
    assert.equal(await keep.getByRole("button").count(), 0);
    await page.getByRole("option", { name: /kept\.png/ }).click();
    await keep.getByText("sent at").waitFor({ timeout: 90_000 });
    await page.getByRole("option", { name: /section/ }).click();
    await button(page, /^Finer map/).click();
    await page.locator(".slide-head", { hasText: "left" }).waitFor();
    const crashed = page.waitForEvent("crash");
    const session = await context.newCDPSession(page);
    void session.send("Page.crash").catch(() => undefined); // nobody is left to answer
    await crashed;

    const next = await context.newPage();
    const complaints: string[] = [];
    next.on("pageerror", (error) => complaints.push(String(error)));
    await next.goto(served.url);
    await startEngine(next);
    next.setDefaultTimeout(90_000);
    await home(next, "dr.jones");
    await entry(next, "Kept images");
    await dialog(next).getByText("Before the tab died").waitFor();
    await dialog(next).getByText("1 image", { exact: false }).first().waitFor();
    await button(next, "Open kept.png").click();
    await closed(next);
    assert.equal(probabilityIn(await readAnswer(next)), probability);
    assert.deepEqual(complaints, []);
    await close();
  });
});
