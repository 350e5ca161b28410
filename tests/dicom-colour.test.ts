// Colours of DICOM files that are made here, beside dcm2pnm.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertClose, byDcm2pnm, openBytes, readWhole, refusal, shown } from "./dicom_setup.ts";
import { dicomFile, element, imageElements, replaced } from "./make_dicom.ts";
import type { DicomElement } from "./make_dicom.ts";
import { randomNumbers } from "./random_numbers.ts";

const ROWS = 5;
const COLUMNS = 6;
const COUNT = ROWS * COLUMNS;
const SIZE = { rows: ROWS, columns: COLUMNS };
const SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7";

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
