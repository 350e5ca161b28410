// Real DICOM files of many encodings, against DCMTK: stored values exactly, shown values within one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { blobSource } from "../public/src/slide/formats/byte-source.ts";
import { readHeader } from "../public/src/slide/formats/dicom-header.ts";
import { openImage } from "../public/src/slide/formats/dicom-image.ts";
import type { DicomImage } from "../public/src/slide/formats/dicom-image.ts";
import { openDicom } from "../public/src/slide/formats/dicom.ts";
import { EngineError } from "../public/src/messages.ts";
import {
  DICOM_FOLDER,
  CODECS,
  NO_REAL_FILES,
  REAL_FILES,
  byDcmtk,
  readWhole,
} from "./dicom_setup.ts";
import type { DcmtkPixels } from "./dicom_setup.ts";

const CLOSE = 1; // of 255

// What is refused, and by which word of its sentence.
const REFUSED = new Map<string, RegExp>([
  ["HTJ2KLossless_08_RGB.dcm", /HTJ2K/],
  ["dwv-test_no-number-rows.dcm", /how many rows/],
  ["parametric_map_double_float.dcm", /floating-point/],
  ["parametric_map_float.dcm", /floating-point/],
  ["sr-arrow.dcm", /no image/],
  ["sr-ellipse.dcm", /no image/],
  ["sr-protractor.dcm", /no image/],
]);

// What DCMTK has no decoder for (JPEG 2000, deflated frames) or cannot unpack. All others are compared.
const NOT_BY_DCMTK = [
  "RG3_J2KI.dcm",
  "explicit_VR-UN.dcm",
  "liver_nonbyte_aligned_deflate.dcm",
  "liver_nonbyte_aligned_rle.dcm",
  "nema-us1_j2ki.dcm",
  "nema-vl2_j2kr.dcm",
  "osirix-toutatix-101.dcm",
];
const COMPARED = 34; // of the 41 that are read

// DCMTK has none of these encodings, but its raw values of another file are the same.
const SAME_AS = new Map<string, string>([
  ["liver_deflate.dcm", "liver.dcm"],
  ["liver_j2k.dcm", "liver.dcm"],
]);

const blobOf = (name: string) => new Blob([readFileSync(join(DICOM_FOLDER, name))]);

// The values of all frames as DCMTK wrote them: (pixels, samples), of which some bits are stored.
function expectedStored({ raw, planar }: DcmtkPixels, { format }: DicomImage): number[] {
  const { bitsAllocated, bitsStored, highBit, signed, samples, rows, columns, frames } = format;
  const count = rows * columns * samples * frames;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const read = (i: number) => {
    if (bitsAllocated === 1) return (view.getUint8(i >> 3) >> (i & 7)) & 1;
    if (bitsAllocated === 8) return view.getUint8(i);
    return bitsAllocated === 16 ? view.getUint16(2 * i, true) : view.getUint32(4 * i, true);
  };
  const frameValues = rows * columns * samples;
  const place = (i: number) => {
    if (!planar) return i;
    const [frame, within] = [Math.floor(i / frameValues), i % frameValues];
    return frame * frameValues + (within % samples) * rows * columns + Math.floor(within / samples);
  };
  return Array.from({ length: count }, (_, i) => {
    const value = Math.floor(read(place(i)) / 2 ** (highBit + 1 - bitsStored)) % 2 ** bitsStored;
    return signed && value >= 2 ** (bitsStored - 1) ? value - 2 ** bitsStored : value;
  });
}

async function storedValues({ format, reader }: DicomImage): Promise<number[]> {
  const values: number[] = [];
  for (let frame = 0; frame < format.frames; ++frame) {
    const { data } = await reader.rows(frame, 0, format.rows);
    for (const value of data) values.push(value);
  }
  return values;
}

function differing(ours: readonly number[], theirs: readonly number[]): number {
  if (ours.length !== theirs.length) return NaN;
  return ours.reduce((count, value, i) => count + (value === theirs[i] ? 0 : 1), 0);
}

function furthest(ours: Uint8Array, theirs: Uint8Array): number {
  if (ours.length !== theirs.length) return NaN;
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? 0))), 0);
}

// How dcm2pnm has to be asked for what we show.
function windowOptions(image: DicomImage): string[] {
  if (image.voi === null) return [];
  if (image.format.bitsStored === 1) return ["+Wm"]; // else dcm2pnm shows 1 as 128
  if (image.voi.kind === "window") return ["+Wi", "1"];
  if (image.voi.kind === "table") return ["+Wl", "1"];
  return image.rangeNote === null ? [] : ["+Wm"];
}

interface Comparison {
  byDcmtk: boolean;
  said: string;
}

async function compared(name: string): Promise<Comparison> {
  const image = await openImage(await readHeader(blobSource(blobOf(name))), CODECS);
  const source = await openDicom(blobOf(name), name, CODECS);
  const shown = await readWhole(source);
  const ours = await storedValues(image);
  const path = join(DICOM_FOLDER, SAME_AS.get(name) ?? name);
  const theirs = byDcmtk(path, (pixels) => ({
    stored: expectedStored(pixels, image),
    shown: pixels.shown(windowOptions(image)),
  }));
  const what = `${source.facts.format}, ${shown.width} × ${shown.height}`;
  if (theirs === null) return { byDcmtk: false, said: `${what}; read, but not by DCMTK` };
  const wrong = differing(ours, theirs.stored);
  assert.equal(wrong, 0, `${name}: ${wrong} of ${ours.length} stored values are not DCMTK's`);
  const stored = `${what}; stored values are DCMTK's`;
  if (theirs.shown === null) return { byDcmtk: true, said: `${stored}, which shows none` };
  const difference = furthest(shown.data, theirs.shown);
  assert.ok(difference <= CLOSE, `${name}: shown values differ by ${difference}`);
  return { byDcmtk: true, said: `${stored}, shown within ${difference}` };
}

test(
  "Every real DICOM file is read as DCMTK reads it, or refused in a sentence",
  { skip: NO_REAL_FILES },
  async (t) => {
    const read: Record<"byDcmtk" | "alone", string[]> = { byDcmtk: [], alone: [] };
    for (const name of REAL_FILES) {
      await t.test(name, async () => {
        const why = REFUSED.get(name);
        if (why === undefined) {
          const { byDcmtk: isCompared, said } = await compared(name);
          read[isCompared ? "byDcmtk" : "alone"].push(name);
          console.log(`${name}: ${said}`);
          return;
        }
        await assert.rejects(openDicom(blobOf(name), name, CODECS), (error) => {
          assert.ok(error instanceof EngineError);
          assert.match(error.message, why);
          console.log(`${name}: refused (${error.code}): ${error.message}`);
          return true;
        });
      });
    }
    assert.deepEqual(read.alone, NOT_BY_DCMTK);
    assert.equal(read.byDcmtk.length, COMPARED);
  },
);
