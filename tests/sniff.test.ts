import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  hasImageName,
  isForSlides,
  maybeDicom,
  PATCH_ALLOWANCE,
  sniff,
} from "../public/src/sniff.ts";
import { bmp, png, pngHeader, ppm, tissue } from "./made_images.ts";

const PATCH = 50;
const blob = (...parts: (Uint8Array | string)[]) =>
  new Blob(parts.map((part) => (typeof part === "string" ? part : new Uint8Array(part))));

// A JPEG's segments up to its frame header; what comes before it is as long as given.
function jpegHeader(width: number, height: number, before: number, frame = 0xc0): Uint8Array {
  const bytes = new Uint8Array(2 + 2 + before + 2 + 9);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xffd8);
  view.setUint16(2, 0xffe1);
  view.setUint16(4, before);
  const at = 4 + before;
  view.setUint16(at, 0xff00 + frame);
  view.setUint16(at + 2, 11);
  view.setUint8(at + 4, 8);
  view.setUint16(at + 5, height);
  view.setUint16(at + 7, width);
  return bytes;
}

describe("what reads a file", () => {
  test("A picture's sides are read from the header of each format, whatever lies before it", async () => {
    const sides = { format: "picture", width: 61, height: 47 };
    const pixels = tissue(61, 47, 1);
    assert.deepEqual(await sniff(blob(png(pixels))), sides);
    assert.deepEqual(await sniff(blob(bmp(pixels))), sides);
    assert.deepEqual(await sniff(blob(ppm(pixels))), sides);
    assert.deepEqual(await sniff(blob(jpegHeader(61, 47, 2))), sides);
    assert.deepEqual(await sniff(blob(jpegHeader(61, 47, 60_000, 0xc2))), sides);
    assert.deepEqual(
      await sniff(blob("P5\n# a comment\n61 # and another\n47\n255\n", new Uint8Array(9))),
      sides,
    );
  });

  test("TIFF, BigTIFF and DICOM are told by their first bytes, not by their names", async () => {
    for (const magic of ["II*\0", "MM\0*", "II+\0", "MM\0+"])
      assert.deepEqual(await sniff(blob(magic, new Uint8Array(20))), { format: "tiff" });
    assert.deepEqual(await sniff(blob(new Uint8Array(128), "DICM")), { format: "dicom" });
  });

  test("A patch stays a patch up to the allowance, and beyond it on either side is scanned", async () => {
    const most = PATCH * PATCH_ALLOWANCE;
    assert.equal(most, 64);
    const isSlide = (width: number, height: number) =>
      isForSlides(blob(pngHeader(width, height)), PATCH);
    assert.equal(await isSlide(50, 50), false);
    assert.equal(await isSlide(64, 64), false);
    assert.equal(await isSlide(65, 20), true);
    assert.equal(await isSlide(20, 65), true);
    assert.equal(await isForSlides(blob("II*\0", new Uint8Array(9)), PATCH), true);
  });

  test("What has no such header, or only half of one, is left to the engine and its sentence", async () => {
    for (const part of [
      blob(),
      blob("only a text"),
      blob(pngHeader(900, 900).subarray(0, 20)),
      blob(jpegHeader(900, 900, 40).subarray(0, 46)),
      blob("P5\n900"),
      blob("P9 900 900 255 "),
      blob(new Uint8Array([0xff, 0xd8, 0xff, 0xd9, 0, 0, 0, 0, 0, 0, 0, 0])),
    ]) {
      assert.deepEqual(await sniff(part), { format: "unknown" });
      assert.equal(await isForSlides(part, PATCH), false);
    }
  });

  test("Images are known by the endings that the page asks the browser for", () => {
    const page = readFileSync(join(import.meta.dirname, "../public/index.html"), "utf8");
    const endings = /accept="([^"]*)"/
      .exec(page)?.[1]
      ?.split(",")
      .filter((of) => of[0] === ".");
    assert.deepEqual(
      endings?.map((ending) => ending.slice(1)),
      "png jpg jpeg bmp pgm ppm pnm tif tiff svs btf tf8 dcm dicom".split(" "),
    );
    for (const ending of endings) {
      assert.ok(hasImageName(`a${ending}`) && hasImageName(`A${ending.toUpperCase()}`), ending);
      assert.equal(maybeDicom(`a${ending}`), /^\.(dcm|dicom)$/.test(ending), ending);
    }
    for (const name of ["notes.txt", "png", "a.png.zip", "IM0001"]) {
      assert.equal(hasImageName(name), false, name);
      assert.equal(maybeDicom(name), true, name);
    }
  });

  test("A file that cannot be read is left to the engine too", async () => {
    const gone = { slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) };
    assert.equal(await isForSlides(gone as unknown as Blob, PATCH), false);
  });
});
