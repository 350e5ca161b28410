import assert from "node:assert/strict";
import { test } from "node:test";
import { resultsCsv, resultsJson } from "../public/src/exports.ts";
import { Judge } from "../public/src/judgement.ts";
import { EngineError } from "../public/src/messages.ts";
import { NOTICE } from "../public/src/wording.ts";
import { entryOf, model, readingOf } from "./readings.ts";

const entries = [
  entryOf("one.png", { state: "done", reading: readingOf(true) }),
  entryOf('=cmd, "two".png', { state: "done", reading: readingOf(false, { sha256: null }) }),
  entryOf("three.png", {
    state: "failed",
    error: new EngineError("image_empty", "Empty, no bytes."),
  }),
  entryOf("four.png", { state: "waiting" }),
];

function rows(): Record<string, string>[] {
  const [head, ...lines] = resultsCsv(new Judge(), entries)
    .replace("\uFEFF", "")
    .trimEnd()
    .split("\r\n");
  const names = head?.split(",") ?? [];
  return lines.map((line) => {
    const cells = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? [];
    return Object.fromEntries(
      names.map((name, index) => [name, cells[index]?.replace(/,$/, "") ?? ""]),
    );
  });
}

test("CSV has one row for each image that was read or failed, each with model, hash and notice", () => {
  const [one, , three, ...more] = rows();
  assert.equal(more.length, 0);
  assert.equal(one?.["file"], "one.png");
  assert.equal(one["verdict"], "IDC detected");
  assert.equal(one["answer"], "positive");
  assert.equal(one["operating_point"], "balanced");
  assert.equal(one["probability"], "0.9");
  assert.equal(one["file_sha256"], "cd".repeat(32));
  assert.equal(one["threshold"], "0.42");
  assert.equal(one["model_sha256"], model.sha256);
  assert.equal(one["notice"], NOTICE);
  assert.equal(three?.["probability"], "");
  assert.equal(three["error_code"], "image_empty");
  assert.equal(three["error"], '"Empty, no bytes."');
});

test("A file name that a spreadsheet would run is disarmed, quotes and commas are quoted", () => {
  assert.equal(rows()[1]?.["file"], `"'=cmd, ""two"".png"`);
});

test("Without results there is no CSV", () => {
  assert.equal(resultsCsv(new Judge(), [entryOf("a.png")]), "");
});

test("JSON says the same, with the model and the notice once", () => {
  const json = JSON.parse(resultsJson(new Judge(), entries, new Date(0))) as {
    notice: string;
    written: string;
    models: Record<string, unknown>[];
    images: Record<string, unknown>[];
  };
  assert.equal(json.notice, NOTICE);
  assert.equal(json.written, "1970-01-01T00:00:00.000Z");
  assert.equal(json.models.length, 1);
  assert.equal(json.models[0]?.["sha256"], model.sha256);
  assert.equal(json.models[0]["threshold_sensitivity"], 0.86);
  assert.equal(json.images[0]?.["model_sha256"], model.sha256);
  assert.equal(json.images.length, 3);
  assert.equal(json.images[1]?.["file"], '=cmd, "two".png');
  assert.equal(json.images[1]["file_sha256"], null);
  assert.equal(json.images[1]["answer"], "negative");
  assert.equal(json.images[2]?.["error"], "Empty, no bytes.");
});

test("A measure that the model does not give is null in JSON, which has no NaN", () => {
  const unmeasured = { ...model, sensitivity: Number.NaN };
  const entry = entryOf("a.png", { state: "done", reading: readingOf(true), model: unmeasured });
  const text = resultsJson(new Judge(), [entry], new Date(0));
  const json = JSON.parse(text) as { models: Record<string, unknown>[] };
  assert.equal(json.models[0]?.["threshold_sensitivity"], null);
});

test("The point in force and the band without an answer are part of every result", () => {
  const banded = { ...model, uncertain: { low: 0.3, high: 0.5, coverage: 0.9 } };
  const judge = new Judge();
  judge.choose(banded, { name: "own", threshold: 0.85, sensitivity: 0.5, specificity: 0.97 });
  const reading = readingOf(true, { probabilities: [0.2, 0.8], interval: [0.7, 0.88] });
  const entry = entryOf("a.png", { state: "done", reading, model: banded });
  const json = JSON.parse(resultsJson(judge, [entry], new Date(0))) as {
    images: Record<string, unknown>[];
  };
  const [image] = json.images;
  assert.equal(image?.["verdict"], "uncertain: have it read");
  assert.equal(image["answer"], "uncertain");
  assert.equal(image["operating_point"], "own");
  assert.equal(image["threshold"], 0.85);
  assert.deepEqual([image["uncertain_from"], image["uncertain_below"]], [0.3, 0.85]);
  assert.deepEqual([image["probability_low"], image["probability_high"]], [0.7, 0.88]);
  assert.match(resultsCsv(judge, [entry]), /uncertain: have it read,uncertain,0.8,0.7,0.88/);
});

test("A result says why the image was refused, and that it was judged all the same", () => {
  const gate = {
    kind: "other",
    accepted: false,
    reason: "photograph",
    score: 0,
    judgedAnyway: true,
  } as const;
  const refused = new EngineError("image_refused", "A photograph.", {
    ...gate,
    judgedAnyway: false,
  });
  const json = JSON.parse(
    resultsJson(
      new Judge(),
      [
        entryOf("a.png", { state: "done", reading: readingOf(true, { gate }) }),
        entryOf("b.png", { state: "failed", error: refused }),
        entryOf("c.png", { state: "done", reading: readingOf(true) }),
      ],
      new Date(0),
    ),
  ) as { images: Record<string, unknown>[] };
  const said = json.images.map((image) => [image["gate_reason"], image["judged_anyway"]]);
  assert.deepEqual(said[0], ["photograph", true]);
  assert.deepEqual(said[1], ["photograph", null]);
  assert.equal(said[2]?.[0], null);
});
