// What the page says of a slide in words.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Slide } from "../public/src/slide/slide.ts";
import type { Summary } from "../public/src/slide/summary.ts";
import {
  headline,
  nameless,
  placeText,
  slideJson,
  slideRow,
  uncertainSentence,
  warnings,
} from "../public/src/slide/wording.ts";
import { model } from "./readings.ts";

const NONE: Summary = {
  threshold: 0.3,
  imageMm2: 100,
  judgedMm2: 0,
  anywayMm2: {},
  saysFilm: false,
  noTissueMm2: 0,
  refusedMm2: { grey_not_film: 90 },
  outsideMm2: 0,
  rimMm2: 10,
  positiveMm2: 0,
  positiveFraction: Number.NaN,
  fractionInterval: null,
  uncertain: null,
  largestFocus: null,
  places: [],
  film: { score: null, marks: [] },
};

function headlineOf(summary: Summary, kind: Slide["kind"] = "mammogram"): string {
  const slide = {
    kind,
    summary,
    summaryShare: 1,
    model: { facts: model, file: new ArrayBuffer(0) },
  };
  return headline(slide as unknown as Slide);
}

test("That the gate was not heeded in full stands with the result, and in its row", () => {
  const judged = { ...NONE, judgedMm2: 90, refusedMm2: {}, positiveFraction: 0 };
  const slideOf = (summary: Summary) =>
    ({
      ...{ kind: "mammogram", summary, summaryShare: 1, phase: "done", scale: null, map: null },
      ...{ facts: null, problems: new Map(), model: { facts: { ...model, warning: "" } } },
      point: () => null,
    }) as unknown as Slide;
  assert.deepEqual(warnings(slideOf(judged)), []);
  const anyway = slideOf({ ...judged, anywayMm2: { grey_not_film: 60, blur: 30 } });
  assert.deepEqual(warnings(anyway), [
    "Refused, and judged because you asked for it: 90.0 mm² (unlike the films that the model was trained on, out of focus).",
  ]);
  const { anyJudgedAnyway, cells } = slideRow(anyway);
  assert.deepEqual([anyJudgedAnyway, cells.judged_anyway_mm2, cells.kind_from], [true, 90, null]);
  const stated = slideOf({ ...judged, saysFilm: true });
  assert.match(warnings(stated)[0] ?? "", /^Taken for a mammogram because its file says so/);
  assert.equal(slideRow(stated).cells.kind_from, "DICOM modality MG");
  assert.equal(slideRow(stated).anyJudgedAnyway, false);
});

test("Why a part could not be read is said without the file's name where that is not to be told", () => {
  const slide = {
    ...{ name: "ward/Doe Jane (1).svs", kind: "histology", summary: null, summaryShare: 1 },
    ...{ phase: "done", scale: null, facts: null, model: null },
    problems: new Map([
      ["ward/Doe Jane (1).svs ends within a tile; copy it again.", 2],
      ["The browser could not read Doe Jane (1).svs; it may have been moved.", 1],
    ]),
  } as unknown as Slide;
  assert.match(warnings(slide).join(" "), /Doe Jane/);
  assert.deepEqual(warnings(slide, false), [
    "2 parts could not be read: The file ends within a tile; copy it again.",
    "A part could not be read: The browser could not read the file; it may have been moved.",
  ]);
  assert.equal(nameless("Tile 12 of 1 is damaged.", "2"), "Tile 12 of 1 is damaged.");
});

test("A result says that something was judged anyway where it was, not where it was only asked for", () => {
  const judged = { ...NONE, judgedMm2: 90, refusedMm2: {}, positiveFraction: 0 };
  const said = (summary: Summary | null, judgesAnyway: boolean) => {
    const slide = {
      ...{ kind: "histology", summary, summaryShare: 1, phase: "done", scale: null, map: null },
      ...{ facts: null, problems: new Map(), regions: [], judgesAnyway, point: () => null },
      model: { facts: { ...model, warning: "" } },
    } as unknown as Slide;
    const { judged_anyway: inJson } = slideJson(slide) as { judged_anyway: boolean | null };
    return [slideRow(slide).anyJudgedAnyway, inJson];
  };
  assert.deepEqual(said(judged, true), [false, false]); // there was nothing to refuse
  assert.deepEqual(said({ ...judged, anywayMm2: { blur: 30 } }, false), [true, true]);
  assert.deepEqual(said(null, true), [null, null]);
});

test("What is uncertain is one sentence, of what was judged, and in the row with its edges", () => {
  const band = { low: 0.1587, high: 0.5227, coverage: 0.9 };
  const slideOf = (kind: Slide["kind"], part: { areaMm2: number; fraction: number } | null) => {
    const uncertain = part && { ...part, ...band };
    const summary = { ...NONE, judgedMm2: 20, refusedMm2: {}, positiveFraction: 0.2, uncertain };
    const facts = { ...model, warning: "" };
    return {
      ...{ kind, summary, summaryShare: 1, phase: "done", scale: null, map: null, facts: null },
      ...{ problems: new Map(), model: { facts }, point: () => null },
    } as unknown as Slide & { summary: Summary };
  };
  const said = (slide: Slide & { summary: Summary }) => uncertainSentence(slide, slide.summary);
  const some = slideOf("histology", { areaMm2: 2.06, fraction: 0.103 });
  assert.equal(
    said(some),
    "10.3 % of the tissue judged is uncertain, positive or not: have it read where the probability is from 0.159 to 0.523.",
  );
  const { uncertain, cells } = slideRow(some);
  assert.deepEqual([uncertain?.low, uncertain?.high], [0.1587, 0.5227]);
  assert.deepEqual([cells.uncertain_mm2, cells.uncertain_fraction], [2.06, 0.103]);
  assert.equal(
    said(slideOf("mammogram", { areaMm2: 0, fraction: 0 })),
    "None of the breast judged is uncertain: no probability is from 0.159 to 0.523.",
  );
  const nothing = slideOf("histology", { areaMm2: 0, fraction: Number.NaN });
  assert.equal(said(nothing), "");
  assert.equal(slideRow(nothing).cells.uncertain_fraction, null);
  const bandless = slideOf("histology", null);
  assert.equal(said(bandless), "");
  assert.equal(slideRow(bandless).uncertain, null);
  const place = { column: 0, row: 0, probability: 0.1587 };
  assert.equal(placeText(some.summary, place, 2), "2: 0.159, uncertain");
  assert.equal(placeText(some.summary, { ...place, probability: 0.5227 }, 2), "2: 0.523");
});

describe("The headline of a slide", () => {
  test("says of a film that was refused that nothing was judged, not that no mark is on it", () => {
    assert.equal(headlineOf(NONE), "Nothing here could be judged");
    const judged = { ...NONE, judgedMm2: 60, refusedMm2: {}, positiveFraction: 0 };
    assert.equal(headlineOf(judged), "No suspicious mark on this film");
    const marks = [{ column: 1, row: 2, probability: 0.4 }];
    const marked = { ...judged, film: { score: 0.4, marks } };
    assert.equal(headlineOf(marked), "1 suspicious mark on this film");
  });

  test("counts of a film's marks those at or above the threshold, not every peak of its map", () => {
    const marks = [0.4, 0.3, 0.299].map((probability) => ({ column: 1, row: 2, probability }));
    const judged = { ...NONE, judgedMm2: 60, positiveFraction: 0, film: { score: 0.4, marks } };
    assert.equal(headlineOf(judged), "2 suspicious marks on this film");
    assert.equal(headlineOf({ ...judged, threshold: 0.41 }), "No suspicious mark on this film");
  });

  test("says so of a section too, and of one that has none that none was found", () => {
    const section: Summary = { ...NONE, film: null };
    assert.equal(headlineOf(section, "histology"), "Nothing here could be judged");
    const judged = { ...section, judgedMm2: 60, positiveFraction: 0 };
    assert.match(headlineOf(judged, "histology"), /^No \S+ detected in the tissue judged$/);
  });
});
