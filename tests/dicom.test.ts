// DICOM files that are made here, with known pixels: encodings, look-up tables, colours, tiles, scale.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDicom, openDicom } from "../public/src/slide/formats/dicom.ts";
import {
  NO_CODECS,
  assertClose,
  byDcm2pnm,
  openBytes,
  readWhole,
  refusal,
  shown,
} from "./dicom_setup.ts";
import {
  BIG_ENDIAN,
  DEFLATED,
  EXPLICIT,
  IMPLICIT,
  dicomFile,
  element,
  film,
  imageElements,
  replaced,
  without,
} from "./make_dicom.ts";
import type { DicomElement } from "./make_dicom.ts";

const ROWS = 5;
const COLUMNS = 6;
const COUNT = ROWS * COLUMNS;
const SIZE = { rows: ROWS, columns: COLUMNS };
// From below the window of a made film (500, 1000) to above it.
const WORDS = Array.from({ length: COUNT }, (_, i) => 45 * i);
const FILM = film(SIZE, WORDS);

// LINEAR of PS3.3 C.11.2.1.2.1, from its pseudo code.
function linear(value: number, centre: number, width: number): number {
  if (value <= centre - 0.5 - (width - 1) / 2) return 0;
  if (value > centre - 0.5 + (width - 1) / 2) return 255;
  return Math.round(((value - (centre - 0.5)) / (width - 1) + 0.5) * 255);
}

async function notesOf(elements: readonly DicomElement[]) {
  return (await openBytes(dicomFile(elements))).facts.notes;
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
