import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openTiff } from "../public/src/slide/formats/tiff.ts";
import {
  blobOf,
  makeTiff,
  INFLATE_ONLY,
  pattern,
  rational,
  shorts,
  type MadeImage,
} from "./make_tiff.ts";

const plain: MadeImage = { width: 10, height: 7, samples: 3, sample: pattern };
const open = (images: MadeImage[]) => openTiff(blobOf(makeTiff(images)), "scan.tif", INFLATE_ONLY);

describe("a TIFF's scale", () => {
  const scaleOf = async (fields: MadeImage["fields"], description = "") => {
    const { umPerPixel, scaleFrom } = (
      await open([{ ...plain, fields: fields ?? [], description }])
    ).facts;
    return [umPerPixel, scaleFrom];
  };
  const resolution = (unit: number | null, x: number, y = x, below = 1) => [
    rational(282, x, below),
    rational(283, y, below),
    ...(unit === null ? [] : [shorts(296, unit)]),
  ];
  const ome = (attributes: string): string =>
    `<OME><Image><Pixels ${attributes}></Pixels></Image></OME>`;

  test("centimetres and inches are taken where a microscope can have made them", async () => {
    assert.deepEqual(await scaleOf(resolution(3, 20000)), [0.5, "TIFF XResolution"]);
    assert.deepEqual(await scaleOf(resolution(2, 25400, 25400, 2)), [2, "TIFF XResolution"]);
    assert.deepEqual(await scaleOf(resolution(null, 25400)), [1, "TIFF XResolution"]);
  });

  test("50 µm per pixel is the most and 0.05 the least", async () => {
    for (const [x, due] of [
      [200, 50],
      [200000, 0.05],
      [199, null],
      [200001, null],
    ] as const)
      assert.equal((await scaleOf(resolution(3, x)))[0], due);
  });

  test("a screen's resolution, none, one of no unit, and pixels that are not square are not taken", async () => {
    for (const fields of [
      resolution(2, 72),
      resolution(2, 300),
      resolution(1, 20000),
      resolution(3, 20000, 10000),
      resolution(3, 0),
      resolution(3, 1, 1, 0),
      [{ tag: 282, type: 12, values: [] }],
      [],
    ])
      assert.deepEqual(await scaleOf(fields), [null, null]);
  });

  test("Aperio's MPP is taken if it is a number a microscope can have", async () => {
    for (const [mpp, due] of [
      ["0.2520", 0.252],
      ["4e-1", 0.4],
      ["0", null],
      ["-0.5", null],
      ["NaN", null],
      ["1e9", null],
    ] as const)
      assert.equal((await scaleOf([], `Aperio v1|MPP = ${mpp}|x`))[0], due);
    assert.equal((await scaleOf([], "Aperio v1|AppMag = 40"))[0], null); // that is no scale
  });

  test("OME's sizes have units, and µm without one", async () => {
    for (const [attributes, due] of [
      ['PhysicalSizeX="0.5"', 0.5],
      ['PhysicalSizeX="500" PhysicalSizeXUnit="nm"', 0.5],
      ['PhysicalSizeX="0.002" PhysicalSizeXUnit="mm"', 2],
      ['PhysicalSizeX="2" PhysicalSizeXUnit="&#181;m"', 2],
      ['PhysicalSizeX="1" PhysicalSizeXUnit="pixel"', null],
      ['PhysicalSizeX="-1"', null],
      ['PhysicalSizeX="0.5" PhysicalSizeY="1"', null],
      ["", null],
    ] as const)
      assert.equal((await scaleOf([], ome(attributes)))[0], due);
  });

  test("ImageJ's unit is taken", async () => {
    const text = "ImageJ=1.54f\nunit=micron\nmin=0";
    assert.deepEqual(await scaleOf(resolution(1, 4), text), [0.25, "ImageJ unit"]);
  });
});
