// The limits of what the page opens by itself, each from both sides: scales, uncompressed pictures and
// DICOM. Those of TIFF are in tiff_hostile.test.ts, the codecs' in codec_limits_test.cc.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openRaster, MAX_PICTURE_PIXELS } from "../public/src/slide/formats/raster.ts";
import {
  MAX_COMPRESSED_FRAME_BYTES,
  MAX_DECODED_FRAME_BYTES,
  MAX_FRAGMENTS,
  MAX_LEVEL_SIDE,
  MAX_TEXT_BYTES,
  MIN_TILE_SIDE,
} from "../public/src/slide/formats/dicom-limits.ts";
import { openDicom } from "../public/src/slide/formats/dicom.ts";
import { decodeRle } from "../public/src/slide/formats/dicom-rle.ts";
import { openTiff } from "../public/src/slide/formats/tiff.ts";
import { startTag } from "../public/src/slide/formats/tiff/scale.ts";
import {
  isScale,
  judgeScale,
  MAX_ENLARGEMENT,
  WARNED_ENLARGEMENT,
} from "../public/src/slide/scale.ts";
import { EngineError } from "../public/src/messages.ts";
import { NO_CODECS, openBytes, readWhole, refusal } from "./dicom_setup.ts";
import {
  dicomFile,
  element,
  encapsulated,
  film,
  imageElements,
  replaced,
  RLE,
  rleFrame,
  wholeSlide,
} from "./make_dicom.ts";
import type { DicomElement } from "./make_dicom.ts";
import { blobOf, makeTiff, INFLATE_ONLY, pattern, rational, shorts } from "./make_tiff.ts";

test("A scale is warned of beyond one and a half times, refused beyond four, and has limits by hand", () => {
  const verdicts = [WARNED_ENLARGEMENT, WARNED_ENLARGEMENT + 0.01, MAX_ENLARGEMENT].map((factor) =>
    judgeScale(4 * factor, 4),
  );
  assert.deepEqual(verdicts, ["fine", "warned", "warned"]);
  assert.equal(judgeScale(4 * (MAX_ENLARGEMENT + 0.01), 4), "refused");
  const taken = [0.049, 0.05, 50, 50.1].map((um) => isScale("histology", um));
  assert.deepEqual(taken, [false, true, true, false]);
  const films = [9.9, 10, 2000, 2001].map((um) => isScale("mammogram", um));
  assert.deepEqual(films, [false, true, true, false]);
});

describe("An uncompressed picture", () => {
  const codeOf = async (head: string, bytes = 0): Promise<string> => {
    try {
      await openRaster(new Blob([head, new Uint8Array(bytes)]), "made.pgm");
      return "opened";
    } catch (error) {
      assert.ok(error instanceof EngineError);
      return error.code;
    }
  };

  test("has up to 400 million pixels", async () => {
    const rows = MAX_PICTURE_PIXELS / 20_000;
    assert.equal(await codeOf(`P5 20000 ${rows} 255\n`), "image_corrupt", "cut off, not too large");
    assert.equal(await codeOf(`P5 20000 ${rows + 1} 255\n`), "image_too_large");
  });

  test("is as bright as two bytes can say", async () => {
    assert.equal(await codeOf("P5 1 1 65535\n", 2), "opened");
    assert.equal(await codeOf("P5 1 1 65536\n", 4), "image_corrupt");
    assert.equal(await codeOf("P5 1 1 1\n", 1), "opened");
    assert.equal(await codeOf("P5 1 1 0\n", 1), "image_corrupt");
  });
});

const SIZE = { rows: 5, columns: 6 };
const FILM = film(
  SIZE,
  Array.from({ length: 30 }, (_, i) => 45 * i),
);
const facts = async (elements: readonly DicomElement[]) =>
  (await openBytes(dicomFile(elements))).facts;

describe("A DICOM file", () => {
  test("has texts of up to 16 KB", async () => {
    const burnt = (bytes: number) =>
      dicomFile([...FILM, element(0x00280301, "CS", "YES".padEnd(bytes))]);
    assert.match((await openBytes(burnt(MAX_TEXT_BYTES))).facts.notes[0] ?? "", /burnt into/);
    assert.equal((await refusal(burnt(MAX_TEXT_BYTES + 2))).code, "image_corrupt");
  });

  test("has unique identifiers of up to 64 characters", async () => {
    const identity = async (length: number) => {
      const uid = `2.25.${"1".repeat(length - 5)}`;
      return (
        await openBytes(dicomFile(replaced(FILM, element(0x00080018, "UI", uid))))
      ).identity();
    };
    assert.equal((await identity(64)).sopInstanceUid.length, 64);
    await assert.rejects(identity(65), { code: "image_corrupt" });
  });

  test("has pixels of 0.01 µm to 10 mm that are square but for a hundredth", async () => {
    const scale = async (spacing: string) => {
      const other = replaced(FILM, element(0x00080060, "CS", "CT"));
      return (await facts([...other, element(0x00280030, "DS", spacing)])).umPerPixel;
    };
    assert.ok(((await scale("0.0000101\\0.0000101")) ?? 1) < 0.011);
    assert.equal(await scale("0.0000099\\0.0000099"), null);
    assert.equal(await scale("10\\10"), 10_000);
    assert.equal(await scale("10.001\\10.001"), null);
    assert.notEqual(await scale("0.1\\0.0991"), null);
    assert.equal(await scale("0.1\\0.0989"), null);
  });

  test("magnifies its tissue once to ten times", async () => {
    const scale = async (factor: string) =>
      (await facts(replaced(FILM, element(0x00181114, "DS", factor)))).scaleFrom;
    for (const [factor, taken] of [
      ["0.999", false],
      ["1", true],
      ["10", true],
      ["10.01", false],
    ] as const)
      assert.equal((await scale(factor))?.includes("Magnification") ?? false, taken, factor);
  });

  test("has up to fifteen segments in a frame of RLE", () => {
    const frame = (segments: number) =>
      rleFrame(Array.from({ length: segments }, () => Uint8Array.of(7)));
    assert.equal(decodeRle(frame(15), 1, 5, 3).length, 15);
    const more = new Uint8Array(200); // its head has room for fifteen
    more[0] = 16;
    assert.throws(() => decodeRle(more, 1, 4, 4), { code: "image_corrupt" });
  });

  // A frame, and so many empty fragments.
  const pieces = (empty: number) => {
    const frame = rleFrame([new Uint8Array(30), new Uint8Array(30)]);
    const pixels = encapsulated([[frame]], false);
    const value = pixels.value as Uint8Array;
    const items = new Uint8Array(8 * empty);
    for (let at = 0; at < items.length; at += 8) items.set([0xfe, 0xff, 0, 0xe0], at);
    const whole = new Uint8Array(value.length + items.length);
    whole.set(value.subarray(0, value.length - 8));
    whole.set(items, value.length - 8);
    whole.set(value.subarray(value.length - 8), value.length - 8 + items.length);
    return dicomFile(replaced(FILM, { ...pixels, value: whole }), { syntax: RLE });
  };

  test("has its pixels in up to a million pieces", async () => {
    assert.equal((await readWhole(await openBytes(pieces(MAX_FRAGMENTS - 1)))).width, 6);
    const { code, message } = await refusal(pieces(MAX_FRAGMENTS));
    assert.equal(code, "image_corrupt");
    assert.match(message, /too many pieces/);
  });

  test("has compressed frames of up to 128 MB", async () => {
    const frame = rleFrame([new Uint8Array(30), new Uint8Array(30)]);
    const padded = (bytes: number) => {
      const value = new Uint8Array(bytes);
      value.set(frame);
      return dicomFile(replaced(FILM, encapsulated([[value]], false)), { syntax: RLE });
    };
    assert.equal((await readWhole(await openBytes(padded(MAX_COMPRESSED_FRAME_BYTES)))).width, 6);
    assert.equal((await refusal(padded(MAX_COMPRESSED_FRAME_BYTES + 2))).code, "image_too_large");
  });

  test("has rows of up to 128 MB read at once", async () => {
    const [rows, columns] = [8193, 8192];
    const words = new Uint8Array(2 * rows * columns);
    const bytes = dicomFile(
      replaced(FILM, ...imageElements({ rows, columns }), element(0x7fe00010, "OW", words)),
    );
    const source = await openDicom(new Blob([bytes]), "film.dcm", NO_CODECS);
    const most = MAX_DECODED_FRAME_BYTES / (2 * columns);
    const read = (height: number) => source.read(0, { x: 0, y: 0, width: 1, height });
    assert.equal((await read(most)).height, most);
    await assert.rejects(read(most + 1), { code: "image_too_large" });
  });

  test("has sections of up to a million pixels a side", async () => {
    const section = (width: number) =>
      dicomFile(
        wholeSlide({ width, height: 16, tile: 16, spacingMm: "0.001\\0.001" }, [
          new Uint8Array(16 * 16 * 3),
        ]),
      );
    assert.match((await refusal(section(MAX_LEVEL_SIDE))).message, /fewer tiles/);
    assert.match((await refusal(section(MAX_LEVEL_SIDE + 1))).message, /larger than any scanner/);
  });

  test("has tiles of 16 pixels a side or more, where there is more than one", async () => {
    const section = (tile: number, width = 2 * tile) => {
      const tiles = Array.from(
        { length: Math.ceil(width / tile) },
        () => new Uint8Array(tile * tile * 3),
      );
      const of = { width, height: tile, tile, spacingMm: "0.001\\0.001" };
      return dicomFile(wholeSlide(of, tiles));
    };
    assert.equal((await openBytes(section(MIN_TILE_SIDE))).facts.levels[0]?.width, 32);
    assert.match((await refusal(section(MIN_TILE_SIDE - 1))).message, /too small/);
    assert.equal((await openBytes(section(8, 8))).facts.levels[0]?.width, 8);
  });
});

describe("A TIFF", () => {
  const plain = { width: 10, height: 7, samples: 3, sample: pattern };
  const open = (images: Parameters<typeof makeTiff>[0]) =>
    openTiff(blobOf(makeTiff(images)), "scan.tif", INFLATE_ONLY);

  test("has pixels that are square but for a hundredth", async () => {
    const scale = async (y: number) => {
      const fields = [rational(282, 20_000), rational(283, y), shorts(296, 3)];
      return (await open([{ ...plain, fields }])).facts.umPerPixel;
    };
    assert.equal(await scale(19_803), 0.5);
    assert.equal(await scale(19_800), null);
  });

  test("has elements of OME of up to 64 KB", () => {
    const element = (length: number) => `<OME><Pixels ${" ".repeat(length - 9)}>`;
    assert.equal(startTag(element(65_536), "Pixels").length, 65_536);
    assert.equal(startTag(element(65_537), "Pixels"), "");
  });

  test("has levels of its own shape but for a fiftieth", async () => {
    const levels = async (height: number) => {
      const tiled = { ...plain, tile: [64, 64] as [number, number], description: "Aperio" };
      const main = { ...tiled, width: 400, height: 400 };
      return (await open([main, { ...tiled, width: 200, height }])).facts.levels.length;
    };
    assert.deepEqual([await levels(204), await levels(205)], [2, 1]);
    assert.deepEqual([await levels(196), await levels(195)], [2, 1]);
  });
});
