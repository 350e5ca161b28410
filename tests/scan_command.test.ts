// The program `insitu scan`: what it takes and refuses, what it paints; and, where it is, the section
// with its labels.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cividis } from "../public/src/slide/cividis.ts";
import { decodePng } from "./decode_png.ts";
import { png, tissue } from "./made_images.ts";
import {
  assertClose,
  bandOf,
  BUILDS_DIFFER,
  data,
  isRecord,
  models,
  native,
  program,
  root,
  scan,
  skip,
  skipReal,
  work,
  type Report,
} from "./scan_setup.ts";

test("insitu scan asks for the scale and refuses what it does not know", { skip }, () => {
  const path = join(work, "small.png");
  writeFileSync(path, png(tissue(120, 120, 1)));
  const base = ["--model", models.seed, path];
  const without = scan(...base);
  assert.equal(without.code, 2);
  assert.match(without.err, /^scan needs the image's --um-per-pixel X\./);
  assert.equal(scan(...base, "--um-per-pixel", "4", "--method", "other").code, 2);
  const coarse = scan(...base, "--um-per-pixel", "40");
  assert.equal(coarse.code, 1);
  assert.match(coarse.err, /enlarged more than 4 times/);
  const padded = scan(
    "--model",
    models.mammogram,
    "--method",
    "dense",
    "--um-per-pixel",
    "200",
    path,
  );
  assert.equal(padded.code, 1);
  assert.match(padded.err, /pads/);
  const text = scan(...base, "--um-per-pixel", "4");
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /Not a medical device\./);
  const larger = join(work, "larger.png");
  writeFileSync(larger, png(tissue(130, 120, 1)));
  const labels = scan(...base, "--um-per-pixel", "4", "--labels", larger);
  assert.equal(labels.code, 1);
  assert.match(labels.err, /give labels of the same size/);
});

test(
  "insitu scan takes PNG, JPEG, BMP, PGM and PPM, as its usage says, and no file of a scanner",
  { skip },
  () => {
    const usage = spawnSync(program, ["--help"], { encoding: "utf8" }).stdout;
    assert.match(usage, /IMAGE is PNG,\s+JPEG, BMP, PGM or PPM, of at most 50 million pixels/);
    assert.match(usage, /TIFF, SVS and DICOM are opened by the page\s+only/);
    const words = ["--model", models.seed, "--um-per-pixel", "4"];
    const { width, height, rgb } = tissue(120, 120, 1);
    const pnm = join(work, "kind.ppm");
    writeFileSync(pnm, Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), rgb]));
    const taken = scan(...words, pnm);
    assert.equal(taken.code, 0, taken.err);
    // The first bytes of a TIFF, and of a DICOM file.
    const dicom = Buffer.concat([Buffer.alloc(128), Buffer.from("DICM")]);
    for (const bytes of [Buffer.from("II*\0\x08\0\0\0", "latin1"), dicom]) {
      const path = join(work, "kind.bin");
      writeFileSync(path, bytes);
      const { code, err } = scan(...words, path);
      assert.equal(code, 1);
      assert.match(err, /InSitu reads PNG, JPEG, BMP, PGM and PPM/);
    }
    // A header that says one row too many.
    const large = join(work, "large.ppm");
    writeFileSync(large, "P6 10000 5001 255\n");
    const refused = scan(...words, large);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /up to 32767 on a side and 50 million in all/);
  },
);

test("insitu scan warns of an image that it enlarges more than 1.5 times", { skip }, () => {
  const path = join(work, "enlarged.png");
  writeFileSync(path, png(tissue(120, 120, 1)));
  const warning = (umPerPixel: number) => native(path, models.seed, umPerPixel, 0).report.warning;
  for (const fine of [3, 4, 6]) assert.equal(warning(fine), undefined, String(fine));
  for (const coarse of [6.01, 10, 16]) assert.match(warning(coarse) ?? "", /had to be enlarged/);
  const beyond = scan("--model", models.seed, "--um-per-pixel", "16.01", "--json", path);
  assert.equal(beyond.code, 1);
  assert.match(beyond.err, /enlarged more than 4 times/);
});

test("insitu scan says how much is uncertain at the threshold that was asked for", { skip }, () => {
  const path = join(work, "uncertain.png");
  writeFileSync(path, png(tissue(641, 523, 7)));
  const band = bandOf(models.best);
  let counted = 0;
  for (const threshold of [band.low / 2, (band.low + band.high) / 2, 0.9]) {
    const flags = ["--threshold", String(threshold)];
    const { report, cells } = native(path, models.best, 4, 0, flags);
    const low = Math.min(band.low, threshold);
    const high = Math.max(band.high, threshold);
    const judged = cells.values.filter((value) => !Number.isNaN(value));
    const open = judged.filter((value) => value >= low && value < high).length;
    const said = report.summary.uncertain ?? assert.fail();
    assertClose(
      { ...said },
      {
        ...{ cells: open, area_mm2: 0.04 * open, fraction: open / judged.length },
        ...{ low, high, coverage: band.coverage },
      },
      1e-6,
    );
    counted += open;
    const { out } = scan("--model", models.best, "--um-per-pixel", "4", path, ...flags);
    const edges = `from ${low.toFixed(2)} to below ${high.toFixed(2)}`;
    const area = (0.04 * open).toFixed(2);
    assert.ok(out.includes(`uncertain, have it read, ${edges}: ${area} mm²\n`), out);
  }
  assert.ok(counted > 0);
});

test(
  "insitu scan paints a pixel a place, in the page's colour of its probability",
  { skip },
  () => {
    const path = join(work, "painted.png");
    // Tissue, and glass at its right, which has no colour.
    const image = tissue(250, 100, 1);
    image.rgb.forEach((_, at) => {
      if (Math.floor(at / 3) % image.width >= 150) image.rgb[at] = 243;
    });
    writeFileSync(path, png(image));
    const out = join(work, "map.png");
    const { cells } = native(path, models.seed, 4, 0, ["--out", out]);
    const map = decodePng(readFileSync(out));
    assert.deepEqual([map.width, map.height, map.channels], [5, 2, 4]);
    const seen = Array.from({ length: 10 }, (_, at) => [...map.data.subarray(4 * at, 4 * at + 4)]);
    const expected = Array.from(cells.values, (value) =>
      Number.isNaN(value) ? [0, 0, 0, 0] : [...cividis(value), 255],
    );
    assert.deepEqual(seen, expected);
    const judged = cells.values.filter((value) => !Number.isNaN(value));
    assert.ok(judged.length >= 4 && judged.length < 10);
    assert.ok(new Set(judged).size > 2, "of more than one colour");
  },
);

test(
  "the section's map is as right as its patches are, whichever way it is made",
  { skip: skipReal },
  () => {
    const image = join(data, "8867.png");
    const words = ["--model", models.seed, "--um-per-pixel", "4", "--threads", "2", "--json"];
    for (const stride of ["0", "6"]) {
      const { code, out, err } = scan(
        ...[...words, "--stride", stride, "--labels", join(data, "8867_labels.png"), image],
      );
      assert.equal(code, 0, err);
      const report = JSON.parse(out) as Report;
      assert.ok(report.labels !== undefined && report.labels.auc > 0.95, out);
    }
  },
);

test(
  "the committed report of the section of a case that trained nothing is what a scan says today",
  { skip: skipReal },
  () => {
    // As `make section` runs it.
    const labels = join(data, "8867_labels.png");
    const { code, out, err } = scan(
      ...["--model", models.best, "--um-per-pixel", "4", "--labels", labels],
      ...[join(data, "8867.png"), "--json"],
    );
    assert.equal(code, 0, err);
    // The report but for how long it took.
    const said = (text: string) => {
      const { ms, ...rest } = JSON.parse(text) as Record<string, unknown>;
      assert.ok(isRecord(ms));
      return rest;
    };
    const committed = readFileSync(join(root, "model/section.report.json"), "utf8");
    assertClose(said(out), said(committed), BUILDS_DIFFER);
  },
);
