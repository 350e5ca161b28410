// The map as a picture, as PNG and as a DICOM Secondary Capture: what is drawn under the image says what
// it was made by, and can be read.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { colourOf } from "../../public/src/slide/cividis.ts";
import { STRIP_ROWS } from "../../public/src/slide/export/map-png.ts";
import { NOTICE } from "../../public/src/wording.ts";
import { decodePng, pngChunks } from "../decode_png.ts";
import { openBytes, readWhole, says } from "../dicom_setup.ts";
import { element } from "../make_dicom.ts";
import { section } from "../made_section.ts";
import { levelFile } from "../made_series.ts";
import { type Drawn, drawnOn, recordDrawing } from "./drawn.ts";
import { drop, skip, usePages, type Visit } from "./harness.ts";
import { panel, saved } from "./slide_steps.ts";

const WAIT = { timeout: 120_000 }; // of a machine that has other work
const NAME = "ZWEIFEL^ROSALIND";

const SUMS_LATE_MS = 2_000; // so that a map is painted at a point before it is summed up
const OPACITY = 0.55; // of the map, to begin with

const { width, height, rgb } = section({ width: 760, height: 590 });

function slide(umPerPixel: number) {
  return levelFile({
    width,
    height,
    tile: 256,
    umPerPixel,
    at: (x, y, channel) => rgb[(y * width + x) * 3 + channel] ?? 0,
    also: [element(0x00100010, "PN", NAME)],
  });
}

// What the table of the tiles says above itself.
async function factsOf(page: Page): Promise<Map<string, string>> {
  const table = (await saved(page, "Tiles as CSV")).bytes.toString("utf8");
  const lines = [...table.matchAll(/# (\w+),("?)(.*)\2\r\n/g)];
  return new Map(lines.map(([, name = "", , value = ""]) => [name, value]));
}

interface Judged {
  middle: [x: number, y: number]; // px
  probability: number;
}

// By the table of the tiles.
async function judgedCells(page: Page): Promise<Judged[]> {
  const table = (await saved(page, "Tiles as CSV")).bytes.toString("utf8");
  return table.split("\r\n").flatMap((line) => {
    const words = line.split(",");
    if (words.at(-1) !== "judged") return [];
    const [, , x = 0, y = 0, w = 0, h = 0] = words.map(Number);
    return [{ middle: [x + w / 2, y + h / 2], probability: Number(words[10]) }];
  });
}

// Those of the last picture, by its last line.
function lastPicture(all: readonly Drawn[]): Drawn[] {
  const starts = all.flatMap(({ text }, at) => (/, positive at or above/.test(text) ? [at] : []));
  return all.slice(starts.at(-1) ?? all.length);
}

describe("the map as a picture", { skip, timeout: 300_000 }, () => {
  const { open } = usePages();

  const onMap = async (umPerPixel: number, act: (visit: Visit) => Promise<void>) => {
    const opened = await open({ prepare: recordDrawing });
    try {
      await drop(opened.page, [{ name: "slide.dcm", bytes: slide(umPerPixel) }]);
      await panel(opened.page).locator("details", { hasText: "Save the map" }).waitFor(WAIT);
      await act(opened);
      assert.deepEqual(opened.complaints, []);
    } finally {
      await opened.close();
    }
  };

  test("says model, hash, scale, operating point and notice in words, as PNG and as DICOM alike", () =>
    onMap(4, async ({ page }) => {
      const facts = await factsOf(page);
      const fact = (name: string) => {
        const value = facts.get(name) ?? "";
        assert.notEqual(value, "", name);
        return value;
      };
      assert.match(fact("model_sha256"), /^[0-9a-f]{64}$/);
      const file = (await saved(page, "Map as PNG")).bytes;
      assert.ok(!file.includes("slide.dcm"), "the file's name was not asked for");
      const picture = decodePng(file);
      const byPng = lastPicture(await drawnOn(page, ""));
      const capture = new Uint8Array((await saved(page, "Map as DICOM (SC)")).bytes);
      const bySc = lastPicture(await drawnOn(page, ""));
      for (const drawn of [byPng, bySc]) {
        const words = drawn.map(({ text }) => text).join(" ");
        assert.doesNotMatch(words, /slide\.dcm/, "the file's name was not asked for");
        for (const expected of [
          `${fact("label")}, positive at or above ${fact("threshold")} (${fact("operating_point")})`,
          `Model ${fact("model_id")} ${fact("model_version")}, SHA-256 ${fact("model_sha256")}`,
          `4 µm per pixel (${fact("scale_from")}); a cell every ${fact("stride_px")} px of the model's 4 µm`,
          NOTICE,
        ])
          assert.ok(words.includes(expected), `${expected} is not in:\n${words}`);
        for (const { text, box } of drawn) {
          const [x, y] = box;
          assert.ok(x >= 0 && y > 590 && y < picture.height - 13, `${text} at ${x}, ${y}`);
        }
      }
      await panel(page).getByRole("checkbox", { name: "With the file's name" }).check();
      const named = await saved(page, "Map as PNG");
      assert.equal(named.name, "slide.map.png");
      assert.ok(named.bytes.includes('"file":"slide.dcm"'));
      const [first] = lastPicture(await drawnOn(page, ""));
      assert.match(first?.text ?? "", /^slide\.dcm: .+, positive at or above/);

      // Ink where the words are, and paper between them.
      const inked = (top: number, rows: number) => {
        const from = top * picture.width * picture.channels;
        return picture.data
          .subarray(from, from + rows * picture.width * picture.channels)
          .filter((value) => value < 100).length;
      };
      for (const { box, text } of byPng) assert.ok(inked(box[1], 14) > 100, text);
      assert.equal(inked(picture.height - 3, 3), 0);

      // The capture has the same pixels, but for the time of day in its last line.
      const { data, width, height } = await readWhole(await openBytes(capture));
      assert.deepEqual([width, height], [picture.width, picture.height]);
      const last = byPng.at(-1)?.box[1] ?? 0;
      const rgb = Array.from({ length: last * width * 3 }, (_, at) => {
        return picture.data[Math.floor(at / 3) * picture.channels + (at % 3)];
      });
      assert.ok(Buffer.from(data.subarray(0, rgb.length)).equals(Buffer.from(rgb as number[])));
      const told = says("dcmdump", ["+L", "+P", "0008,2111", "+P", "0020,4000"], capture);
      assert.ok(told.includes(`SHA-256 ${fact("model_sha256")}, over the image`));
      assert.ok(told.includes(NOTICE));
      const point =
        `${fact("label")}, positive at or above ${fact("threshold")} (${fact("operating_point")}), ` +
        `uncertain from ${fact("uncertain_from")} to below ${fact("uncertain_below")}`;
      assert.ok(told.includes(`Operating point: ${point}.`), told);
      // And the PNG says it to programs.
      const words = pngChunks(file).find(({ type }) => type === "iTXt");
      const [, json = ""] = words?.data.toString("utf8").split(/\0+/) ?? [];
      const said = JSON.parse(json) as Record<string, string | number>;
      assert.equal(said["notice"], NOTICE);
      assert.equal("file" in said, false, "the file's name was not asked for");
      for (const name of ["model_sha256", "um_per_pixel", "operating_point", "threshold"])
        assert.equal(String(said[name]), fact(name));
    }));

  test("has each cell's colour over its own place of the image, from the first row to the last", () =>
    onMap(4, async ({ page }) => {
      const threshold = Number((await factsOf(page)).get("threshold"));
      const cells = await judgedCells(page);
      const picture = decodePng((await saved(page, "Map as PNG")).bytes);
      assert.ok(height > 4 * STRIP_ROWS, "it is drawn in several strips");
      assert.ok(cells.some(({ middle }) => middle[1] > height - 2 * STRIP_ROWS));
      for (const { middle, probability } of cells) {
        const colour = new Uint8Array(Uint32Array.of(colourOf(probability, threshold)).buffer);
        const share = (OPACITY * (colour[3] ?? 0)) / 255;
        for (let off = -22; off <= 22; off += 4) {
          const [x, y] = [Math.floor(middle[0]), Math.floor(middle[1]) + off];
          for (let c = 0; c < 3; c++) {
            const under = rgb[(y * width + x) * 3 + c] ?? 0;
            const expected = under * (1 - share) + (colour[c] ?? 0) * share;
            const drawn = picture.data[(y * picture.width + x) * picture.channels + c] ?? 0;
            assert.ok(Math.abs(drawn - expected) < 4, `${x}, ${y}: ${drawn}, not ${expected}`);
          }
        }
      }
    }));

  test("is of one operating point, and so is the report: none is saved while the sums are older", () =>
    onMap(4, async ({ page }) => {
      await panel(page).getByText("Save the map").click();
      await page.evaluate((late) => {
        // Workers are of the frames that they are started from (closed-worker.ts).
        for (const { contentWindow } of document.querySelectorAll("iframe")) {
          const { prototype } = (contentWindow as unknown as typeof globalThis).Worker;
          const post = Reflect.get(prototype, "postMessage") as (...given: unknown[]) => void;
          prototype.postMessage = new Proxy(post, {
            apply(_, to: Worker, given: [{ op?: string }]) {
              if (given[0].op === "summary") setTimeout(() => post.apply(to, given), late);
              else post.apply(to, given);
            },
          });
        }
        const slider = document.querySelector<HTMLInputElement>("input.slide-threshold");
        if (slider === null) return;
        slider.value = "0.9";
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        const buttons = [...document.querySelectorAll("button")];
        buttons.find(({ textContent }) => textContent.includes("(SR)"))?.click(); // in the same breath
      }, SUMS_LATE_MS);
      await page.getByText(/could not be made: the summary is not of this/).waitFor();
      await panel(page).locator("dd", { hasText: "threshold 0.9" }).waitFor();
      await page.waitForTimeout(2 * SUMS_LATE_MS); // the sums are there
      const report = (await saved(page, "DICOM report (SR)")).bytes;
      assert.match(report.toString("latin1"), /positive at or above 0\.9 /);
    }));

  test("has no line of words that runs over its edge, whatever is warned of", () =>
    onMap(10, async ({ page }) => {
      assert.match(await panel(page).innerText(), /was enlarged 2\.5×/);
      const picture = decodePng((await saved(page, "Map as PNG")).bytes);
      const drawn = lastPicture(await drawnOn(page, ""));
      assert.ok(drawn.some(({ text }) => text.includes("was enlarged 2.5×")));
      for (const { text, box } of drawn)
        assert.ok(box[0] + box[2] <= picture.width, `${box[2]} px of ${picture.width}: ${text}`);
    }));
});
