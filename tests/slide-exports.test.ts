import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NOTICE } from "../public/src/wording.ts";
import { about, pointText, savedName, type MapExport } from "../public/src/slide/export/about.ts";
import { geoJson, type Feature } from "../public/src/slide/export/geojson.ts";
import { longText, PART_CHARACTERS } from "../public/src/slide/export/long-text.ts";
import { TILE_COLUMNS, tilesCsv } from "../public/src/slide/export/tiles-csv.ts";
import { CellVerdicts, verdictsIn } from "../public/src/slide/cell-verdicts.ts";
import { ProbabilityMap } from "../public/src/slide/probability-map.ts";
import type { ScanPlan } from "../public/src/slide/scan-engine.ts";
import { assertForQuPath } from "./qupath.ts";
import { model as modelFacts } from "./readings.ts";

// A map of 4 × 3 cells over an image of twice the model's resolution.
function made(stride: number): MapExport {
  const plan: ScanPlan = {
    columns: 4,
    rows: 3,
    stride,
    patch: 50,
    scaledWidth: 200,
    scaledHeight: 150,
    magnification: 0.5,
    dense: stride < 50,
    strides: [],
    blocks: [{ x: 0, y: 0, width: 400, height: 300, column: 0, row: 0, columns: 4, rows: 3 }],
  };
  const map = new ProbabilityMap(plan, { width: 400, height: 300 });
  const values = Float32Array.from([0.9, 0.8, 0.1, 0.7, NaN, 0.6, NaN, 0.2, 0.1, 0.1, 0.1, 0.95]);
  const verdicts = Uint8Array.from([0, 0, 0, 0, 1, 0, 103, 0, 0, 0, 0, 0]);
  map.set(0, { values, verdicts });
  return {
    name: "folder/slide.svs",
    size: { width: 400, height: 300 },
    map,
    verdicts: new CellVerdicts(map.verdicts),
    regions: [],
    model: modelFacts,
    scale: { umPerPixel: 2, from: "aperio.MPP" },
    point: { name: "balanced", threshold: 0.5, sensitivity: 0.8, specificity: 0.8 },
    saysFilm: false,
    warnings: ["Watch out."],
    written: new Date(0),
  };
}

function features(of: MapExport): Feature[] {
  const text = [...geoJson(of)].join("");
  const { insitu } = JSON.parse(text) as { insitu: object };
  assert.deepEqual(insitu, about(of));
  return assertForQuPath(text, of.size);
}

describe("files of a map", () => {
  test("Every file says model, scale and its source, operating point and notice", () => {
    const said = about(made(50));
    assert.equal(said["model_sha256"], modelFacts.sha256);
    assert.equal(said["um_per_pixel"], 2);
    assert.equal(said["scale_from"], "aperio.MPP");
    assert.equal(said["operating_point"], "balanced");
    assert.equal(said["threshold"], 0.5);
    assert.equal(said["notice"], NOTICE);
    const csv = [...tilesCsv(made(50))].join("");
    for (const [name, value] of Object.entries(said))
      if (typeof value === "number" || !/[",]/.test(value))
        assert.ok(csv.includes(`# ${name},${value}`), name);
    assert.equal(said["file"], "folder/slide.svs");
  });

  test("A file's name is in nothing that is saved unless it is asked for, and not what that is called", () => {
    const of = { ...made(50), name: null };
    assert.equal("file" in about(of), false);
    for (const text of [[...tilesCsv(of)].join(""), [...geoJson(of)].join("")])
      assert.doesNotMatch(text, /slide\.svs/);
    const kinds = ["map.png", "geojson", "tiles.csv", "sr.dcm", "sc.dcm"];
    assert.deepEqual(
      kinds.map((kind) => savedName(null, kind)),
      ["map.png", "map.geojson", "map.tiles.csv", "map.sr.dcm", "map.sc.dcm"],
    );
    assert.deepEqual(
      kinds.slice(0, 2).map((kind) => savedName("folder/slide.svs", kind)),
      ["slide.map.png", "slide.geojson"],
    );
  });

  test("GeoJSON holds each judged tile as a closed square of level 0 with class, colour, probability", () => {
    const all = features(made(50));
    assert.equal(all.length, 10, "neither without tissue nor refused");
    const [first] = all;
    const ring = first?.geometry.coordinates[0];
    assert.deepEqual(ring, [
      [0, 0],
      [100, 0],
      [100, 100],
      [0, 100],
      [0, 0],
    ]);
    assert.equal(first?.properties.objectType, "tile");
    assert.equal(first.properties.classification?.name, modelFacts.labels[modelFacts.positive]);
    assert.deepEqual(first.properties.measurements, { Probability: 0.9 });
    const positives = all.filter(
      ({ properties }) =>
        properties.classification?.name === modelFacts.labels[modelFacts.positive],
    );
    assert.equal(positives.length, 5);
    const colours = new Set(positives.map(({ properties }) => String(properties.color)));
    assert.equal(colours.size, 5, "each in the colour of its probability");
  });

  test("A label that QuPath would take for several classes is one", () => {
    const of = made(50);
    const all = features({ ...of, model: { ...of.model, labels: ["a: no\nb", "a: b"] } });
    const names = new Set(all.map(({ properties }) => properties.classification?.name));
    assert.deepEqual([...names].sort(), ["a  b", "a  no b"]);
  });

  test("Of a dense map neighbours at or above the threshold are one detection with mean and highest", () => {
    const all = features(made(25));
    assert.deepEqual(
      all.map(({ properties }) => properties.measurements),
      [
        { Probability: 0.85, "Highest probability": 0.9 },
        { Probability: 0.7, "Highest probability": 0.7 },
        { Probability: 0.6, "Highest probability": 0.6 },
        { Probability: 0.95, "Highest probability": 0.95 },
      ],
    );
    assert.ok(all.every(({ properties }) => properties.objectType === "detection"));
    // Cells lie around the centres of their patches: 12.5 model pixels in, twice that on level 0.
    assert.deepEqual(all[0]?.geometry.coordinates[0]?.slice(0, 2), [
      [25, 25],
      [125, 25],
    ]);
  });

  test("Regions are annotations, and what lies outside of them is neither a tile nor positive", () => {
    const of = made(50);
    const region = [
      { x: 0, y: 0 },
      { x: 200, y: 0 },
      { x: 200, y: 100 },
      { x: 0, y: 100 },
    ];
    const verdicts = verdictsIn(of.map, [region]);
    const each = Array.from(of.map.verdicts, (_, at) => verdicts.at(at));
    assert.deepEqual(each, [0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    const all = features({ ...of, regions: [region], verdicts });
    assert.deepEqual(
      all.map(({ properties }) => properties.objectType),
      ["annotation", "tile", "tile"],
    );
  });

  // The first tile was refused for its blur and judged all the same.
  function judgedAnyway(stride: number): MapExport {
    const of = made(stride);
    const verdicts = of.map.verdicts.slice();
    verdicts[0] = 53;
    return { ...of, verdicts: new CellVerdicts(verdicts), saysFilm: true };
  }

  test("A tile that was judged though it was refused says so in every file, and why", () => {
    const of = judgedAnyway(50);
    assert.equal(about(of)["judged_anyway"], "blur");
    assert.equal(about(of)["kind_from"], "DICOM modality MG");
    assert.deepEqual(
      [about(made(50))["judged_anyway"], about(made(50))["kind_from"]],
      ["", ""],
      "nothing is said where the gate was heeded",
    );
    const csv = [...tilesCsv(of)].join("");
    assert.match(
      csv,
      /\r\n0,0,0,0,100,100,0,0,100,100,0\.900000,true,,"?judged anyway; refused: blur/,
    );
    const [first, second] = features(of);
    assert.deepEqual(first?.properties.metadata, { "Judged anyway, refused": "blur" });
    assert.equal(second?.properties.metadata, undefined);
    const dense = features(judgedAnyway(25));
    assert.deepEqual(
      dense.slice(0, 2).map(({ properties }) => [properties.measurements, properties.metadata]),
      [
        [{ Probability: 0.9, "Highest probability": 0.9 }, first.properties.metadata],
        [{ Probability: 0.8, "Highest probability": 0.8 }, undefined],
      ],
      "they are no one detection",
    );
  });

  describe("of a model with an uncertain band", () => {
    const uncertain = { low: 0.65, high: 0.85, coverage: 0.9 };
    const banded = (stride: number, threshold = 0.75): MapExport => {
      const of = made(stride);
      return { ...of, model: { ...of.model, uncertain }, point: { ...of.point, threshold } };
    };

    test("say its edges at the point in force, and its coverage", () => {
      const said = (of: MapExport) => {
        const { uncertain_from: from, uncertain_below: below, uncertain_coverage } = about(of);
        return [from, below, uncertain_coverage];
      };
      assert.deepEqual(said(banded(50)), [0.65, 0.85, 0.9]);
      assert.deepEqual(said(banded(50, 0.5)), [0.5, 0.85, 0.9], "widened to the threshold");
      assert.deepEqual(said(banded(50, 0.95)), [0.65, 0.95, 0.9]);
      assert.equal("uncertain_from" in about(made(50)), false, "a model without has none");
      assert.equal(
        pointText(banded(50)),
        "IDC, positive at or above 0.75 (balanced), uncertain from 0.65 to below 0.85",
      );
      assert.equal(pointText(made(50)), "IDC, positive at or above 0.5 (balanced)");
    });

    test("say of each tile whether it is uncertain, beside whether it is positive", () => {
      const rows = [...tilesCsv(banded(50))]
        .join("")
        .split("\r\n")
        .filter((line) => /^\d/.test(line))
        .map((line) => line.split(",").slice(10, 13).join(" "));
      assert.deepEqual(rows, [
        ...["0.900000 true false", "0.800000 true true", "0.100000 false false"],
        ...["0.700000 false true", "  ", "0.600000 false false", "  ", "0.200000 false false"],
        ...["0.100000 false false", "0.100000 false false", "0.100000 false false"],
        "0.950000 true false",
      ]);
      const told = features(banded(50)).map(({ properties }) => properties.metadata);
      const open = { Uncertain: "have it read" };
      assert.deepEqual(told.slice(0, 4), [undefined, open, undefined, open]);
      assert.equal(told.filter((metadata) => metadata !== undefined).length, 2);
    });

    test("keep uncertain tiles apart from their neighbours in a dense map's detections", () => {
      const [first, second] = features(banded(25)).map(({ properties }) => [
        properties.measurements?.["Highest probability"],
        properties.metadata,
      ]);
      assert.deepEqual(first, [0.9, undefined]);
      assert.deepEqual(second, [0.8, { Uncertain: "have it read" }]);
    });
  });

  test("A long file is written a little at a time, whole and in order, where nothing is in it too", async () => {
    let breaths = 0;
    const breathe = () => Promise.resolve().then(() => void (breaths += 1));
    function* pieces(): Generator<string> {
      for (let at = 0; at < 6; at++) {
        const began = performance.now();
        while (performance.now() - began < 5);
        yield at % 3 === 2 ? "" : `${at};`;
      }
    }
    const written = await longText(pieces(), "text/csv", breathe);
    assert.equal(await written.text(), "0;1;3;4;");
    assert.equal(written.type, "text/csv");
    assert.ok(breaths >= 3, `${breaths} breaths`);
    const of = made(50);
    const empty = { ...of, verdicts: new CellVerdicts(new Uint8Array(12).fill(1)) };
    assert.equal([...geoJson(empty)].length, 2 + empty.map.rows, "a chance in each row");
  });

  test("A long text goes to the browser a part at a time, each when it is long enough", async () => {
    const parts: number[] = [];
    const { Blob: Whole } = globalThis;
    class Seen extends Whole {
      constructor(...[content = [], options]: ConstructorParameters<typeof Blob>) {
        super(content, options);
        if (content.every((piece) => typeof piece === "string")) parts.push(this.size);
      }
    }
    globalThis.Blob = Seen;
    try {
      const pieces = [PART_CHARACTERS - 1, 1, PART_CHARACTERS, PART_CHARACTERS - 1];
      const text = pieces.map((length, at) => String(at).repeat(length));
      const written = await longText(text, "text/csv", () => Promise.resolve());
      assert.deepEqual(parts, [PART_CHARACTERS, PART_CHARACTERS]);
      assert.equal(await written.text(), text.join(""));
    } finally {
      globalThis.Blob = Whole;
    }
  });

  test("A map without a single cell to show is an empty collection", () => {
    const of = made(50);
    const verdicts = new CellVerdicts(new Uint8Array(12).fill(1));
    assert.deepEqual(features({ ...of, verdicts }), []);
  });

  test("The table has a line a cell, with its verdict in words and its square on level 0", () => {
    const lines = [...tilesCsv(made(50))].join("").trimEnd().split("\r\n");
    const table = lines.filter((line) => !line.startsWith("#") && !line.startsWith("\uFEFF#"));
    assert.equal(table[0], TILE_COLUMNS);
    assert.equal(table.length, 13);
    assert.equal(table[1], "0,0,0,0,100,100,0,0,100,100,0.900000,true,,judged");
    assert.equal(table[5], "0,1,0,100,100,100,0,100,100,100,,,,no tissue");
    assert.equal(table[7], "2,1,200,100,100,100,200,100,100,100,,,,refused: blur");
  });
});
