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
