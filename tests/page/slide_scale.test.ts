// The scale of a slide on the page: how it is asked and shown, and when a file's own is asked again.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { type Pixels, png } from "../made_images.ts";
import { section } from "../made_section.ts";
import { makeTiff } from "../make_tiff.ts";
import { atRest, boxOf, pixelOf, pixelsOf, recordDrawing, seen, wordsOn } from "./drawn.ts";
import { drop, skip, usePages } from "./harness.ts";
import { button, panel } from "./slide_steps.ts";

const WAIT = { timeout: 90_000 }; // of a machine that has other work

// Glass with a blue stripe in its middle, by whose width on the screen the zoom is known.
const STRIPE = 100; // px
const BLUE = [40, 60, 200] as const;
function striped(width = 760, height = 590): Pixels {
  const rgb = new Uint8Array(width * height * 3).fill(243);
  for (let y = 0; y < height; y++)
    for (let x = (width - STRIPE) / 2; x < (width + STRIPE) / 2; x++)
      rgb.set(BLUE, 3 * (y * width + x));
  return { width, height, rgb };
}

// Screen pixels per pixel of the image.
async function zoomOf(page: Page): Promise<number> {
  const screen = await seen(page);
  const y = screen.height / 2;
  let count = 0;
  for (let x = 0; x < screen.width; x++) {
    const [red = 255, , blue = 0] = pixelOf(screen, x, y);
    if (blue - red > 80) count++;
  }
  return count / STRIPE;
}

// The bar in pixels: white, 4 px high, 16 px from the left and from the bottom.
async function barOf(page: Page): Promise<number> {
  const { width, height } = await boxOf(page, ".slide-overlay");
  const along = Array.from({ length: Math.floor(width / 2) - 16 }, (_, i) => 16 + i);
  const row = await pixelsOf(
    page,
    ".slide-overlay",
    along.map((x) => [x, height - 18] as const),
  );
  const end = row.findIndex((pixel) => !pixel.every((value) => value > 250));
  assert.ok(end > 0, "there is a bar");
  return end;
}

const UNITS: Record<string, number> = { µm: 1, mm: 1_000, cm: 10_000 };

// In µm.
function lengthOf(text: string): number {
  const found = /^([\d.]+) (µm|mm|cm)$/.exec(text);
  assert.ok(found, `${text} is a length`);
  return Number(found[1]) * (UNITS[found[2] ?? ""] ?? NaN);
}

const size = (page: Page) => page.getByRole("spinbutton", { name: "Size of a pixel" });
const slider = (page: Page) => page.getByRole("slider", { name: "Scale" });

describe("the scale of a slide", { skip, timeout: 300_000 }, () => {
  const { onPage } = usePages({ prepare: recordDrawing });

  test("The bar on the image is as long as it says, at every scale given and every zoom", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "field.png", bytes: png(striped()) }]);
      await page.getByRole("radio", { name: "Stained tissue (H&E)" }).check();
      await page.locator(".slide-room[data-drawn]").waitFor(WAIT);
      assert.deepEqual(await wordsOn(page, "slide-overlay"), ["scale not known"]);
      const said = new Set<string>();
      const zooms = new Set<string>();
      for (const step of ["", "Zoom in", "Zoom in", "Zoom in"]) {
        if (step !== "") await button(page, step).click();
        await atRest(page);
        const zoom = await zoomOf(page);
        zooms.add(zoom.toFixed(1));
        for (const umPerPixel of [0.25, 0.7, 4, 12]) {
          await size(page).fill(String(umPerPixel));
          await atRest(page);
          const [text = "", ...more] = await wordsOn(page, "slide-overlay");
          assert.deepEqual(more, []);
          const um = lengthOf(text);
          assert.match(um.toExponential(), /^[125]e/, text);
          const bar = await barOf(page);
          const room = await boxOf(page, ".slide-overlay");
          assert.ok(bar <= room.width / 4 + 1 && bar > room.width / 12, `${bar} px`);
          const shown = (bar * umPerPixel) / zoom;
          assert.ok(
            Math.abs(shown / um - 1) < 0.02,
            `${text} at ${umPerPixel} µm and ${zoom}×, but the bar is of ${shown} µm`,
          );
          said.add(text);
        }
      }
      assert.ok(said.size > 5 && zooms.size === 4, [...said].join(", "));
    }));

  test("Presets, slider and number are one scale: ten µm by the magnification of the objective", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "field.png", bytes: png(section({ width: 760, height: 590 })) }]);
      await button(page, "Scan at this scale").waitFor(WAIT);
      const presets = page.getByRole("group", { name: "Objective" }).getByRole("button");
      const names = await presets.allTextContents();
      assert.deepEqual(names, ["40×", "20×", "10×", "5×", "2.5×"]);
      const pressed = () =>
        presets.evaluateAll((all) =>
          all
            .filter((one) => one.getAttribute("aria-pressed") === "true")
            .map(({ textContent }) => textContent),
        );
      assert.deepEqual(await pressed(), [], "nothing is proposed");
      const positions: number[] = [];
      for (const name of names) {
        const umPerPixel = 10 / Number.parseFloat(name);
        const preset = page.getByRole("button", { name, exact: true });
        await preset.click();
        assert.equal(Number(await size(page).inputValue()), umPerPixel, name);
        assert.equal(await preset.getAttribute("title"), `${umPerPixel} µm/px`);
        assert.equal(await slider(page).getAttribute("aria-valuetext"), `${umPerPixel} µm/px`);
        assert.deepEqual(await pressed(), [name]);
        const position = await slider(page).inputValue();
        positions.push(Number(position));
        // The slider moved away and back gives the same scale, as near as it has steps.
        await slider(page).fill(String(Number(position) + 50));
        assert.ok(Number(await size(page).inputValue()) > 1.2 * umPerPixel);
        assert.deepEqual(await pressed(), []);
        await slider(page).fill(position);
        const again = Number(await size(page).inputValue());
        assert.ok(Math.abs(again / umPerPixel - 1) < 0.01, `${name}: ${again}`);
        assert.equal(await slider(page).getAttribute("aria-valuetext"), `${again} µm/px`);
        // And the number moves the slider, and finds the preset.
        await size(page).fill(String(umPerPixel));
        assert.equal(await slider(page).inputValue(), position);
        assert.deepEqual(await pressed(), [name]);
      }
      const steps = positions.slice(1).map((at, index) => at - (positions[index] ?? NaN));
      assert.ok(
        steps.every((step) => Math.abs(step - (steps[0] ?? NaN)) <= 1 && step > 0),
        `each preset is as far as the one before: ${positions.join(", ")}`,
      );
    }));

  // The section as a scanner's TIFF that says how large its pixels are.
  function scan(umPerPixel: number) {
    const { width, height, rgb } = section({ width: 380, height: 295 });
    const sample = (x: number, y: number, channel: number) =>
      rgb[3 * (y * width + x) + channel] ?? 0;
    const description = `Aperio Image Library v12.0.0\r\n380x295|AppMag = 1|MPP = ${umPerPixel}`;
    return makeTiff([
      { width, height, samples: 3, sample, tile: [128, 128], compression: "deflate", description },
    ]);
  }

  test("A file whose own scale is more than 4 times the model's is not scanned at it, but asks", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "coarse.svs", bytes: scan(16.1) }]);
      const go = button(page, "Scan at this scale");
      await go.waitFor(WAIT);
      assert.equal(Number(await size(page).inputValue()), 16.1, "what it says is shown");
      assert.equal(await go.isDisabled(), true);
      assert.match(await panel(page).innerText(), /More than 4× is not read/);
      await page.waitForTimeout(600); // a scan would have begun by now
      assert.equal(await page.locator(".slide-head progress").isVisible(), false);
      assert.match(await page.locator(".slide-head").innerText(), /the scan waits for the scale/);
      await button(page, "2.5×").click();
      await go.click();
      await panel(page).locator("details", { hasText: "Save the map" }).waitFor(WAIT);
      assert.match(
        (await panel(page).innerText()).replaceAll(/\s+/g, " "),
        /4 µm\/px, given by hand; the model's own scale/,
      );
    }));

  test("A file whose own scale is 4 times the model's is scanned at it, with a warning", () =>
    onPage(async ({ page }) => {
      await drop(page, [{ name: "coarse.svs", bytes: scan(16) }]);
      await panel(page).locator("details", { hasText: "Save the map" }).waitFor(WAIT);
      const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
      assert.match(text, /16 µm\/px, aperio\.MPP; enlarged 4(\.00)?× to the model's 4 µm\/px/);
      assert.match(text, /The image was enlarged 4(\.0)?× to the model's/);
    }));
});
