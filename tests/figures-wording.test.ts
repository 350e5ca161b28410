import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Report } from "../public/src/figures/report.ts";
import * as wording from "../public/src/figures/wording.ts";

const report = (model: string) =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, `../model/${model}.report.json`), "utf8"),
  ) as Report;

test("Images that several repeats of the folds judge are counted once", () => {
  assert.equal(
    wording.sourceText(report("mammogram")),
    "10,820 images of 131 cases (mini-MIAS), each judged 3 times, by other folds' models",
  );
  assert.match(wording.sourceText(report("seed")), /^3,970 images of 29 cases \([^)]+\)$/);
});

test("Where folds judged, the page says at whose threshold and by whose band", () => {
  const films = report("mammogram");
  const { judged_by, thresholds = [0, 0] } = films.protocol ?? {};
  assert.equal(judged_by, "folds");
  assert.equal(
    wording.thresholdText(films),
    `each at the threshold of the model that judged it, ${thresholds.join(" to ")}`,
  );
  assert.ok(films.uncertain);
  assert.match(wording.bandText(films, films.uncertain), /of each model that judged its own, made/);
  const patches = report("seed");
  assert.equal(wording.thresholdText(patches), `at threshold ${patches.threshold}`);
  assert.ok(patches.uncertain);
  const { low, high } = patches.uncertain;
  assert.equal(
    wording.bandText(patches, patches.uncertain),
    `Uncertain band: probabilities from ${low} to ${high}, made to cover 90\u00a0%`,
  );
});
