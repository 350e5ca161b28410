// Whole-slide images in DICOM: tiles of one picture.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openBytes, readWhole, refusal } from "./dicom_setup.ts";
import { dicomFile, element, replaced, wholeSlide } from "./make_dicom.ts";

describe("A whole-slide image in DICOM", () => {
  const [width, height, tile] = [37, 21, 16]; // three tiles by two
  const slide = { width, height, tile, spacingMm: "0.0005\\0.0005" };
  const valueAt = (of: number, x: number, y: number) => 30 * of + 3 * y + x;
  const tiles = Array.from({ length: 6 }, (_, of) =>
    Uint8Array.from({ length: 3 * tile * tile }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return valueAt(of, pixel % tile, Math.floor(pixel / tile));
    }),
  );
  // The first channel of a rectangle.
  const expected = (left: number, top: number, columns: number, rows: number, missing = -1) =>
    Array.from({ length: columns * rows }, (_, i) => {
      const [x, y] = [left + (i % columns), top + Math.floor(i / columns)];
      const of = 3 * Math.floor(y / tile) + Math.floor(x / tile);
      return of === missing ? 255 : valueAt(of, x % tile, y % tile);
    });
  const firstChannel = (data: Uint8Array) => [...data].filter((_, i) => i % 3 === 0);

  test("is one picture of its tiles, at its scale", async () => {
    const source = await openBytes(dicomFile(wholeSlide(slide, tiles)));
    assert.deepEqual(source.facts.levels, [{ width, height }]);
    assert.deepEqual([source.facts.kind, source.facts.umPerPixel], ["histology", 0.5]);
    assert.deepEqual(source.facts.notes, []);
    assert.deepEqual(firstChannel((await readWhole(source)).data), expected(0, 0, width, height));
    const part = await source.read(0, { x: 14, y: 13, width: 20, height: 6 });
    assert.deepEqual(firstChannel(part.data), expected(14, 13, 20, 6));
  });

  test("of which only the first focal plane is read says so", async () => {
    const source = await openBytes(dicomFile(wholeSlide(slide, [...tiles, ...tiles])));
    assert.match(source.facts.notes[0] ?? "", /focal plane/);
  });

  test("with tiles in any order is put together by their positions, and white where none is", async () => {
    const order = [5, 0, 3, 1, 2]; // 4 was not scanned
    const groups = order.map((of) => {
      const place = [
        element(0x0048021e, "SL", [1 + tile * (of % 3)]),
        element(0x0048021f, "SL", [1 + tile * Math.floor(of / 3)]),
      ];
      return [element(0x0048021a, "SQ", [place])];
    });
    const made = wholeSlide(
      { ...slide, organization: "TILED_SPARSE" },
      order.map((of) => tiles[of] ?? new Uint8Array(0)),
    );
    const source = await openBytes(dicomFile([...made, element(0x52009230, "SQ", groups)]));
    assert.deepEqual(
      firstChannel((await readWhole(source)).data),
      expected(0, 0, width, height, 4),
    );
    assert.match((await refusal(dicomFile(made))).message, /where its tiles lie/);
  });

  test("with fewer tiles than it takes, or larger than can be, is refused", async () => {
    assert.match(
      (await refusal(dicomFile(wholeSlide(slide, tiles.slice(1))))).message,
      /fewer tiles/,
    );
    const huge = wholeSlide({ ...slide, width: 1_000_001 }, tiles);
    assert.match((await refusal(dicomFile(huge))).message, /larger than any scanner/);
    const wide = wholeSlide({ ...slide, width: 1_000_000 }, tiles);
    assert.match((await refusal(dicomFile(wide))).message, /fewer tiles/);
  });

  test("of tiles smaller than any scanner makes is refused", async () => {
    const small = { ...slide, width: 30, height: 15, tile: 15 };
    const two = [new Uint8Array(675), new Uint8Array(675)];
    assert.match((await refusal(dicomFile(wholeSlide(small, two)))).message, /too small/);
    const one = await openBytes(dicomFile(wholeSlide({ ...small, width: 15 }, two.slice(1))));
    assert.equal((await readWhole(one)).width, 15);
  });

  test("of the slide's label is refused: a name may be written on it", async () => {
    const label = replaced(
      wholeSlide(slide, tiles),
      element(0x00080008, "CS", "ORIGINAL\\PRIMARY\\LABEL\\NONE"),
    );
    assert.match((await refusal(dicomFile(label))).message, /label/);
  });
});
