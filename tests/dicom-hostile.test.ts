// DICOM files that lie: one sentence each, in bounded memory and time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  MAX_ELEMENTS,
  MAX_FRAMES,
  MAX_HEADER_BYTES,
  MAX_INFLATED_BYTES,
  MAX_META_BYTES,
} from "../public/src/slide/formats/dicom-limits.ts";
import { openBytes, readWhole, refusal } from "./dicom_setup.ts";
import {
  DEFLATED,
  EXPLICIT,
  IMPLICIT,
  RLE,
  dicomFile,
  element,
  encapsulated,
  film,
  replaced,
  rleFrame,
  without,
} from "./make_dicom.ts";
import type { DicomElement } from "./make_dicom.ts";

const SIZE = { rows: 5, columns: 6 };
const WORDS = Array.from({ length: 30 }, (_, i) => 45 * i);
const FILM = film(SIZE, WORDS);
const PRIVATE = 0x00091010;

const codeOf = async (elements: readonly DicomElement[], syntax = EXPLICIT) =>
  (await refusal(dicomFile(elements, { syntax }))).code;

describe("A DICOM file that lies", () => {
  test("about the length of an attribute is damaged or cut off", async () => {
    for (const length of [0xfffffffe, 0x7fffffff, 100_000]) {
      for (const syntax of [EXPLICIT, IMPLICIT]) {
        const lying = { ...element(PRIVATE, "UN", [1, 2]), length };
        assert.match(await codeOf([...FILM, lying], syntax), /image_(truncated|corrupt)/);
      }
    }
    const rows = { ...element(0x00280010, "US", [5]), length: 0 };
    assert.match(await codeOf(replaced(FILM, rows)), /image_(truncated|corrupt)/);
  });

  test("about the length of its pixels is damaged or cut off", async () => {
    const pixels = (length: number, words = WORDS) =>
      replaced(FILM, { ...element(0x7fe00010, "OW", words), length });
    assert.equal(await codeOf(pixels(61)), "image_truncated");
    assert.equal(await codeOf(pixels(0xfffffff0)), "image_truncated");
    assert.equal(await codeOf(pixels(58)), "image_corrupt");
    assert.equal(await codeOf(without(FILM, 0x7fe00010)), "image_unsupported");
  });

  test("with sequences nested without end is refused", async () => {
    for (const open of [true, false]) {
      for (const syntax of [EXPLICIT, IMPLICIT]) {
        const level = syntax === EXPLICIT ? 20 : 16;
        const depth = 200_000;
        const bytes = Buffer.alloc(level * depth);
        for (let i = 0; i < depth; ++i) {
          const rest = open ? 0xffffffff : level * (depth - i - 1);
          const at = bytes.writeUInt16LE(0x1111, bytes.writeUInt16LE(0x0008, level * i));
          if (syntax === EXPLICIT) bytes.write("SQ", at, "latin1");
          bytes.writeUInt32LE(open ? rest : rest + 8, level * i + level - 12);
          bytes.writeUInt32LE(0xe000fffe, level * i + level - 8);
          bytes.writeUInt32LE(rest, level * i + level - 4);
        }
        const file = dicomFile([], { syntax });
        const error = await refusal(new Uint8Array(Buffer.concat([file, bytes])));
        assert.match(error.message, /nested too deeply/);
      }
    }
  });

  test("with a sequence that never ends is damaged or without image", async () => {
    const open = {
      ...element(0x00081111, "SQ", new Uint8Array(0)),
      undefinedLength: true,
      length: 0xffffffff,
    };
    const endless = { ...element(PRIVATE, "UN", new Uint8Array(64)), undefinedLength: true };
    for (const lying of [open, endless]) {
      assert.match(await codeOf([lying, ...FILM]), /image_(corrupt|unsupported)/);
    }
  });

  test("about its rows and columns takes no memory", async () => {
    const huge = [element(0x00280010, "US", [65535]), element(0x00280011, "US", [65535])];
    assert.equal(await codeOf(replaced(FILM, ...huge)), "image_corrupt");
    const rle = replaced(
      FILM,
      ...huge,
      encapsulated([[rleFrame([new Uint8Array(8), new Uint8Array(8)])]], false),
    );
    assert.equal(await codeOf(rle, RLE), "image_too_large");
    // 128 MB of values and no more are decoded at once.
    const largest = (rows: number) => [
      element(0x00280010, "US", [rows]),
      element(0x00280011, "US", [8192]),
    ];
    assert.equal(await codeOf(replaced(rle, ...largest(8192)), RLE), "image_corrupt");
    assert.equal(await codeOf(replaced(rle, ...largest(8193)), RLE), "image_too_large");
    assert.equal(await codeOf(replaced(FILM, element(0x00280010, "US", [0]))), "image_corrupt");
  });

  test("about its frames is damaged", async () => {
    const frames = (count: string) => replaced(FILM, element(0x00280008, "IS", count));
    for (const count of ["0", "-1", "1.5", "x", String(MAX_FRAMES + 1), "2", String(MAX_FRAMES)]) {
      assert.equal(await codeOf(frames(count)), "image_corrupt", count);
    }
    const frame = rleFrame([new Uint8Array(30), new Uint8Array(30)]);
    const rle = replaced(frames("3"), encapsulated([[frame], [frame]], true));
    assert.equal(await codeOf(rle, RLE), "image_unsupported");
  });

  test("with fragments that lie is damaged or cut off", async () => {
    const frame = rleFrame([new Uint8Array(30), new Uint8Array(30)]);
    const two = replaced(
      FILM,
      element(0x00280008, "IS", "2"),
      encapsulated([[frame], [frame]], true),
    );
    const file = dicomFile(two, { syntax: RLE });
    const table = file.findLastIndex((_, i) => file[i] === 0xe0 && file[i + 1] === 0x7f) + 12;
    const broken = async (at: number, bytes: number[]) => {
      const copy = file.slice();
      copy.set(bytes, table + at);
      return (await refusal(copy)).code;
    };
    assert.equal(await broken(0, [1]), "image_corrupt"); // no item
    assert.equal(await broken(4, [255, 255, 255, 255]), "image_truncated"); // its length
    assert.equal(await broken(12, [0, 0, 0, 0]), "image_corrupt"); // offsets not in order
    assert.equal(await broken(12, [3, 0, 0, 0]), "image_corrupt"); // beside an item
    assert.equal(await broken(20, [255, 255, 255, 127]), "image_truncated"); // a fragment
  });

  test("that unpacks to more than it may is refused early", async () => {
    const bomb = [element(PRIVATE, "UN", new Uint8Array(MAX_INFLATED_BYTES)), ...FILM];
    const started = performance.now();
    assert.equal(await codeOf(bomb, DEFLATED), "image_too_large");
    assert.ok(performance.now() - started < 20_000);
    const cut = dicomFile(FILM, { syntax: DEFLATED });
    assert.equal((await refusal(cut.slice(0, -9))).code, "image_corrupt");
  });

  test("with more attributes than it may have is refused", async () => {
    const items = (count: number) => {
      const bytes = new Uint8Array(8 * count);
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < count; ++i) view.setUint32(8 * i, 0xe000fffe, true);
      return dicomFile([...FILM, element(0x00081111, "SQ", bytes)]);
    };
    assert.equal((await refusal(items(MAX_ELEMENTS))).code, "image_too_large");
    assert.equal((await readWhole(await openBytes(items(MAX_ELEMENTS - 1000)))).width, 6);
  });

  test("with more before its image than it may have is refused", async () => {
    const after = (bytes: number) =>
      dicomFile([...FILM, element(PRIVATE, "UN", new Uint8Array(bytes))]);
    assert.equal((await refusal(after(MAX_HEADER_BYTES))).code, "image_too_large");
    assert.equal((await readWhole(await openBytes(after(MAX_HEADER_BYTES - 4096)))).width, 6);
  });

  test("with too much at its start, or no encoding there, is damaged", async () => {
    const padded = (bytes: number) => {
      const file = dicomFile(FILM);
      const extra = Buffer.alloc(12 + bytes);
      extra.set([2, 0, 2, 1, 79, 66, 0, 0]); // (0002,0102) OB
      extra.writeUInt32LE(bytes, 8);
      const at = file.findIndex(
        (_, i) => i > 132 && file[i] === 8 && file[i + 1] === 0 && file[i + 2] === 8,
      );
      return new Uint8Array(Buffer.concat([file.slice(0, at), extra, file.slice(at)]));
    };
    assert.equal((await readWhole(await openBytes(padded(MAX_META_BYTES - 1000)))).width, 6);
    assert.equal((await refusal(padded(MAX_META_BYTES))).code, "image_corrupt");
    assert.equal((await refusal(dicomFile(FILM, { syntax: "" }))).code, "image_corrupt");
  });
});
