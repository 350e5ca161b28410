// DICOM exports: valid for dciodvfy, readable by DCMTK, and of the source that they name.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { secondaryCapture } from "../public/src/slide/export/dicom-sc.ts";
import { dicomReport } from "../public/src/slide/export/dicom-sr.ts";
import type { DicomReportInput, ReportSummary } from "../public/src/slide/export/dicom-sr.ts";
import { newUid, plainText } from "../public/src/slide/export/dicom-writer.ts";
import { openDicom } from "../public/src/slide/formats/dicom.ts";
import type { DicomIdentity } from "../public/src/slide/formats/dicom.ts";
import {
  DICOM_FOLDER,
  assertValid,
  NO_CODECS,
  NO_REAL_FILES,
  openBytes,
  readWhole,
  says,
} from "./dicom_setup.ts";
import { INSTANCE_UID, STUDY_UID, dicomFile, element, film, wholeSlide } from "./make_dicom.ts";

const NOTICE = "For research and education. Not a medical device.";
const ANYWAY = "Refused, and judged because you asked for it: 0.5 mm2 (out of focus).";
const MODEL = { name: "best", version: "1.0", sha256: "ab".repeat(32) };
const WHEN = new Date(2026, 10, 5, 14, 7, 9);

const SUMMARY: ReportSummary = {
  umPerPixel: 4,
  threshold: 0.35,
  imageArea: 120.5,
  judgedArea: 80.25,
  anywayArea: 0.5,
  noTissueArea: 40,
  refusedArea: 0.25,
  positiveArea: 12.03125,
  positiveFraction: { value: 0.1499221, low: 0.12, high: 0.2 },
  uncertain: { area: 6.5, fraction: 0.08099688, low: 0.1587, high: 0.5227 },
  largestFocusArea: 3.5,
  score: null,
};

const WORDS = Array.from({ length: 12 }, (_, i) => 80 * i);
const PATIENT = [
  element(0x00080005, "CS", "ISO_IR 100"),
  element(0x00080020, "DA", "20250102"),
  element(0x00080030, "TM", "101112"),
  element(0x00080050, "SH", "ACC7"),
  element(0x00080090, "PN", "Doe^Referring"),
  element(0x00100010, "PN", "M\xfcller^Erika"),
  element(0x00100020, "LO", "ID-4711"),
  element(0x00100030, "DA", "19600102"),
  element(0x00100040, "CS", "F"),
  element(0x00200010, "SH", "S7"),
];
const madeFilm = () => dicomFile([...film({ rows: 3, columns: 4 }, WORDS), ...PATIENT]);

async function filmIdentity(): Promise<DicomIdentity> {
  return (await openBytes(madeFilm())).identity();
}

function report(identity: DicomIdentity, others: Partial<DicomReportInput> = {}) {
  const notes = ["Scale by hand: 4 µm per pixel."];
  return dicomReport({
    identity,
    model: MODEL,
    summary: SUMMARY,
    notice: NOTICE,
    notes,
    when: WHEN,
    ...others,
  });
}

function capture(identity: DicomIdentity, width = 5, height = 3, umPerPixel: number | null = 80) {
  const rgb = Uint8Array.from({ length: 3 * width * height }, (_, i) => (37 * i) % 256);
  const said = { model: MODEL, notice: NOTICE, notes: [ANYWAY], when: WHEN };
  const about = { identity, ...said, width, height, umPerPixel };
  return { rgb, file: secondaryCapture(about, rgb) };
}

describe("A DICOM structured report", () => {
  test("is valid for dciodvfy, of a film and of a section", async () => {
    const identity = await filmIdentity();
    assertValid(report(identity));
    assertValid(report(identity, { summary: { ...SUMMARY, score: 0.25, largestFocusArea: null } }));
    const tile = new Uint8Array(12);
    const slide = { width: 2, height: 2, tile: 2, spacingMm: "0.001\\0.001" };
    const section = await openBytes(dicomFile([...wholeSlide(slide, [tile]), ...PATIENT]));
    assertValid(report(section.identity()));
  });

  test("is valid where the source says little of its patient", async () => {
    const bare = await openBytes(dicomFile(film({ rows: 3, columns: 4 }, WORDS)));
    assertValid(report(bare.identity()));
  });

  test("is read by dsrdump with the measurements, the model, the image and the notice", async () => {
    const told = says("dsrdump", ["+Pl"], report(await filmIdentity()));
    for (const expected of [
      "Imaging Measurement Report",
      'TEXT:(,,"Algorithm Name")="best"',
      `"SHA-256 ${MODEL.sha256}"`,
      'NUM:(,,"Fraction at or above threshold")="0.1499221"',
      'NUM:(,,"Area of the image")="120.5"',
      'NUM:(,,"Area that is uncertain")="6.5"',
      'NUM:(,,"Fraction that is uncertain")="0.08099688"',
      'NUM:(,,"Uncertain from probability")="0.1587"',
      'NUM:(,,"Uncertain below probability")="0.5227"',
      'NUM:(,,"Area of largest focus")="3.5"',
      'NUM:(,,"Probability threshold")="0.35"',
      'NUM:(,,"Side of a pixel at model scale")="4"',
      'IMAGE:(,,"Source of Measurement")=(DXm image,)',
      NOTICE,
      "Scale by hand: 4 um per pixel.",
    ]) {
      assert.ok(told.includes(expected), `${expected} is not in:\n${told}`);
    }
    assert.ok(!told.includes("Score of the film"), "a section has no score of a film");
  });

  test("says nothing of what is uncertain where the model has no band, and is valid", async () => {
    const without = report(await filmIdentity(), { summary: { ...SUMMARY, uncertain: null } });
    assertValid(without);
    assert.doesNotMatch(says("dsrdump", ["+Pl"], without), /uncertain/i);
  });

  test("says that its content is of the template TID 1500 of DICOM's own mapping resource", async () => {
    const told = says("dcmdump", ["-q"], report(await filmIdentity()));
    const template = /\(0040,a504\) SQ[^]*?\(fffe,e0dd\)/.exec(told)?.[0] ?? "";
    assert.match(template, /\(0008,0105\) CS \[DCMR\]/);
    assert.match(template, /\(0040,db00\) CS \[1500\]/);
  });

  test("names its patient as the source does, byte for byte, and its study", async () => {
    const told = says("dcmdump", ["-q"], report(await filmIdentity()));
    assert.match(told, /\(0010,0010\) PN \[M\xfcller\^Erika\]/);
    assert.match(told, /\(0008,0005\) CS \[ISO_IR 100\]/);
    assert.match(told, /\(0010,0020\) LO \[ID-4711\]/);
    assert.ok(told.includes(`(0020,000d) UI [${STUDY_UID}]`));
    assert.ok(told.includes(`(0008,1155) UI [${INSTANCE_UID}]`));
    assert.match(told, /\(0040,a493\) CS \[UNVERIFIED\]/);
    assert.match(told, /\(0008,0023\) DA \[20261105\]/);
  });

  test("has other UIDs each time, made of a UUID", async () => {
    const identity = await filmIdentity();
    const uid = (file: Uint8Array) =>
      /\(0008,0018\) UI \[([\d.]+)\]/.exec(says("dcmdump", [], file))?.[1];
    const [one, two] = [uid(report(identity)), uid(report(identity))];
    assert.match(one ?? "", /^2\.25\.[1-9]\d*$/);
    assert.notEqual(one, two);
    assert.ok(newUid().length <= 64);
  });

  test("cannot be made of a source without the UIDs to refer to", async () => {
    const source = film({ rows: 3, columns: 4 }, WORDS).filter(({ tag }) => tag !== 0x0020000d);
    const opened = await openBytes(dicomFile(source));
    assert.throws(() => opened.identity(), /Study Instance UID/);
  });
});

describe("A DICOM Secondary Capture", () => {
  test("is valid for dciodvfy, of a film and of a section", async () => {
    const identity = await filmIdentity();
    assertValid(capture(identity).file);
    assertValid(capture(identity, 4, 2, null).file);
    assertValid(capture({ ...identity, laterality: "", orientation: "", modality: "SM" }).file);
  });

  test("holds the pixels it was given, and says what it was made of", async () => {
    const { rgb, file } = capture(await filmIdentity());
    const again = await openBytes(file);
    assert.deepEqual((await readWhole(again)).data, rgb);
    assert.equal(again.facts.umPerPixel, 80);
    const told = says("dcmdump", ["-q", "+L"], file);
    assert.ok(told.includes(`(0008,1155) UI [${INSTANCE_UID}]`));
    assert.match(told, /\(0008,0008\) CS \[DERIVED\\SECONDARY\]/);
    assert.match(told, /\(0028,0301\) CS \[YES\]/);
    assert.ok(told.includes(`Map of best 1.0, SHA-256 ${MODEL.sha256}, over the image`));
    assert.ok(told.includes(NOTICE));
    assert.ok(told.includes(ANYWAY), "that what was refused was judged is said beside the notice");
  });

  test("is made of no picture of another size", async () => {
    const identity = await filmIdentity();
    const said = { model: MODEL, notice: NOTICE, notes: [], when: WHEN };
    const about = { identity, ...said, umPerPixel: null };
    assert.throws(
      () => secondaryCapture({ ...about, width: 2, height: 2 }, new Uint8Array(11)),
      RangeError,
    );
    const wide = { ...about, width: 65536, height: 1 };
    assert.throws(() => secondaryCapture(wide, new Uint8Array(3 * 65536)), RangeError);
    assert.ok(
      secondaryCapture({ ...wide, width: 65535 }, new Uint8Array(3 * 65535)).length > 196605,
    );
  });
});

test("Text in an export is of the characters that all character sets share", () => {
  assert.equal(plainText("4 µm × 2 – “é”\\"), "4 um x 2 - ????");
});

test("Exports of real films are valid for dciodvfy", { skip: NO_REAL_FILES }, async () => {
  for (const name of ["GH133.dcm", "OutOfBoundsOverlay.dcm"]) {
    const source = await openDicom(
      new Blob([readFileSync(join(DICOM_FOLDER, name))]),
      name,
      NO_CODECS,
    );
    assertValid(report(source.identity(), { summary: { ...SUMMARY, score: 0.4 } }));
    assertValid(capture(source.identity()).file);
  }
});
