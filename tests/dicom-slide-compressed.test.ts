// Whole-slide images in DICOM whose tiles are compressed: several frames, and tiles cut off at the edges.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertClose, byDcmtk, CODECS, openBytes, readWhole, written } from "./dicom_setup.ts";
import {
  dicomFile,
  element,
  encapsulated,
  replaced,
  wholeSlide,
  type MadeSlide,
} from "./make_dicom.ts";
import { encoded } from "./made_pictures.ts";

const JPEG = "1.2.840.10008.1.2.4.50";
const JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90";
const JPEG_2000 = "1.2.840.10008.1.2.4.91";

const SIDE = 64;
const SLIDE: MadeSlide = { width: 150, height: 100, tile: SIDE, spacingMm: "0.0005\\0.0005" };
const [ACROSS, DOWN] = [3, 2];
const OUTSIDE = 255; // of what no tile has

// A picture without seams, so that a tile in another's place is seen. Smooth: decoders differ in how
// they spread halved colours over edges.
const valueAt = (x: number, y: number, channel: number) =>
  Math.round(128 + 70 * Math.sin(x / 29 + channel) + 45 * Math.cos(y / 23 - channel));

const tileAt = (column: number, row: number) =>
  Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return valueAt(column * SIDE + (pixel % SIDE), row * SIDE + Math.floor(pixel / SIDE), i % 3);
  });

const TILES = Array.from({ length: ACROSS * DOWN }, (_, at) =>
  tileAt(at % ACROSS, Math.floor(at / ACROSS)),
);

function made(left: number, top: number, width: number, height: number): number[] {
  return Array.from({ length: 3 * width * height }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return valueAt(left + (pixel % width), top + Math.floor(pixel / width), i % 3);
  });
}

const packed = (kind: "jpeg" | "jpeg2000", options: Record<string, number>) =>
  TILES.map((data) =>
    encoded(kind, { width: SIDE, height: SIDE, channels: 3, bits: 8, data }, options),
  );

interface Encoding {
  syntax: string;
  photometric: string;
}

// pieces: of every frame.
function slide(frames: readonly Uint8Array[], { syntax, photometric }: Encoding, pieces = 1) {
  const split = (frame: Uint8Array) => {
    const length = 2 * Math.ceil(frame.length / pieces / 2); // fragments are of even lengths
    return Array.from({ length: pieces }, (_, at) => frame.slice(at * length, (at + 1) * length));
  };
  const elements = replaced(
    wholeSlide(SLIDE, TILES),
    element(0x00280004, "CS", photometric),
    encapsulated(frames.map(split), true),
  );
  return dicomFile(elements, { syntax });
}

async function readsAs(file: Uint8Array<ArrayBuffer>, most: number): Promise<void> {
  const source = await openBytes(file, CODECS);
  const { width, height } = SLIDE;
  assert.deepEqual(source.facts.levels, [{ width, height }]);
  assert.equal(source.facts.umPerPixel, 0.5);
  assertClose([...(await readWhole(source)).data], made(0, 0, width, height), most);
  // Of four tiles, and of two at the edge.
  for (const [x, y, w, h] of [
    [50, 40, 40, 45],
    [120, 60, 30, 40],
  ] as const) {
    const part = await source.read(0, { x, y, width: w, height: h });
    assertClose([...part.data], made(x, y, w, h), most);
  }
}

// As DCMTK unpacks all frames: the picture that they make.
function dcmtkWhole(file: Uint8Array): number[] {
  const raw = written(file, (path) =>
    byDcmtk(path, (pixels) => {
      assert.equal(pixels.planar, false);
      return pixels.raw.slice();
    }),
  );
  assert.ok(raw, "DCMTK unpacks the file");
  const { width, height } = SLIDE;
  assert.ok(raw.length >= TILES.length * 3 * SIDE * SIDE);
  return Array.from({ length: 3 * width * height }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const tile = ACROSS * Math.floor(y / SIDE) + Math.floor(x / SIDE);
    const at = (tile * SIDE + (y % SIDE)) * SIDE + (x % SIDE);
    return raw[3 * at + (i % 3)] ?? OUTSIDE;
  });
}

describe("A whole-slide image in DICOM with compressed tiles", () => {
  for (const [name, options, most] of [
    ["whole colours", { quality: 95 }, 4],
    ["halved colours", { quality: 95, subsampling: 2 }, 6],
  ] as const) {
    test(`of JPEG baseline with ${name} is what was made, and what DCMTK unpacks`, async () => {
      const encoding = { syntax: JPEG, photometric: "YBR_FULL_422" };
      const file = slide(packed("jpeg", options), encoding);
      await readsAs(file, most);
      const ours = [...(await readWhole(await openBytes(file, CODECS))).data];
      assertClose(ours, dcmtkWhole(file), 2);
    });
  }

  test("of JPEG baseline in several pieces a tile is what was made", async () => {
    const encoding = { syntax: JPEG, photometric: "YBR_FULL_422" };
    await readsAs(slide(packed("jpeg", { quality: 95 }), encoding, 3), 4);
  });

  test("of JPEG 2000 without loss is what was made, to the bit", async () => {
    const encoding = { syntax: JPEG_2000_LOSSLESS, photometric: "YBR_RCT" };
    const frames = packed("jpeg2000", {});
    await readsAs(slide(frames, encoding), 0);
    await readsAs(slide(frames, encoding, 2), 0);
  });

  test("of JPEG 2000 with loss is close to what was made", async () => {
    await readsAs(
      slide(packed("jpeg2000", { lossy: 1 }), { syntax: JPEG_2000, photometric: "YBR_ICT" }),
      4,
    );
  });

  test("of which one tile's pixels are no picture is refused where it is read, and read elsewhere", async () => {
    const frames = packed("jpeg2000", {});
    const broken = [...frames.slice(0, 5), Uint8Array.of(1, 2, 3, 4)];
    const encoding = { syntax: JPEG_2000_LOSSLESS, photometric: "YBR_RCT" };
    const source = await openBytes(slide(broken, encoding), CODECS);
    const corner = { x: 130, y: 70, width: 10, height: 10 };
    await assert.rejects(source.read(0, corner), { name: "EngineError", code: /^image_/ });
    const part = await source.read(0, { ...corner, x: 10 });
    assert.deepEqual([...part.data], made(10, 70, 10, 10));
  });
});
