// Files that mean harm, dropped on the page: each is told of once, in words, and the page goes on.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deflateSync } from "node:zlib";
import type { Page } from "playwright-core";
import { dicomFile, element, film, replaced } from "../make_dicom.ts";
import { png, tissue } from "../made_images.ts";
import { section } from "../made_section.ts";
import { type MadeImage, makeTiff, pattern } from "../make_tiff.ts";
import { drop, readAnswer, skip, usePages } from "./harness.ts";
import { button, panel } from "./slide_steps.ts";

const WAIT = { timeout: 60_000 }; // of a machine that has other work
const MOST_MS = 30_000; // until it is told of; a second, where there is no other work

const PLAIN: MadeImage = { width: 300, height: 200, samples: 3, sample: pattern };
const TILED: MadeImage = { ...PLAIN, tile: [64, 64], compression: "deflate" };
const FIELD = { width: 1_520, height: 1_180 };

// Two images, of which each says that the other comes next.
function cyclic(): Uint8Array<ArrayBuffer> {
  const bytes = makeTiff([PLAIN, PLAIN]);
  const view = new DataView(bytes.buffer);
  const nextOf = (directory: number) => directory + 2 + 12 * view.getUint16(directory, true);
  const first = view.getUint32(4, true);
  const second = view.getUint32(nextOf(first), true);
  view.setUint32(nextOf(second), first, true);
  return bytes;
}

const BOMB = deflateSync(Buffer.alloc(64 << 20)); // of a tile that has 12 KB

const bombs = () => makeTiff([{ ...TILED, packed: () => BOMB }]);

// A section of two levels, the finer of which has one such tile.
function oneBomb(): Uint8Array<ArrayBuffer> {
  const { width, height, rgb } = section(FIELD);
  const at = (x: number, y: number, channel: number) => rgb[3 * (y * width + x) + channel] ?? 0;
  const level = { samples: 3, compression: "deflate" } as const;
  const description = `Aperio Image Library v12.0.0\r\n${width}x${height}|AppMag = 2.5|MPP = 4`;
  const packed = (bytes: Uint8Array, tile: number) => (tile === 16 ? BOMB : deflateSync(bytes));
  const half = { width: width / 2, height: height / 2, reduced: true };
  return makeTiff([
    { ...level, width, height, description, packed, sample: at, tile: [256, 256] },
    { ...level, ...half, tile: [256, 256], sample: (x, y, channel) => at(2 * x, 2 * y, channel) },
  ]);
}

const WORDS = Array.from({ length: 200 * 300 }, (_, i) => i % 1000);
const FILM = film({ rows: 200, columns: 300 }, WORDS);
const lying = (tag: number, length: number) =>
  dicomFile([...FILM, { ...element(tag, "UN", [1, 2]), length }]);
const pixelsOf = (length: number) =>
  dicomFile(replaced(FILM, { ...element(0x7fe00010, "OW", WORDS), length }));

const HOSTILE: [what: string, name: string, bytes: () => Uint8Array<ArrayBuffer>, why: RegExp][] = [
  ["A TIFF whose images point in a circle", "cyclic.tif", cyclic, /point in a circle/],
  [
    "A TIFF whose tiles unpack to thousands of times their size",
    "bomb.tif",
    bombs,
    /unpack|more than it can/,
  ],
  [
    "A DICOM file with an attribute that says to be of 4 GB",
    "length.dcm",
    () => lying(0x00091010, 0xfffffffe),
    /DICOM file (is damaged|ends|is cut off)/,
  ],
  [
    "A DICOM file with pixels that say to be of 4 GB",
    "pixels.dcm",
    () => pixelsOf(0xfffffff0),
    /DICOM file (is damaged|ends|is cut off)/,
  ],
];

describe("files that mean harm", { skip, timeout: 500_000 }, () => {
  const { onPage } = usePages();

  // A patch is answered, and a section scanned to its end.
  async function assertAlive(page: Page): Promise<void> {
    await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1)) }]);
    await page.getByRole("option", { name: /patch\.png/ }).click();
    assert.match(await readAnswer(page), /Probability of IDC/);
    await drop(page, [{ name: "field.png", bytes: png(section({ width: 380, height: 295 })) }]);
    await page.getByRole("option", { name: /field\.png/ }).click();
    await button(page, "2.5×").click();
    await button(page, "Scan at this scale").click();
    await panel(page).locator("details", { hasText: "Save the map" }).waitFor(WAIT);
    assert.match(await panel(page).locator("h2.verdict").innerText(), /of the tissue judged$/);
  }

  for (const [what, name, bytes, why] of HOSTILE)
    test(`${what} is told of in a sentence, and the next image is read as ever`, () =>
      onPage(async ({ page }) => {
        const began = performance.now();
        await drop(page, [{ name, bytes: bytes() }]);
        const answer = page.locator("#answer");
        await answer.getByRole("heading", { name: "Not read" }).waitFor(WAIT);
        assert.ok(performance.now() - began < MOST_MS, "soon");
        const said = await answer.locator("p").filter({ visible: true }).allInnerTexts();
        assert.equal(said.length, 1);
        const [sentence = ""] = said;
        assert.equal(sentence.split(name).length, 2, `its name stands once in: ${sentence}`);
        assert.match(sentence, /^[^\n]{10,400}[.]$/);
        assert.match(sentence, why);
        await assertAlive(page);
        const row = page.getByRole("option", { name: new RegExp(name.replace(".", "\\.")) });
        assert.match(await row.innerText(), /Not read: /);
      }));

  test("A TIFF with one such tile among good ones is mapped but for that part, which is said once", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "one.svs", bytes: oneBomb() }]);
      await panel(page).locator("details", { hasText: "Save the map" }).waitFor(WAIT);
      const notes = await panel(page).locator(".gate-note").allInnerTexts();
      const told = notes.filter((note) => note.includes("one.svs"));
      assert.equal(told.length, 1, notes.join("\n"));
      assert.match(
        told[0] ?? "",
        /^(A part|\d+ parts) could not be read: one\.svs is damaged: one of its tiles unpacks to more than its size\./,
      );
      const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
      assert.match(text, /Tissue judged [\d.]+ mm²/);
      assert.match(text, /Not read [\d.]+ mm²/);
      await assertAlive(page);
    }));
});
