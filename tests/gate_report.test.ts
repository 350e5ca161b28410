// The committed table of the gate (make gate writes it): the aims that it is held to.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

interface Share {
  share: number;
}

interface Row {
  family: string;
  variant: string;
  right: boolean;
  images: number;
  refused: Share; // as shipped
  refused_held_out?: Share; // by a gate fitted without the family
}

const report = JSON.parse(
  readFileSync(join(import.meta.dirname, "../model/gate.report.json"), "utf8"),
) as { histology: Row[]; mammogram: Row[] };

const total = (rows: Row[]) => rows.reduce((sum, { images }) => sum + images, 0);

test("The gate refuses 95 % of wrong images with their family held out, and 5 % of right patches at most", () => {
  const wrong = report.histology.filter(({ right }) => !right);
  const refused = wrong.reduce(
    (sum, { images, refused_held_out: held }) => sum + images * (held?.share ?? NaN),
    0,
  );
  assert.ok(total(wrong) >= 3000);
  assert.ok(new Set(wrong.map(({ family }) => family)).size >= 15);
  assert.ok(refused / total(wrong) >= 0.95, String(refused / total(wrong)));
  const patches = report.histology.find(({ variant }) => variant === "idc_patch");
  assert.ok(patches && patches.images >= 3000);
  assert.ok(patches.refused.share <= 0.05);
});

test("The gate refuses 5 % of whole films at most where the model reads films", () => {
  const films = report.mammogram.find(({ variant }) => variant === "film");
  assert.ok(films && films.images >= 100);
  assert.ok(films.refused.share <= 0.05);
});
