import assert from "node:assert/strict";
import { test } from "node:test";
import { answerAt, Judge, ownPoint, uncertainAt } from "../public/src/judgement.ts";
import { entryOf, model, readingOf } from "./readings.ts";

const banded = { ...model, threshold: 0.4, uncertain: { low: 0.3, high: 0.6, coverage: 0.9 } };
const at = (threshold: number) => ({ ...ownPoint(banded), name: "own", threshold });
const answers = (threshold: number, ...probabilities: number[]) =>
  probabilities.map((probability) => answerAt(banded, at(threshold), probability)).join(" ");

test("Without a band, a probability at the threshold is positive and one below it negative", () => {
  const point = { ...ownPoint(model), threshold: 0.4 };
  assert.equal(answerAt(model, point, 0.4), "positive");
  assert.equal(answerAt(model, point, 0.399_999), "negative");
  assert.equal(uncertainAt(model, point), null);
});

test("In the band there is no answer, at its upper end there is one", () => {
  assert.equal(answers(0.4, 0.29, 0.3, 0.59, 0.6), "negative uncertain uncertain positive");
});

test("The band reaches to a threshold beyond it, so that more is never less", () => {
  assert.equal(answers(0.1, 0.09, 0.1, 0.59, 0.6), "negative uncertain uncertain positive");
  assert.equal(answers(0.9, 0.29, 0.3, 0.89, 0.9), "negative uncertain uncertain positive");
  const rank = { negative: 0, uncertain: 1, positive: 2 };
  for (const threshold of [0, 0.1, 0.3, 0.45, 0.6, 0.95, 1]) {
    let last = 0;
    for (let probability = 0; probability <= 1; probability += 0.01) {
      const now = rank[answerAt(banded, at(threshold), probability)];
      assert.ok(now >= last, `${threshold} ${probability}`);
      last = now;
    }
  }
});

test("An image is judged at the point chosen for its model, and only for that model", () => {
  const judge = new Judge();
  const entry = entryOf("a", { reading: readingOf(false) }); // 0.25
  assert.equal(judge.of(entry)?.answer, "negative");
  judge.choose(model, { name: "own", threshold: 0.2, sensitivity: 0.95, specificity: 0.7 });
  assert.equal(judge.of(entry)?.answer, "positive");
  const other = { ...model, sha256: "cd".repeat(32) };
  assert.equal(judge.of({ ...entry, model: other })?.answer, "negative");
});

test("What was kept is judged at the point that it was kept with", () => {
  const judge = new Judge();
  judge.choose(model, { name: "own", threshold: 0.2, sensitivity: 0.95, specificity: 0.7 });
  const entry = entryOf("a", { reading: readingOf(false), keptPoint: ownPoint(model) });
  assert.equal(judge.of(entry)?.answer, "negative");
});

test("What was not read has no judgement", () => {
  assert.equal(new Judge().of(entryOf("a")), null);
});
