// Compressed frames of DICOM files: RLE, JPEG lossless, JPEG, JPEG-LS, JPEG 2000.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { EngineError } from "../public/src/messages.ts";
import {
  CODECS,
  assertClose,
  byDcmtk,
  inFolder,
  openBytes,
  readWhole,
  refusal,
  shown,
  written,
} from "./dicom_setup.ts";
import {
  JPEG_LOSSLESS,
  RLE,
  dicomFile,
  element,
  encapsulated,
  film,
  imageElements,
  losslessJpeg,
  replaced,
  rleFrame,
} from "./make_dicom.ts";
import type { DicomElement } from "./make_dicom.ts";
import { randomNumbers } from "./random_numbers.ts";

const ROWS = 5;
const COLUMNS = 6;
const COUNT = ROWS * COLUMNS;
const SIZE = { rows: ROWS, columns: COLUMNS };
// From below the window of a made film (500, 1000) to above it.
const WORDS = Array.from({ length: COUNT }, (_, i) => 45 * i);
const FILM = film(SIZE, WORDS);
const SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7";

describe("Compressed frames of a DICOM file", () => {
  const high = Uint8Array.from(WORDS, (word) => word >> 8);
  const low = Uint8Array.from(WORDS, (word) => word & 255);
  const frame = rleFrame([high, low]);
  const rle = (frames: Uint8Array[][], table: boolean) =>
    replaced(FILM, element(0x00280008, "IS", String(frames.length)), encapsulated(frames, table));

  test("are read as RLE, with an offset table and without, in one piece and in several", async () => {
    const expected = await shown(FILM);
    for (const table of [true, false]) {
      assert.deepEqual(await shown(rle([[frame]], table), RLE), expected);
      assert.deepEqual(await shown(rle([[frame], [frame]], table), RLE), expected);
      const pieces = [[frame.slice(0, 64), frame.slice(64, 80), frame.slice(80)]];
      assert.deepEqual(await shown(rle(pieces, table), RLE), expected);
    }
  });

  test("without a table, of which nobody knows where they begin, are refused", async () => {
    const pieces = [[frame.slice(0, 64), frame.slice(64)], [frame]];
    const error = await refusal(dicomFile(rle(pieces, false), { syntax: RLE }));
    assert.match(error.message, /where its frames begin/);
  });

  test("of RLE that end early or lie about their segments are refused", async () => {
    const broken = (change: (bytes: Uint8Array) => Uint8Array) =>
      refusal(dicomFile(rle([[change(frame.slice())]], false), { syntax: RLE }));
    assert.match((await broken((bytes) => bytes.slice(0, 70))).message, /RLE/);
    assert.match((await broken((bytes) => bytes.fill(3, 0, 1))).message, /depth/);
    assert.match((await broken((bytes) => bytes.fill(255, 8, 12))).message, /order/);
    assert.match((await broken((bytes) => bytes.slice(0, 20))).message, /RLE/);
  });

  // Something with edges, so that every predictor counts.
  const size = { rows: 37, columns: 41 };
  const random = randomNumbers(11);
  const words = Array.from(
    { length: 37 * 41 },
    (_, i) => Math.floor(random() * 200) + (i % 41) * 90,
  );
  const options = [["+e1"], ...[1, 2, 3, 4, 5, 6, 7].map((n) => ["+el", "+sv", String(n)])];

  function compressed(elements: readonly DicomElement[], args: readonly string[]) {
    return inFolder((folder) => {
      const out = join(folder, "out.dcm");
      written(dicomFile(elements), (path) => {
        const { status, stderr } = spawnSync("dcmcjpeg", [...args, path, out], {
          encoding: "utf8",
        });
        assert.equal(status, 0, stderr);
      });
      return new Uint8Array(readFileSync(out));
    });
  }

  for (const args of options) {
    test(`are read as JPEG lossless that dcmcjpeg ${args.join(" ")} wrote`, async () => {
      for (const stored of [12, 16]) {
        const elements = film({ ...size, stored }, words);
        const source = await openBytes(compressed(elements, args));
        assert.deepEqual([...(await readWhole(source)).data], await shown(elements));
      }
    });
  }

  test("in colour are read as JPEG lossless, whatever bit they end at", async () => {
    for (let n = 0; n < 3; ++n) {
      const rgb = Uint8Array.from({ length: 3 * 37 * 41 }, () => Math.floor(random() * 256));
      const elements = [
        element(0x00080016, "UI", SECONDARY_CAPTURE),
        element(0x00080018, "UI", "2.25.5"),
        ...imageElements({ ...size, samples: 3, photometric: "RGB", allocated: 8 }),
        element(0x7fe00010, "OB", rgb),
      ];
      for (const args of options) {
        const source = await openBytes(compressed(elements, args));
        assert.deepEqual((await readWhole(source)).data, rgb, args.join(" "));
      }
    }
  });

  test("are read as JPEG lossless with restart intervals", async () => {
    for (const rows of [1, 2, 3]) {
      for (let n = 0; n < 8; ++n) {
        const values = Array.from({ length: COUNT }, () => Math.floor(random() * 4096));
        const bytes = losslessJpeg(values, ROWS, COLUMNS, rows * COLUMNS);
        const elements = replaced(
          film({ ...SIZE, stored: 12 }, values),
          encapsulated([[bytes]], false),
        );
        const source = await openBytes(dicomFile(elements, { syntax: JPEG_LOSSLESS }));
        assert.deepEqual(
          [...(await readWhole(source)).data],
          await shown(film({ ...SIZE, stored: 12 }, values)),
        );
      }
    }
  });

  test("of JPEG lossless that are cut off or of another size are refused", async () => {
    const file = compressed(film(size, words), ["+e1"]);
    const scan = file.lastIndexOf(0xda);
    const broken = file.slice();
    broken.fill(0xff, scan + 20, scan + 24);
    assert.ok((await refusal(broken)) instanceof EngineError);
    const rows = file.findIndex((_, i) => file[i] === 0xff && file[i + 1] === 0xc3) + 5;
    const lying = file.slice();
    lying[rows + 1] = 99;
    assert.match((await refusal(lying)).message, /another size/);
  });
});

// What the program wrote of a made file, and what DCMTK reads of that.
function throughDcmtk(elements: readonly DicomElement[], program: string, args: readonly string[]) {
  return inFolder((folder) => {
    const out = join(folder, "out.dcm");
    written(dicomFile(elements), (path) => {
      const { status, stderr } = spawnSync(program, [...args, path, out], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
    });
    const file = new Uint8Array(readFileSync(out));
    const theirs = byDcmtk(out, (pixels) => pixels.shown([]));
    assert.ok(theirs);
    return { file, theirs: [...theirs] };
  });
}

describe("Frames that the codecs decode", () => {
  const size = { rows: 40, columns: 48 };
  const grey = Uint8Array.from(
    { length: 40 * 48 },
    (_, i) => ((i % 48) * 5 + Math.floor(i / 48) * 3) % 256,
  );
  const eight = (photometric: string, samples: number, value: Uint8Array) => [
    element(0x00080016, "UI", SECONDARY_CAPTURE),
    element(0x00080018, "UI", "2.25.5"),
    ...imageElements({ ...size, samples, photometric, allocated: 8 }),
    element(0x7fe00010, "OB", value),
  ];
  // Smooth: decoders differ in how they spread halved colours over edges.
  const rgb = Uint8Array.from({ length: 3 * 40 * 48 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 48, Math.floor(i / 144)];
    return Math.round(128 + 100 * Math.sin(0.1 * x + 0.07 * y + (i % 3)));
  });

  test("of JPEG are DCMTK's in grey, and close to them in colour", async () => {
    const one = throughDcmtk(eight("MONOCHROME2", 1, grey), "dcmcjpeg", ["+eb"]);
    assert.deepEqual([...(await readWhole(await openBytes(one.file, CODECS))).data], one.theirs);
    for (const [args, most] of [
      [["+eb", "+cr"], 0],
      [["+eb", "+s4"], 2],
      [["+eb", "+s2"], 3],
      [["+ee", "+s4"], 2],
    ] as const) {
      const { file, theirs } = throughDcmtk(eight("RGB", 3, rgb), "dcmcjpeg", args);
      assertClose([...(await readWhole(await openBytes(file, CODECS))).data], theirs, most);
    }
  });

  test("of JPEG with 12 bits are refused by name", async () => {
    const deep = film(
      { ...size, stored: 12 },
      [...grey].map((value) => 16 * value),
    );
    const { file } = throughDcmtk(deep, "dcmcjpeg", ["+ee"]);
    const error = await refusal(file, CODECS);
    assert.equal(error.code, "image_unsupported");
    assert.match(error.message, /JPEG with 12 bits/);
  });

  test("of JPEG-LS are what was written, or near it where they are near-lossless", async () => {
    const words = [...grey].map((value, i) => 16 * value + (i % 16));
    const deep = film({ ...size, stored: 12 }, words);
    const exact = throughDcmtk(deep, "dcmcjpls", ["+el"]);
    assert.deepEqual(
      [...(await readWhole(await openBytes(exact.file, CODECS))).data],
      await shown(deep),
    );
    const near = throughDcmtk(eight("MONOCHROME2", 1, grey), "dcmcjpls", ["+en"]);
    assert.deepEqual([...(await readWhole(await openBytes(near.file, CODECS))).data], near.theirs);
    const colour = throughDcmtk(eight("RGB", 3, rgb), "dcmcjpls", ["+el"]);
    assert.deepEqual((await readWhole(await openBytes(colour.file, CODECS))).data, rgb);
  });

  // By OpenJPEG's encoder, lossless.
  function jpeg2000(
    samples: Uint8Array,
    channels: number,
    bits: number,
    options: string[],
    sides = ["48", "40"],
  ) {
    const program = join(import.meta.dirname, "../build/asan/encode_picture");
    const args = ["jpeg2000", ...sides, String(channels), String(bits), ...options];
    return new Uint8Array(execFileSync(program, args, { input: samples }));
  }

  test("of JPEG 2000 are what was written: deep, signed and in colour", async () => {
    const syntax = "1.2.840.10008.1.2.4.90";
    const of = (elements: readonly DicomElement[], frame: Uint8Array) =>
      dicomFile(replaced(elements, encapsulated([[frame]], true)), { syntax });
    const words = Uint16Array.from(grey, (value, i) => 16 * value + (i % 16));
    const deep = film({ ...size, stored: 12 }, [...words]);
    const twelve = of(deep, jpeg2000(new Uint8Array(words.buffer), 1, 12, []));
    assert.deepEqual(
      [...(await readWhole(await openBytes(twelve, CODECS))).data],
      await shown(deep),
    );

    const negative = Int16Array.from(words, (value) => 8 * value - 16_000);
    const signed = film(
      { ...size, signed: true },
      [...negative].map((value) => value & 0xffff),
    );
    const sixteen = of(signed, jpeg2000(new Uint8Array(negative.buffer), 1, 16, ["signed=1"]));
    assert.deepEqual(
      [...(await readWhole(await openBytes(sixteen, CODECS))).data],
      await shown(signed),
    );

    const colour = of(eight("YBR_RCT", 3, rgb), jpeg2000(rgb, 3, 8, []));
    assert.deepEqual((await readWhole(await openBytes(colour, CODECS))).data, rgb);
  });

  // A main header whose COD (default style) says how large every precinct is.
  function withPrecincts(frame: Uint8Array, sizes: number): Uint8Array {
    const cod = frame.findIndex((byte, i) => byte === 0xff && frame[i + 1] === 0x52);
    const levels = frame[cod + 9] ?? 0;
    const start = frame.slice(0, cod + 14);
    start.set([12 + levels + 1, 1], cod + 3); // its length, its style
    const precincts = new Uint8Array(levels + 1).fill(sizes);
    return Uint8Array.from([...start, ...precincts, ...frame.slice(cod + 14)]);
  }

  test("of JPEG 2000 may be as large as a film, but not in precincts of 2 × 2 samples", async () => {
    const side = 3000;
    const large = Uint8Array.from({ length: side * side }, (_, i) => ((i % side) >> 3) & 255);
    const frame = jpeg2000(large, 1, 8, [], [String(side), String(side)]);
    const of = (bytes: Uint8Array) => [
      element(0x00080016, "UI", SECONDARY_CAPTURE),
      ...imageElements({ rows: side, columns: side, allocated: 8 }),
      encapsulated([[bytes]], true),
    ];
    const syntax = "1.2.840.10008.1.2.4.90";
    const source = await openBytes(dicomFile(of(frame), { syntax }), CODECS);
    const { data } = await readWhole(source);
    assert.ok(data.every((value, i) => value === large[i]));
    const bomb = await refusal(dicomFile(of(withPrecincts(frame, 0x11)), { syntax }), CODECS);
    assert.equal(bomb.code, "image_too_large");
  });

  test("are read or refused in a sentence when their bytes changed", async () => {
    const random = randomNumbers(20261127);
    const files = [
      throughDcmtk(eight("RGB", 3, rgb), "dcmcjpeg", ["+eb"]).file,
      throughDcmtk(eight("RGB", 3, rgb), "dcmcjpls", ["+el"]).file,
    ];
    for (let n = 0; n < 400; ++n) {
      const bytes = (files[n % 2] ?? new Uint8Array(0)).slice();
      const at = bytes.lastIndexOf(0xe0, 1200);
      for (let flips = 0; flips < 3; ++flips) {
        bytes[at + Math.floor(random() * (bytes.length - at))] = Math.floor(random() * 256);
      }
      try {
        await readWhole(await openBytes(bytes, CODECS));
      } catch (error) {
        assert.ok(error instanceof EngineError, `seed 20261127, case ${n}: ${String(error)}`);
      }
    }
  });

  test("of another size than the file says, or none at all, are refused", async () => {
    const { file } = throughDcmtk(eight("MONOCHROME2", 1, grey), "dcmcjpls", ["+el"]);
    const at = file.findIndex(
      (_, i) => file[i] === 0x28 && file[i + 1] === 0 && file[i + 2] === 0x10,
    );
    const lying = file.slice();
    lying[at + 8] = 41;
    assert.match((await refusal(lying, CODECS)).message, /another size/);
    const frame = encapsulated([[Uint8Array.of(1, 2, 3, 4)]], false);
    for (const syntax of [
      "1.2.840.10008.1.2.4.50",
      "1.2.840.10008.1.2.4.80",
      "1.2.840.10008.1.2.4.90",
    ]) {
      const nothing = dicomFile(replaced(eight("MONOCHROME2", 1, grey), frame), { syntax });
      assert.match((await refusal(nothing, CODECS)).code, /^image_/);
    }
  });
});
