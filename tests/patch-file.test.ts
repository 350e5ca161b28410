// The patch of a map's cell as an image file.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Engine } from "../public/src/engine.ts";
import type { Tile } from "../public/src/slide/messages.ts";
import { bitmap, patchFile } from "../public/src/slide/patch-file.ts";
import { ProbabilityMap } from "../public/src/slide/probability-map.ts";
import type { Rectangle } from "../public/src/slide/source.ts";
import { tissue } from "./made_images.ts";

const root = join(import.meta.dirname, "..");
const model = join(root, "model/best.onnx");
const wasm = join(root, "build/wasm-simd/engine.wasm");
const missing = [model, wasm].filter((path) => !existsSync(path));
const skip = missing.length > 0 ? `SKIPPED: ${missing.join(", ")} not there; run make wasm` : false;

const SIDE = 50; // px: lines of a bitmap of this width are filled up

function tileOf(seed: number): Tile {
  const { width, height, rgb } = tissue(SIDE, SIDE, seed);
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let at = 0; at < width * height; at++) rgba.set(rgb.subarray(3 * at, 3 * at + 3), 4 * at);
  return { width, height, rgba, isGrey: false };
}

// Of an image three times as fine as the model's scale, a patch beside the other.
function made(): ProbabilityMap {
  const block = { x: 0, y: 0, width: 200, height: 100, column: 0, row: 0, columns: 4, rows: 2 };
  const plan = {
    ...{ columns: 4, rows: 2, stride: SIDE, patch: SIDE, magnification: 1, dense: false },
    ...{ scaledWidth: 200, scaledHeight: 100, strides: [], blocks: [block] },
  };
  return new ProbabilityMap(plan, { width: 600, height: 300 });
}

describe("The patch of a cell", () => {
  test("is read by the engine pixel by pixel as it was drawn", { skip }, async () => {
    const module = await WebAssembly.compile(readFileSync(wasm));
    const engine = await Engine.create(module, readFileSync(model));
    const tile = tileOf(3);
    const { preview } = engine.classify(bitmap(tile), SIDE, true);
    assert.ok(preview);
    assert.deepEqual([preview.width, preview.height], [SIDE, SIDE]);
    assert.deepEqual([...preview.rgba], [...tile.rgba]);
  });

  test("is drawn from where it lies in the image, at the model's scale, and named after both", async () => {
    const asked: [Rectangle, number, number][] = [];
    const tile = (...given: [Rectangle, number, number]) => {
      asked.push(given);
      return Promise.resolve(tileOf(1));
    };
    const { name, file } = await patchFile(
      { name: "section.svs", tile },
      { map: made(), column: 3, row: 1 },
    );
    assert.deepEqual(asked, [[{ x: 450, y: 150, width: 150, height: 150 }, SIDE, SIDE]]);
    assert.equal(name, "section.svs, patch at 450, 150.bmp");
    assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bitmap(tileOf(1)));
  });
});
