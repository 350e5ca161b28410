// What a page draws on its canvases: words and frames as they are asked for, and pixels as they are.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { decodePng, type DecodedPng } from "../decode_png.ts";

export interface Drawn {
  on: string; // the canvas's class; "" of one that is in no document
  what: "text" | "frame";
  text: string;
  box: [x: number, y: number, width: number, height: number]; // of a text no height
}

// Remembers them from now on; clearing a canvas forgets what was on it.
export function recordDrawing(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const all: Drawn[] = [];
    Object.assign(globalThis, { drawnByPage: all });
    const drawing = CanvasRenderingContext2D.prototype;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with their context below
    const { fillText, strokeRect, clearRect } = drawing;
    drawing.fillText = function (text, x, y, ...rest) {
      all.push({
        on: this.canvas.className,
        what: "text",
        text,
        box: [x, y, this.measureText(text).width, 0],
      });
      fillText.call(this, text, x, y, ...rest);
    };
    drawing.strokeRect = function (...box) {
      all.push({ on: this.canvas.className, what: "frame", text: "", box });
      strokeRect.call(this, ...box);
    };
    drawing.clearRect = function (...box) {
      const { className } = this.canvas;
      const kept = className === "" ? all : all.filter(({ on }) => on !== className);
      if (kept.length < all.length) all.splice(0, all.length, ...kept);
      clearRect.call(this, ...box);
    };
  });
}

export async function drawnOn(page: Page, on: string): Promise<Drawn[]> {
  const all = await page.evaluate(
    () => (globalThis as unknown as { drawnByPage: Drawn[] }).drawnByPage,
  );
  return all.filter((drawn) => drawn.on === on);
}

export async function wordsOn(page: Page, on: string): Promise<string[]> {
  return (await drawnOn(page, on)).filter(({ what }) => what === "text").map(({ text }) => text);
}

// All words that were ever drawn and not cleared away, on whichever canvas.
export const allWords = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    (globalThis as unknown as { drawnByPage: Drawn[] }).drawnByPage.map(({ text }) => text),
  );

export const pixelOf = ({ width, channels, data }: DecodedPng, x: number, y: number): number[] => {
  const at = (Math.floor(y) * width + Math.floor(x)) * channels;
  return [...data.subarray(at, at + channels)];
};

// RGBA of places on a canvas.
export async function pixelsOf(
  page: Page,
  canvas: string, // selector
  places: readonly (readonly [x: number, y: number])[],
): Promise<number[][]> {
  return page.locator(canvas).evaluate(
    (drawn: HTMLCanvasElement, at) => {
      // A copy: to be read often, a canvas is taken from the graphics card.
      const { width, height } = drawn;
      const copy = Object.assign(document.createElement("canvas"), { width, height });
      const context = copy.getContext("2d", { willReadFrequently: true });
      context?.drawImage(drawn, 0, 0);
      return at.map(([x, y]) => [...(context?.getImageData(x, y, 1, 1).data ?? [])]);
    },
    places.map(([x, y]) => [Math.floor(x), Math.floor(y)] as const),
  );
}

// The image with everything over it, as it is on the screen.
export async function seen(page: Page): Promise<DecodedPng> {
  return decodePng(await page.locator(".slide-room").screenshot());
}

export async function boxOf(page: Page, selector: string) {
  const box = await page.locator(selector).boundingBox();
  assert.ok(box, `${selector} is there`);
  return box;
}

// When two looks at the image show the same, it has come to rest.
export async function atRest(page: Page): Promise<void> {
  let last: Buffer = Buffer.alloc(0);
  for (let look = 0; look < 40; look++) {
    const now = await page.locator(".slide-room").screenshot();
    if (now.equals(last)) return;
    last = now;
    await page.waitForTimeout(250);
  }
  assert.fail("the image does not come to rest");
}
