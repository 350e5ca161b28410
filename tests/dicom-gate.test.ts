// What the gate of a scan makes of DICOM files: a file that says that it is a mammogram is read as one,
// others are asked in full.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDicom } from "../public/src/slide/formats/dicom.ts";
import type { DicomSource } from "../public/src/slide/formats/dicom.ts";
import { Scanner, type ScanGate } from "../public/src/slide/scanner.ts";
import { refusalOf, VERDICT } from "../public/src/slide/verdicts.ts";
import { CODECS, DICOM_FOLDER, NO_REAL_FILES, openBytes, readWhole } from "./dicom_setup.ts";
import { dicomFile, element, film } from "./make_dicom.ts";

const root = join(import.meta.dirname, "..");
const model = join(root, "model/mammogram.onnx");
const wasm = join(root, "build/wasm-simd/scan.wasm");
const missing = [model, wasm].filter((path) => !existsSync(path));
const skip =
  missing.length > 0 ? `SKIPPED: ${missing.join(", ")} not there; run make wasm` : NO_REAL_FILES;

async function scanner(): Promise<Scanner> {
  return Scanner.create(await WebAssembly.compile(readFileSync(wasm)), readFileSync(model));
}

const opened = (name: string): Promise<DicomSource> =>
  openDicom(new Blob([readFileSync(join(DICOM_FOLDER, name))]), name, CODECS);

// The verdicts of the film's cells, as the page has them: a file's own scale, else the model's.
async function verdicts(by: Scanner, source: DicomSource, judgeAnyway = false) {
  const { width, height, channels, data } = await readWhole(source);
  const umPerPixel = source.facts.umPerPixel ?? by.model.umPerPixel;
  const gate: ScanGate = { saysFilm: source.facts.kind === "mammogram", judgeAnyway };
  const plan = by.plan({ width, height, channels, umPerPixel }, 0, gate);
  assert.equal(plan.blocks.length, 1);
  return by.run(0, data).verdicts;
}

const judgedOf = (cells: Uint8Array) => cells.filter((cell) => cell === VERDICT.judged).length;

test(
  "A real digital mammogram is judged, since its file says that it is one",
  { skip },
  async () => {
    const by = await scanner();
    for (const name of ["GH133.dcm", "OutOfBoundsOverlay.dcm"]) {
      const cells = await verdicts(by, await opened(name));
      assert.ok(judgedOf(cells) > 30, name);
      assert.ok(cells.every((cell) => cell === VERDICT.judged || cell === VERDICT.noTissue));
    }
  },
);

// Of other modalities, and large enough at the model's scale to be looked at.
const OTHERS = [
  "gdcm-CR-MONO1-10-chest.dcm", // CR
  "gdcm-CT-MONO2-8-abdo.dcm", // CT
  "gdcm-US-RGB-8-esopecho.dcm", // US
  "nema-us1_j2ki.dcm", // US
  "RG3_J2KI.dcm", // RG
  "emri_small_RLE.dcm", // MR
  "osirix-toutatix-101.dcm", // CT
];

test(
  "Images of other modalities are refused with the reason, and judged only when asked",
  { skip },
  async () => {
    const by = await scanner();
    for (const name of OTHERS) {
      const source = await opened(name);
      assert.notEqual(source.facts.kind, "mammogram", name);
      const cells = await verdicts(by, source);
      const [first = 0] = cells;
      assert.ok(cells.length > 0 && cells.every((cell) => cell === first), name);
      assert.ok(["grey_not_film", "histology_not_film"].includes(refusalOf(first) ?? ""), name);
      const anyway = await verdicts(by, source, true);
      assert.equal(judgedOf(anyway), 0, name);
      const reason = first - VERDICT.refused + VERDICT.anyway;
      assert.ok(anyway.includes(reason), `${name}: judged when asked`);
      assert.ok(
        anyway.every((cell) => cell === reason || cell === VERDICT.noTissue),
        name,
      );
    }
  },
);

test("A phantom's image is not taken for a mammogram by its modality", async () => {
  const words = Array.from({ length: 12 }, (_, i) => 80 * i);
  const kind = async (others: readonly ReturnType<typeof element>[]) =>
    (await openBytes(dicomFile([...film({ rows: 3, columns: 4 }, words), ...others]))).facts.kind;
  assert.equal(await kind([]), "mammogram");
  assert.equal(await kind([element(0x00280300, "CS", "NO")]), "mammogram");
  assert.equal(await kind([element(0x00280300, "CS", "YES")]), null);
});
