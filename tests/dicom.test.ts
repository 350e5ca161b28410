// DICOM files that are made here, with known pixels: encodings, look-up tables, colours, tiles, scale.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { EngineError } from "../public/src/messages.ts";
import { isDicom, openDicom } from "../public/src/slide/formats/dicom.ts";
import {
  CODECS,
  NO_CODECS,
  byDcmtk,
  inFolder,
  openBytes,
  readWhole,
  refusal,
  written,
} from "./dicom_setup.ts";
import {
  BIG_ENDIAN,
  DEFLATED,
  EXPLICIT,
  IMPLICIT,
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
  wholeSlide,
  without,
} from "./make_dicom.ts";
import type { DicomElement } from "./make_dicom.ts";
import { randomNumbers } from "./made_images.ts";

const ROWS = 5;
const COLUMNS = 6;
const COUNT = ROWS * COLUMNS;
const SIZE = { rows: ROWS, columns: COLUMNS };
// From below the window of a made film (500, 1000) to above it.
const WORDS = Array.from({ length: COUNT }, (_, i) => 45 * i);
const FILM = film(SIZE, WORDS);
const SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7";

// LINEAR of PS3.3 C.11.2.1.2.1, from its pseudo code.
function linear(value: number, centre: number, width: number): number {
  if (value <= centre - 0.5 - (width - 1) / 2) return 0;
  if (value > centre - 0.5 + (width - 1) / 2) return 255;
  return Math.round(((value - (centre - 0.5)) / (width - 1) + 0.5) * 255);
}

async function shown(elements: readonly DicomElement[], syntax = EXPLICIT): Promise<number[]> {
  return [...(await readWhole(await openBytes(dicomFile(elements, { syntax })))).data];
}

async function notesOf(elements: readonly DicomElement[]) {
  return (await openBytes(dicomFile(elements))).facts.notes;
}

// As dcm2pnm shows it, with its options.
function byDcm2pnm(elements: readonly DicomElement[], options: string[]): number[] {
  const theirs = written(dicomFile(elements), (path) =>
    byDcmtk(path, (pixels) => pixels.shown(options)),
  );
  assert.ok(theirs, "dcm2pnm reads the file");
  return [...theirs];
}

function assertClose(ours: readonly number[], theirs: readonly number[], most = 1): void {
  assert.equal(ours.length, theirs.length);
  ours.forEach((value, i) => {
    const there = theirs[i] ?? NaN;
    assert.ok(Math.abs(value - there) <= most, `value ${i} is ${value}, there ${there}`);
  });
}

describe("A film in DICOM", () => {
  const expected = WORDS.map((value) => linear(value, 500, 1000));

  test("is the same in every encoding of its data set", async () => {
    for (const syntax of [EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED]) {
      for (const undefinedLengths of [false, true]) {
        const nested = [[element(0x00081150, "UI", "1.2"), element(0x00081155, "UI", "1.2.3")]];
        const icon = [[...imageElements(SIZE), element(0x7fe00010, "OW", [1, 2, 3])]];
        const elements = [
          ...FILM,
          element(0x00082112, "SQ", nested),
          element(0x00880200, "SQ", icon),
        ];
        const source = await openBytes(dicomFile(elements, { syntax, undefinedLengths }));
        assert.deepEqual(
          [...(await readWhole(source)).data],
          expected,
          `${syntax} ${undefinedLengths}`,
        );
        assert.equal(source.facts.kind, "mammogram");
        assert.equal(source.facts.channels, 1);
        assert.deepEqual(source.facts.levels, [{ width: COLUMNS, height: ROWS }]);
      }
    }
  });

  test("is known by its content, with a preamble and without", async () => {
    assert.equal(await isDicom(new Blob([dicomFile(FILM)])), true);
    const bare = dicomFile(FILM, { preamble: false });
    assert.equal(await isDicom(new Blob([bare])), true);
    assert.deepEqual([...(await readWhole(await openBytes(bare))).data], expected);
    assert.equal(await isDicom(new Blob([new Uint8Array(200)])), false);
    assert.equal(await isDicom(new Blob([])), false);
  });

  test("gives the part of a rectangle that lies in it", async () => {
    const source = await openBytes(dicomFile(FILM));
    const part = await source.read(0, { x: 4, y: -1, width: 10, height: 3 });
    assert.deepEqual([part.width, part.height], [2, 2]);
    assert.deepEqual(
      [...part.data],
      [4, 5, 10, 11].map((i) => expected[i]),
    );
    assert.equal((await source.read(0, { x: 9, y: 9, width: 2, height: 2 })).data.length, 0);
  });

  test("that is wanted no more is not read", async () => {
    const source = await openBytes(dicomFile(FILM));
    const aborted = AbortSignal.abort(new Error("enough"));
    await assert.rejects(source.read(0, { x: 0, y: 0, width: 1, height: 1 }, aborted), /enough/);
  });

  test("FOR PROCESSING is refused with the reason", async () => {
    const raw = replaced(FILM, element(0x00080068, "CS", "FOR PROCESSING"));
    const error = await refusal(dicomFile(raw));
    assert.equal(error.code, "image_unsupported");
    assert.match(error.message, /FOR PROCESSING.*FOR PRESENTATION/);
  });

  test("with burnt-in text, drawings or several frames says so", async () => {
    assert.deepEqual(await notesOf(FILM), []);
    const burnt = [...FILM, element(0x00280301, "CS", "YES")];
    assert.match((await notesOf(burnt))[0] ?? "", /burnt into/);
    const drawn = [...FILM, element(0x60023000, "OW", [1])];
    assert.match((await notesOf(drawn))[0] ?? "", /drawings/);
    const moving = replaced(
      FILM,
      element(0x00280008, "IS", "2"),
      element(0x7fe00010, "OW", [...WORDS, ...WORDS]),
    );
    assert.match((await notesOf(moving))[0] ?? "", /2 frames: only the first/);
  });
});

describe("Stored values of a DICOM file", () => {
  const exact = (width: number) => [
    element(0x00281050, "DS", String(width / 2)),
    element(0x00281051, "DS", String(width)),
    element(0x00281056, "CS", "LINEAR_EXACT"),
  ];

  test("lie below the high bit, whatever is above them", async () => {
    const words = WORDS.map((_, i) => 0xf000 | (i << 4) | 0x5);
    const elements = replaced(
      film({ ...SIZE, stored: 8 }, words),
      element(0x00280102, "US", [11]),
      ...exact(255),
    );
    assert.deepEqual(
      await shown(elements),
      WORDS.map((_, i) => i),
    );
  });

  test("may be signed", async () => {
    const words = WORDS.map((_, i) => (i - 15) & 0x0fff);
    const elements = replaced(
      film({ ...SIZE, stored: 12, signed: true }, words),
      element(0x00281052, "DS", "15"),
      element(0x00281053, "DS", "1"),
      ...exact(255),
    );
    assert.deepEqual(
      await shown(elements),
      WORDS.map((_, i) => i),
    );
  });

  test("may be bytes, also in big-endian words", async () => {
    const bytes = Uint8Array.from(WORDS, (_, i) => 3 * i);
    const made = (vr: string, value: Uint8Array) =>
      without(
        replaced(film({ ...SIZE, allocated: 8 }, []), element(0x7fe00010, vr, value)),
        0x00281050,
      );
    assert.deepEqual(await shown(made("OB", bytes)), [...bytes]);
    assert.deepEqual(await shown(made("OB", bytes), BIG_ENDIAN), [...bytes]);
    const swapped = bytes.map((_, i) => bytes[i ^ 1] ?? 0);
    assert.deepEqual(await shown(made("OW", swapped), BIG_ENDIAN), [...bytes]);
  });

  test("of any other depth are refused", async () => {
    for (const allocated of [4, 12, 24, 64]) {
      const error = await refusal(dicomFile(film({ ...SIZE, allocated }, WORDS)));
      assert.equal(error.code, "image_unsupported");
    }
    const lying = replaced(FILM, element(0x00280101, "US", [17]));
    assert.match((await refusal(dicomFile(lying))).message, /numbers of bits/);
  });
});

describe("What of a DICOM film is shown", () => {
  const plain = without(FILM, 0x00281050, 0x00281051);
  const windowed = (centre: string, width: string, shape: string) =>
    replaced(
      FILM,
      element(0x00281050, "DS", centre),
      element(0x00281051, "DS", width),
      element(0x00281056, "CS", shape),
    );

  test("is the first window of the file, as dcm2pnm shows it", async () => {
    for (const [centre, width] of [
      ["500", "1000"],
      ["600\\1", "300\\2"],
      ["700", "1"],
      ["0", "20000"],
    ] as const) {
      const elements = windowed(centre, width, "LINEAR");
      assertClose(await shown(elements), byDcm2pnm(elements, ["+Wi", "1"]));
    }
    const sigmoid = windowed("650", "700", "SIGMOID");
    assertClose(await shown(sigmoid), byDcm2pnm(sigmoid, ["+Wi", "1"]));
  });

  test("follows LINEAR_EXACT to the letter", async () => {
    const values = await shown(windowed("650", "510", "LINEAR_EXACT"));
    const clamped = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
    assert.deepEqual(
      values,
      WORDS.map((word) => clamped(((word - 650) / 510 + 0.5) * 255)),
    );
  });

  test("is through a VOI LUT where there is no window, as by dcm2pnm", async () => {
    const table = Array.from({ length: 1024 }, (_, i) => Math.round(4095 * Math.sqrt(i / 1023)));
    const item = [element(0x00283002, "US", [1024, 200, 12]), element(0x00283006, "OW", table)];
    const elements = [...plain, element(0x00283010, "SQ", [item])];
    assertClose(await shown(elements), byDcm2pnm(elements, ["+Wl", "1"]));
    assert.deepEqual(await notesOf(elements), []);
  });

  test("is through the modality's slope or look-up table first, as by dcm2pnm", async () => {
    const rescaled = [
      ...FILM,
      element(0x00281052, "DS", "-300.5"),
      element(0x00281053, "DS", "1.5"),
    ];
    assertClose(await shown(rescaled), byDcm2pnm(rescaled, ["+Wi", "1"]));
    const table = Array.from({ length: 1400 }, (_, i) => 1000 - Math.floor(i / 2));
    const item = [
      element(0x00283002, "US", [1400, 100, 16]),
      element(0x00283004, "LO", "US"),
      element(0x00283006, "OW", table),
    ];
    const looked = [...FILM, element(0x00283000, "SQ", [item])];
    assertClose(await shown(looked), byDcm2pnm(looked, ["+Wi", "1"]));
  });

  test("is brightest where the tissue is densest, also in MONOCHROME1", async () => {
    const inverse = replaced(FILM, element(0x00280004, "CS", "MONOCHROME1"));
    const values = await shown(inverse);
    assert.deepEqual([values[0], values[COUNT - 1]], [255, 0]);
    assertClose(values, byDcm2pnm(inverse, ["+Wi", "1"]));
  });

  test("is the whole range of values where the file names no window, and that is said", async () => {
    assertClose(await shown(plain), byDcm2pnm(plain, ["+Wm"]));
    assert.match((await notesOf(plain))[0] ?? "", /no VOI window/);
    const padded = replaced(
      [...plain, element(0x00280120, "US", [60000])],
      element(0x7fe00010, "OW", [60000, ...WORDS.slice(1)]),
    );
    const values = await shown(padded);
    assert.deepEqual([values[0], values[1], values[COUNT - 1]], [255, 0, 255]);
    const even = replaced(
      plain,
      element(
        0x7fe00010,
        "OW",
        WORDS.map(() => 7),
      ),
    );
    assert.deepEqual(new Set(await shown(even)), new Set([0]));
  });

  test("is not bent by a window that cannot be", async () => {
    for (const [centre, width] of [
      ["500", "0"],
      ["", ""],
      ["x", "9"],
      ["500", "-4"],
    ] as const) {
      assert.deepEqual(await shown(windowed(centre, width, "LINEAR")), await shown(plain));
    }
  });

  test("in an enhanced file is by the functional groups of its frames", async () => {
    const group = [
      element(0x00289132, "SQ", [
        [element(0x00281050, "DS", "500"), element(0x00281051, "DS", "1000")],
      ]),
      element(0x00289145, "SQ", [[element(0x00281052, "DS", "0"), element(0x00281053, "DS", "1")]]),
    ];
    for (const groups of [0x52009229, 0x52009230]) {
      assert.deepEqual(await shown([...plain, element(groups, "SQ", [group])]), await shown(FILM));
    }
  });
});

describe("Colours of a DICOM file", () => {
  const random = randomNumbers(5);
  const bytes = Uint8Array.from({ length: 3 * COUNT }, () => Math.floor(256 * random()));
  const colour = (photometric: string, value: Uint8Array, planar = 0): DicomElement[] => [
    element(0x00080016, "UI", SECONDARY_CAPTURE),
    ...replaced(
      imageElements({ ...SIZE, samples: 3, photometric, allocated: 8 }),
      element(0x00280006, "US", [planar]),
    ),
    element(0x7fe00010, "OB", value),
  ];
  const planes = bytes.map((_, i) => bytes[3 * (i % COUNT) + Math.floor(i / COUNT)] ?? 0);

  test("are read by pixel and by plane", async () => {
    assert.deepEqual(await shown(colour("RGB", bytes)), [...bytes]);
    const source = await openBytes(dicomFile(colour("RGB", planes, 1)));
    assert.deepEqual((await readWhole(source)).data, bytes);
    const row = await source.read(0, { x: 0, y: 3, width: COLUMNS, height: 1 });
    assert.deepEqual(row.data, bytes.slice(3 * 3 * COLUMNS, 3 * 4 * COLUMNS));
  });

  test("of YBR_FULL and YBR_FULL_422 become RGB as by dcm2pnm", async () => {
    // In DCMTK the middle of Cb and Cr is 127.5, in the standard (C.7.6.3.1.2) it is 128.
    const full = colour("YBR_FULL", bytes);
    assertClose(await shown(full), byDcm2pnm(full, []), 2);
    const halved = colour("YBR_FULL_422", bytes.slice(0, 2 * COUNT));
    assertClose(await shown(halved), byDcm2pnm(halved, []), 2);
  });

  test("of a palette are looked up as by dcm2pnm", async () => {
    const table = (factor: number) =>
      Array.from({ length: 64 }, (_, i) => (i * factor * 997) % 65536);
    const descriptor = [64, 3, 16];
    const elements = [
      element(0x00080016, "UI", SECONDARY_CAPTURE),
      ...imageElements({ ...SIZE, photometric: "PALETTE COLOR", allocated: 8 }),
      ...[0x00281101, 0x00281102, 0x00281103].map((tag) => element(tag, "US", descriptor)),
      ...[0x00281201, 0x00281202, 0x00281203].map((tag, i) => element(tag, "OW", table(i + 1))),
      element(
        0x7fe00010,
        "OB",
        Uint8Array.from({ length: COUNT }, (_, i) => 3 * i),
      ),
    ];
    const source = await openBytes(dicomFile(elements));
    assert.equal(source.facts.channels, 3);
    assertClose([...(await readWhole(source)).data], byDcm2pnm(elements, []));
    const short = replaced(elements, element(0x00281202, "OW", [1, 2]));
    assert.match((await refusal(dicomFile(short))).message, /colour table/);
  });

  test("of any other kind are refused", async () => {
    for (const photometric of ["CMYK", "HSV", "YBR_PARTIAL_420", "MONOCHROME2"]) {
      const error = await refusal(dicomFile(colour(photometric, bytes)));
      assert.match(error.message, /colours/);
    }
  });
});

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
  function jpeg2000(samples: Uint8Array, channels: number, bits: number, options: string[]) {
    const program = join(import.meta.dirname, "../build/asan/encode_picture");
    const args = ["jpeg2000", "48", "40", String(channels), String(bits), ...options];
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

describe("The scale of a DICOM file", () => {
  const facts = async (elements: readonly DicomElement[]) =>
    (await openBytes(dicomFile(elements))).facts;
  const mm = (tag: number, value: string) => element(tag, "DS", value);

  test("of a film is the detector's, by the magnification of the tissue", async () => {
    const { umPerPixel, scaleFrom, notes } = await facts(FILM);
    assert.equal(umPerPixel, 80);
    assert.match(scaleFrom ?? "", /0018,1164.*0018,1114/);
    assert.deepEqual(notes, []);
    const unknown = await facts(without(FILM, 0x00181114));
    assert.equal(unknown.umPerPixel, 100);
    assert.match(unknown.notes[0] ?? "", /detector/);
    for (const factor of ["0", "0.5", "11"]) {
      assert.equal((await facts(replaced(FILM, mm(0x00181114, factor)))).umPerPixel, 100);
    }
  });

  test("of a film is Pixel Spacing only where that is calibrated", async () => {
    const spaced = [...FILM, mm(0x00280030, "0.07\\0.07")];
    assert.equal((await facts(spaced)).umPerPixel, 80);
    const calibrated = await facts([...spaced, element(0x00280a02, "CS", "GEOMETRY")]);
    assert.equal(calibrated.umPerPixel, 70);
    const none = without(spaced, 0x00181164, 0x00181114);
    assert.equal((await facts(none)).umPerPixel, null);
    assert.equal((await facts([...none, mm(0x00182010, "0.05\\0.05")])).umPerPixel, 50);
  });

  test("is not known of pixels that are not square, or of lengths that cannot be", async () => {
    for (const spacing of ["0.1\\0.102", "0\\0", "-1\\-1", "0.1", "1e9\\1e9", "a\\b"]) {
      const { umPerPixel, notes } = await facts(replaced(FILM, mm(0x00181164, spacing)));
      assert.equal(umPerPixel, null, spacing);
      assert.equal(notes.length, 1);
    }
    assert.equal(
      (await facts(replaced(FILM, mm(0x00181164, "0.1\\0.1009")))).umPerPixel?.toFixed(2),
      "80.36",
    );
  });

  test("of other modalities is Pixel Spacing", async () => {
    const other = replaced(FILM, element(0x00080060, "CS", "CT"), mm(0x00280030, "0.5\\0.5"));
    const { umPerPixel, kind } = await facts(other);
    assert.deepEqual([umPerPixel, kind], [500, null]);
  });
});

test("The opener is called as the page calls it", async () => {
  const source = await openDicom(new Blob([dicomFile(FILM)]), "film.dcm", NO_CODECS);
  assert.equal(source.facts.format, "DICOM (uncompressed)");
  assert.equal(source.facts.sequential, false);
  source.close();
});
