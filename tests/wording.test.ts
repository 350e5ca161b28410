import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ownPoint } from "../public/src/judgement.ts";
import { GATE_REASONS } from "../public/src/messages.ts";
import * as wording from "../public/src/wording.ts";
import { model, readingOf } from "./readings.ts";

const page = readFileSync(join(import.meta.dirname, "../public/index.html"), "utf8");

test("A probability has three decimals and is never rounded to certainty", () => {
  assert.equal(wording.probabilityText(0.4199), "0.420");
  assert.equal(wording.probabilityText(0.9994), "0.999");
  assert.equal(wording.probabilityText(0.9995), "> 0.999");
  assert.equal(wording.probabilityText(1), "> 0.999");
  assert.equal(wording.probabilityText(0.0005), "0.001");
  assert.equal(wording.probabilityText(0.0004), "< 0.001");
});

test("Beside its threshold a probability shows on which side it is", () => {
  const of = (probability: number, threshold: number) => {
    const texts = wording.besideThreshold(probability, threshold);
    return [texts.probability, texts.threshold];
  };
  assert.deepEqual(of(0.87, 0.42), ["0.870", "0.42"]);
  assert.deepEqual(of(0.4199, 0.42), ["0.4199", "0.42"]);
  assert.deepEqual(of(0.42, 0.42), ["0.420", "0.42"]);
  assert.deepEqual(of(0.41734, 0.41738), ["0.4173", "0.4174"]);
});

test("A sentence about an image begins with its name, once", () => {
  assert.equal(wording.named("a.tif", "It is cut off."), "a.tif: It is cut off.");
  assert.equal(wording.named("a.tif", "a.tif is cut off."), "a.tif is cut off.");
});

test("Times, bytes and counts are short and have their unit", () => {
  assert.equal(wording.milliseconds(0.01), "< 0.1 ms");
  assert.equal(wording.milliseconds(3.14), "3.1 ms");
  assert.equal(wording.milliseconds(1234.5), "1235 ms");
  assert.equal(wording.milliseconds(12_345), "12.3 s");
  assert.equal(wording.byteCount(0), "0 bytes");
  assert.equal(wording.byteCount(2048), "2.0 KB");
  assert.equal(wording.byteCount(2_000_000), "1.9 MB");
  assert.equal(wording.plural(1, "image"), "1 image");
  assert.equal(wording.plural(2, "image"), "2 images");
});

test("A whole number has its thousands apart, as English writes them", () => {
  for (const value of [0, 7, 999, 1_000, 99_999, 100_000, 1_234_567, 4_000_000.4, -1_234.6])
    assert.equal(wording.wholeNumber(value), Math.round(value).toLocaleString("en"));
});

test("The operating point has its sensitivity and specificity, or says that they are not given", () => {
  assert.equal(
    wording.operatingPoint(ownPoint(model)),
    "balanced: threshold 0.42, sensitivity 0.86, specificity 0.875",
  );
  const unmeasured = { ...model, sensitivity: 0, specificity: 0 };
  assert.match(wording.operatingPoint(ownPoint(unmeasured)), /not given/);
  assert.match(
    wording.operatingPoint(ownPoint({ ...model, sensitivity: Number.NaN })),
    /not given/,
  );
});

test("An image of the model's size is said to be read as it is", () => {
  const reading = readingOf(true);
  assert.match(wording.inputSentence(model, reading), /whole image, 50×50 px, as it is/);
  assert.match(wording.scaleSentence(model, reading), /expects 4 µm\/px.*check it/);
});

test("A scaled image is said to be scaled, and which scale it should have had", () => {
  const region = { left: 0, top: 0, width: 400, height: 400 };
  const reading = readingOf(true, { imageWidth: 400, imageHeight: 400, region, scale: 0.125 });
  assert.equal(
    wording.inputSentence(model, reading),
    "The image of 400×400 px, scaled by 0.125 to 50×50 px.",
  );
  assert.match(wording.scaleSentence(model, reading), /this image should have 0.5 µm\/px/);
});

test("A cut image is said to be cut, outlined and scaled", () => {
  const region = { left: 50, top: 0, width: 400, height: 400 };
  const reading = readingOf(true, { imageWidth: 500, imageHeight: 400, region, scale: 0.125 });
  assert.ok(!wording.seesWholeImage(reading));
  assert.equal(
    wording.inputSentence(model, reading),
    "The outlined 400×400 px of 500×400 px, scaled by 0.125 to 50×50 px.",
  );
});

test("A cut image at full size is not said to be scaled", () => {
  const region = { left: 5, top: 0, width: 50, height: 50 };
  const reading = readingOf(true, { imageWidth: 60, imageHeight: 50, region });
  assert.equal(
    wording.inputSentence(model, reading),
    "The outlined 50×50 px of 60×50 px, not scaled.",
  );
});

test("Padding and stretching are said", () => {
  const padded = { left: 0, top: -50, width: 500, height: 500 };
  const one = readingOf(true, { imageWidth: 500, imageHeight: 400, region: padded, scale: 0.1 });
  assert.ok(wording.seesWholeImage(one));
  assert.equal(
    wording.inputSentence(model, one),
    "The image of 500×400 px, scaled by 0.1 and padded to 50×50 px.",
  );
  const whole = { left: 0, top: 0, width: 500, height: 400 };
  const two = readingOf(true, { imageWidth: 500, imageHeight: 400, region: whole, scale: 0.1 });
  assert.equal(
    wording.inputSentence(model, two),
    "The image of 500×400 px, scaled by 0.1 in width and 0.125 in height to 50×50 px.",
  );
  const small = { left: -5, top: -5, width: 50, height: 50 };
  const three = readingOf(true, { imageWidth: 40, imageHeight: 40, region: small });
  assert.equal(wording.inputSentence(model, three), "The image of 40×40 px, padded to 50×50 px.");
});

test("0 bytes are only claimed where nothing was requested", () => {
  assert.equal(wording.proofSentence([]), "This image was read on this device: 0 bytes sent.");
  assert.match(wording.proofDetail([]), /^0 network requests/);
  const one = [{ url: "http://x.test/", receivedBytes: 300 }];
  assert.doesNotMatch(wording.proofSentence(one), /0 bytes sent/);
  assert.match(wording.proofSentence(one), /1 network request of this page/);
  assert.match(wording.proofDetail(one), /300 bytes received/);
  assert.doesNotMatch(wording.proofSentence(null), /0 bytes/);
  assert.match(wording.proofSentence(null), /could not be counted/);
});

test("Progress counts what is done, and in the end what was read and what was not", () => {
  const counts = {
    total: 9,
    settled: 4,
    pending: 5,
    positive: 1,
    uncertain: 0,
    failed: 1,
    cancelled: 0,
    asking: 0,
  };
  assert.equal(wording.progressSentence(counts), "4 of 9 done · 1 positive · 1 could not be read");
  const ended = {
    total: 9,
    settled: 7,
    pending: 0,
    positive: 0,
    uncertain: 0,
    failed: 1,
    cancelled: 2,
    asking: 0,
  };
  assert.equal(
    wording.progressSentence(ended),
    "6 images read · 0 positive · 1 could not be read · 2 cancelled",
  );
});

test("The notice stands on the page word for word", () => {
  assert.ok(page.includes(wording.NOTICE));
});

test("Every reason of the gate has a sentence of its own, and the gate knows the same reasons", () => {
  const gateHeader = readFileSync(join(import.meta.dirname, "../shared/gate.cc"), "utf8");
  const sentences = GATE_REASONS.map((reason) =>
    wording.gateSentence({
      kind: "other",
      accepted: false,
      reason,
      score: 0,
      judgedAnyway: false,
    }),
  );
  assert.equal(new Set(sentences).size, GATE_REASONS.length);
  for (const sentence of sentences) assert.match(sentence, /^[A-Z].{20,}[.]$/);
  const [, names = ""] = /kNames\[\] = \{([^}]*)\}/.exec(gateHeader) ?? [];
  const codes = [...names.matchAll(/"(\w+)"/g)].map(([, code]) => code);
  assert.deepEqual(codes, [...GATE_REASONS]);
  const nothing = { kind: "histology", accepted: true, score: 1, judgedAnyway: false } as const;
  assert.equal(wording.gateSentence({ ...nothing, reason: null }), "");
});

test("What was judged although refused says so, with the reason", () => {
  const gate = {
    kind: "other",
    accepted: false,
    reason: "blur",
    score: 0.1,
    judgedAnyway: true,
  } as const;
  assert.match(wording.gateNote(gate), /^Refused, and judged because you asked for it\. .*focus/);
  assert.match(
    wording.gateNote({ ...gate, accepted: true, judgedAnyway: false }),
    /^This image looks out/,
  );
  assert.equal(
    wording.gateNote({ ...gate, accepted: true, reason: null, judgedAnyway: false }),
    "",
  );
});

test("An explanation says how far the probability moves, and that it is no proof", () => {
  const sentence = (...values: number[]) => wording.explanationSentence(new Float32Array(values));
  assert.match(
    sentence(0.234, -0.1, 0),
    /^Amber parts \(\+\) raise the probability by up to 0\.23, blue parts \(−\) lower it by up to 0\.1\. .*no proof/,
  );
  assert.match(sentence(0, -0.5), /^Blue parts \(−\) lower the probability by up to 0\.5\. /);
  assert.match(sentence(0.009, -0.009), /^No part of the image by itself/);
});
