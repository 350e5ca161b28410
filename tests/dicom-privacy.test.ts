// What a DICOM file says of a person stays where it is; what of it is read, and with what at hand.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { EngineError } from "../public/src/messages.ts";
import { KEPT } from "../public/src/network-lock.ts";
import { openDicom } from "../public/src/slide/formats/dicom.ts";
import { NO_CODECS, openBytes, readWhole, refusal } from "./dicom_setup.ts";
import { dicomFile, element, film, replaced } from "./make_dicom.ts";
import { SMALL_FILES } from "./small_dicom.ts";

const SIZE = { rows: 5, columns: 6 };
const WORDS = Array.from({ length: 30 }, (_, i) => 45 * i);
const FILM = film(SIZE, WORDS);

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
