// DCMTK and dicom3tools, what DICOM files are compared and checked with, and how a made file is opened.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDicom } from "../public/src/slide/formats/dicom.ts";
import type { DicomSource, DicomTools } from "../public/src/slide/formats/dicom.ts";
import { Codecs } from "../public/src/slide/codecs.ts";
import { EngineError } from "../public/src/messages.ts";
import { EXPLICIT, dicomFile } from "./make_dicom.ts";
import type { DicomElement } from "./make_dicom.ts";

const DATA = process.env["INSITU_DATA"] ?? join(import.meta.dirname, "../../shared/data");
export const DICOM_FOLDER = join(DATA, "dicom");
export const REAL_FILES = existsSync(DICOM_FOLDER)
  ? readdirSync(DICOM_FOLDER)
      .filter((name) => name.endsWith(".dcm"))
      .sort()
  : [];
export const NO_REAL_FILES =
  REAL_FILES.length > 0 ? false : "SKIPPED: no DICOM files (set INSITU_DATA)";

// The codecs as `make wasm` built them.
let codecs: Promise<Codecs> | null = null;
export const CODECS: DicomTools = {
  codecs() {
    const path = join(import.meta.dirname, "../build/wasm-simd/codecs.wasm");
    codecs ??= WebAssembly.compile(readFileSync(path)).then((module) => Codecs.create(module));
    return codecs;
  },
};

export const NO_CODECS: DicomTools = {
  codecs: () => Promise.reject(new Error("no codec is needed for this file")),
};

export function openBytes(bytes: Uint8Array<ArrayBuffer>, tools = NO_CODECS): Promise<DicomSource> {
  return openDicom(new Blob([bytes]), "made.dcm", tools);
}

export async function readWhole(source: DicomSource) {
  const [level] = source.facts.levels;
  if (level === undefined) throw new Error("no level");
  return source.read(0, { x: 0, y: 0, ...level });
}

// The error that a file is refused with, when it is opened or when it is read.
export async function refusal(
  bytes: Uint8Array<ArrayBuffer>,
  tools = NO_CODECS,
): Promise<EngineError> {
  try {
    await readWhole(await openBytes(bytes, tools));
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error("the file was not refused");
}

// Runs what it is given in a folder that is gone afterwards.
export function inFolder<T>(run: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "insitu-dicom-"));
  try {
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Whether it could do it; a program that is not there is no answer.
function ran(program: string, args: string[]): boolean {
  const { status, error } = spawnSync(program, args, { stdio: "ignore" });
  if (error !== undefined) throw error;
  return status === 0;
}

const DECOMPRESSORS = ["dcmdjpeg", "dcmdjpls", "dcmdrle"];

export interface DcmtkPixels {
  readonly raw: Uint8Array; // as in the file, little endian, all frames
  readonly planar: boolean;
  // 8 bits as dcm2pnm shows the first frame, by its first window or else, with none, as options say.
  shown(options: string[]): Uint8Array | null;
}

// What DCMTK makes of a file, uncompressed; null where it cannot.
export function byDcmtk<T>(path: string, use: (pixels: DcmtkPixels) => T): T | null {
  return inFolder((folder) => {
    const plain = join(folder, "plain.dcm");
    const found =
      DECOMPRESSORS.some((program) => ran(program, [path, plain])) ||
      ran("dcmconv", ["+te", path, plain]);
    if (!found) return null;
    const explicit = join(folder, "explicit.dcm");
    if (!ran("dcmconv", ["+te", plain, explicit])) return null;
    execFileSync("dcmdump", ["+W", folder, explicit], { stdio: "ignore", maxBuffer: 1 << 28 });
    // Icons come first.
    const raws = readdirSync(folder).filter((name) => name.endsWith(".raw"));
    const last = raws.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
    if (last === undefined) return null;
    const planar = execFileSync("dcmdump", ["+P", "0028,0006", explicit], { encoding: "utf8" });
    return use({
      planar: /US 1\b/.test(planar),
      raw: readFileSync(join(folder, last)),
      shown: (options) => {
        const picture = join(folder, "shown.pnm");
        if (!ran("dcm2pnm", ["-O", "+op", ...options, explicit, picture])) return null;
        return pnmPixels(readFileSync(picture));
      },
    });
  });
}

// Binary PGM or PPM of 8 bits, with comments among its four fields.
function pnmPixels(bytes: Uint8Array): Uint8Array {
  const head = Buffer.from(bytes.subarray(0, 256)).toString("latin1");
  const fields = /^P[56]\s(?:#[^\n]*\n|\s)*\d+\s(?:#[^\n]*\n|\s)*\d+\s(?:#[^\n]*\n|\s)*\d+\s/;
  return bytes.subarray(fields.exec(head)?.[0].length ?? bytes.length);
}

export function written<T>(bytes: Uint8Array, use: (path: string) => T): T {
  return inFolder((folder) => {
    const path = join(folder, "written.dcm");
    writeFileSync(path, bytes);
    return use(path);
  });
}

// What a program says of a file, which it has to be content with.
export function says(program: string, args: readonly string[], file: Uint8Array): string {
  return written(file, (path) => {
    const { stdout, stderr, status, error } = spawnSync(program, [...args, path], {
      encoding: "latin1",
    });
    if (error !== undefined) throw error;
    assert.equal(status, 0, `${program}: ${stdout}${stderr}`);
    return stdout + stderr;
  });
}

// By dciodvfy.
export function assertValid(file: Uint8Array): void {
  const told = says("dciodvfy", ["-new"], file);
  const errors = told.split("\n").filter((line) => line.startsWith("Error"));
  assert.deepEqual(errors, [], told);
}

// The values of a made file as they are shown.
export async function shown(
  elements: readonly DicomElement[],
  syntax = EXPLICIT,
): Promise<number[]> {
  return [...(await readWhole(await openBytes(dicomFile(elements, { syntax })))).data];
}

// As dcm2pnm shows it, with its options.
export function byDcm2pnm(elements: readonly DicomElement[], options: string[]): number[] {
  const theirs = written(dicomFile(elements), (path) =>
    byDcmtk(path, (pixels) => pixels.shown(options)),
  );
  assert.ok(theirs, "dcm2pnm reads the file");
  return [...theirs];
}

// most: by how much they may differ.
export function assertClose(ours: readonly number[], theirs: readonly number[], most = 1): void {
  assert.equal(ours.length, theirs.length);
  ours.forEach((value, i) => {
    const there = theirs[i] ?? NaN;
    assert.ok(Math.abs(value - there) <= most, `value ${i} is ${value}, there ${there}`);
  });
}
