// DICOM files that lie: one sentence each, in bounded memory and time, and never a name.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { EngineError } from "../public/src/messages.ts";
import { KEPT } from "../public/src/network-lock.ts";
import {
  MAX_ELEMENTS,
  MAX_FRAMES,
  MAX_HEADER_BYTES,
  MAX_INFLATED_BYTES,
  MAX_META_BYTES,
} from "../public/src/slide/formats/dicom-limits.ts";
import { openDicom } from "../public/src/slide/formats/dicom.ts";
import { NO_CODECS, openBytes, readWhole, refusal } from "./dicom_setup.ts";
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

// --- Cut off and changed at random ---------------------------------------------------------------

const palette = [0x00281101, 0x00281102, 0x00281103].map((tag) => element(tag, "US", [8, 0, 16]));
const tables = [0x00281201, 0x00281202, 0x00281203].map((tag) =>
  element(tag, "OW", [0, 1, 2, 3, 4, 5, 6, 7]),
);
const places = [0, 1].map((i) => [
  element(0x0048021a, "SQ", [
    [element(0x0048021e, "SL", [1 + 16 * i]), element(0x0048021f, "SL", [1])],
  ]),
]);
const slide = { width: 32, height: 16, tile: 16, spacingMm: "0.0005\\0.0005" };
const tiles = [new Uint8Array(768).fill(7), new Uint8Array(768).fill(9)];
const rleElements = replaced(
  FILM,
  encapsulated([[rleFrame([new Uint8Array(30), new Uint8Array(30)])]], true),
);
const losslessElements = replaced(
  film({ ...SIZE, stored: 12 }, WORDS),
  encapsulated([[losslessJpeg(WORDS, 5, 6, 6)]], false),
);
const voiLut = [
  element(0x00283002, "US", [4, 200, 12]),
  element(0x00283006, "OW", [0, 9, 99, 999]),
];

const SMALL_FILES: readonly Uint8Array<ArrayBuffer>[] = [
  dicomFile(FILM),
  dicomFile(FILM, { syntax: IMPLICIT, undefinedLengths: true }),
  dicomFile(FILM, { syntax: BIG_ENDIAN }),
  dicomFile(FILM, { syntax: DEFLATED }),
  dicomFile(FILM, { preamble: false }),
  dicomFile([...without(FILM, 0x00281050), element(0x00283010, "SQ", [voiLut])], {
    undefinedLengths: true,
  }),
  dicomFile(rleElements, { syntax: RLE }),
  dicomFile(losslessElements, { syntax: JPEG_LOSSLESS }),
  dicomFile([
    ...imageElements({ ...SIZE, photometric: "PALETTE COLOR", allocated: 8 }),
    ...palette,
    ...tables,
    element(0x7fe00010, "OB", new Uint8Array(30)),
  ]),
  dicomFile(wholeSlide(slide, tiles)),
  dicomFile([
    ...wholeSlide({ ...slide, organization: "TILED_SPARSE" }, tiles),
    element(0x52009230, "SQ", places),
  ]),
];

const SLOW_MS = 10_000; // on a machine that does much else

// Opens and reads the top left corner, as the page does: pixels, or one sentence.
async function tried(bytes: Uint8Array<ArrayBuffer>, what: string): Promise<"read" | "refused"> {
  const started = performance.now();
  let outcome: "read" | "refused" = "read";
  try {
    const source = await openBytes(bytes);
    const pixels = await source.read(0, { x: 0, y: 0, width: 16, height: 16 });
    assert.equal(pixels.data.length, pixels.width * pixels.height * pixels.channels, what);
  } catch (error) {
    if (!(error instanceof EngineError)) assert.fail(`${what}: ${inspect(error)}`);
    assert.match(error.message, /^[A-Z][^\n]{20,300}\.$/, what);
    outcome = "refused";
  }
  const took = performance.now() - started;
  assert.ok(took < SLOW_MS, `${what} took ${Math.round(took)} ms`);
  return outcome;
}

describe("A DICOM file that came to harm", () => {
  test("is read before", async () => {
    for (const [i, file] of SMALL_FILES.entries()) assert.equal(await tried(file, `${i}`), "read");
  });

  test("by being cut off anywhere is refused in a sentence", async () => {
    for (const [index, file] of SMALL_FILES.entries()) {
      let read = 0;
      for (let length = 0; length < file.length; ++length) {
        if ((await tried(file.slice(0, length), `file ${index} cut at ${length}`)) === "read")
          ++read;
      }
      // What ends with a delimiter or a byte of padding may lose that.
      assert.ok(read <= 1, `file ${index} was read in ${read} states of being cut off`);
    }
  });

  test("by bytes that changed is read or refused in a sentence", async () => {
    const random = randomNumbers(20261126);
    const below = (limit: number) => Math.floor(random() * limit);
    let [read, refused] = [0, 0];
    for (let n = 0; n < 6000; ++n) {
      const file = SMALL_FILES[n % SMALL_FILES.length] ?? new Uint8Array(0);
      const bytes = random() < 0.2 ? file.slice(0, below(file.length)) : file.slice();
      for (let flips = 1 + below(4); flips > 0; --flips) {
        const extreme = [0, 1, 127, 128, 254, 255][below(6)] ?? 0;
        bytes[132 + below(bytes.length)] = random() < 0.5 ? extreme : below(256);
      }
      if ((await tried(bytes, `seed 20261126, case ${n}`)) === "read") ++read;
      else ++refused;
    }
    console.log(`6000 changed DICOM files: ${read} read, ${refused} refused, none otherwise`);
    assert.ok(read > 500 && refused > 500);
  });
});

// --- What must not get out -----------------------------------------------------------------------

describe("Names in a DICOM file", () => {
  const SECRET = "SECRETNAME";
  const TEXTS: readonly (readonly [number, string])[] = [
    [0x00080005, "CS"],
    [0x00080014, "UI"],
    [0x00080020, "DA"],
    [0x00080050, "SH"],
    [0x00080080, "LO"],
    [0x00080081, "ST"],
    [0x00080090, "PN"],
    [0x00081010, "SH"],
    [0x00081030, "LO"],
    [0x0008103e, "LO"],
    [0x00081048, "PN"],
    [0x00081050, "PN"],
    [0x00081070, "PN"],
    [0x00082111, "ST"],
    [0x00100010, "PN"],
    [0x00100020, "LO"],
    [0x00100030, "DA"],
    [0x00100040, "CS"],
    [0x00101000, "LO"],
    [0x00101001, "PN"],
    [0x00101040, "LO"],
    [0x00102154, "SH"],
    [0x001021b0, "LT"],
    [0x00104000, "LT"],
    [0x00181000, "LO"],
    [0x00181030, "LO"],
    [0x00200010, "SH"],
    [0x00204000, "LT"],
    [0x00281055, "LO"],
    [0x00321032, "PN"],
    [0x00380010, "LO"],
    [0x00400006, "PN"],
    [0x00402016, "LO"],
    [0x00091010, "LO"],
    [0x40000010, "LT"],
  ];
  const named = [
    ...FILM,
    ...TEXTS.map(([tag, vr]) => element(tag, vr, SECRET)),
    element(0x00280301, "CS", "YES"),
  ];

  function assertSilent(what: unknown): void {
    const told = `${inspect(what, { depth: 10, showHidden: true })}${JSON.stringify(what)}${String(what)}`;
    assert.ok(!told.includes(SECRET), told);
  }

  test("reach neither facts nor notes, nor the opened file as others see it", async () => {
    const source = await openDicom(new Blob([dicomFile(named)]), `${SECRET}.dcm`, NO_CODECS);
    assertSilent(source.facts);
    assertSilent(source);
    assert.ok(source.facts.notes.length > 0);
    assertSilent(await readWhole(source));
  });

  test("reach no error, whichever attribute they stand in the place of", async () => {
    const places: readonly (readonly [number, string])[] = [
      [0x00080008, "CS"],
      [0x00080016, "UI"],
      [0x00080060, "CS"],
      [0x00080068, "CS"],
      [0x00181114, "DS"],
      [0x00181164, "DS"],
      [0x00280002, "US"],
      [0x00280004, "CS"],
      [0x00280008, "IS"],
      [0x00280010, "US"],
      [0x00280011, "US"],
      [0x00280100, "US"],
      [0x00280101, "US"],
      [0x00281050, "DS"],
      [0x00281051, "DS"],
      [0x00281056, "CS"],
      [0x00281052, "DS"],
      [0x00283010, "LO"],
      [0x0020000d, "UI"],
      [0x00209311, "CS"],
    ];
    for (const [tag, vr] of places) {
      const bytes = dicomFile(
        replaced(named, element(tag, vr, vr === "US" ? Buffer.from(SECRET) : SECRET)),
      );
      try {
        const source = await openBytes(bytes);
        assertSilent(source.facts);
        assertSilent((await readWhole(source)).width);
        source.identity();
      } catch (error) {
        assert.ok(error instanceof EngineError, inspect(error));
        assertSilent(error);
        assertSilent(error.message);
      }
    }
    assertSilent(await refusal(dicomFile(named, { syntax: `1.2.${SECRET}` })));
    assertSilent(await refusal(dicomFile(named).slice(0, -3)));
  });

  test("are handed over only by identity(), and without what is no valid value", async () => {
    const identity = (await openBytes(dicomFile(named))).identity();
    assert.equal(identity.patientName, SECRET);
    assert.equal(identity.patientBirthDate, "");
    assert.equal(identity.patientSex, "");
  });
});

// --- How much is read ----------------------------------------------------------------------------

// A file whose bytes past its head are zeros that nobody wrote, and which counts what is read of it.
class SparseFile {
  readonly size: number;
  read = 0;
  readonly #head: Uint8Array;
  constructor(head: Uint8Array, size: number) {
    this.#head = head;
    this.size = size;
  }
  slice(from: number, to: number): Blob {
    const end = Math.min(to, this.size);
    const bytes = new Uint8Array(end - from);
    if (from < this.#head.length) bytes.set(this.#head.subarray(from, end));
    this.read += bytes.length;
    return new Blob([bytes]);
  }
}

test("Of a DICOM file of 2 GB only what is looked at is read", async () => {
  const [rows, columns] = [65535, 16384];
  const length = 2 * rows * columns;
  const head = dicomFile(film({ rows, columns }, [])).slice(0, -4);
  const withLength = Buffer.concat([head, Buffer.alloc(4)]);
  withLength.writeUInt32LE(length, head.length);
  const file = new SparseFile(withLength, withLength.length + length);
  const source = await openDicom(file as unknown as Blob, "film.dcm", NO_CODECS);
  assert.ok(file.read <= 600_000, `${file.read} bytes to open`);
  const pixels = await source.read(0, { x: 9000, y: 60_000, width: 100, height: 100 });
  assert.equal(pixels.data.length, 10_000);
  assert.ok(file.read <= 600_000 + 100 * 2 * columns, `${file.read} bytes`);
});

test("DICOM is opened with nothing but what the worker without network keeps, and without eval", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents:
        'export { openDicom } from "./public/src/slide/formats/dicom.ts"; export { dicomReport } from "./public/src/slide/export/dicom-sr.ts";',
      resolveDir: `${import.meta.dirname}/..`,
    },
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    globalName: "made",
    target: "es2022",
  });
  const script = outputFiles[0]?.text ?? "";
  console.log(`DICOM reader and report in one script: ${script.length} bytes`);
  const kept = Object.fromEntries(
    [...KEPT]
      .filter((name) => name in globalThis)
      .map((name) => [name, Reflect.get(globalThis, name) as unknown]),
  );
  // The language itself is the context's own.
  const { TextDecoder, TextEncoder, crypto, performance, Uint8Array: Bytes } = kept;
  const context = createContext(
    { TextDecoder, TextEncoder, crypto, performance, Uint8Array: Bytes },
    { codeGeneration: { strings: false, wasm: true } },
  );
  runInContext(`${script};globalThis.made = made`, context);
  const made = (context as { made: { openDicom: typeof openDicom } }).made;
  for (const bytes of SMALL_FILES) {
    const source = await made.openDicom(new Blob([bytes]), "x.dcm", NO_CODECS);
    assert.ok((await source.read(0, { x: 0, y: 0, width: 6, height: 5 })).data.length > 0);
  }
});
