// What QuPath takes in as objects, as a schema. Written from its reader and its pages of help:
// qupath-core/src/main/java/qupath/lib/io/QuPathTypeAdapters.java (PathObjectTypeAdapter,
// MeasurementListTypeAdapter), GsonTools.java (PathClassTypeAdapter), ROITypeAdapters.java of
// github.com/qupath/qupath, and docs/advanced/exporting_annotations.rst of github.com/qupath/qupath-docs.
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Feature } from "../public/src/slide/export/geojson.ts";

const colour = {
  type: "array",
  items: { type: "integer", minimum: 0, maximum: 255 },
  minItems: 3,
  maxItems: 3, // four of a class are red, green, blue and alpha; those of an object are never read
};

const FEATURE = {
  type: "object",
  required: ["type", "geometry", "properties"],
  additionalProperties: false,
  properties: {
    type: { const: "Feature" },
    id: { type: "string", format: "uuid" }, // where there is none, QuPath makes one
    geometry: {
      type: "object",
      required: ["type", "coordinates"],
      additionalProperties: false,
      properties: {
        type: { const: "Polygon" },
        coordinates: {
          type: "array",
          minItems: 1,
          items: {
            type: "array",
            minItems: 4, // of a ring, which is closed: fewer are an exception of its library (JTS)
            items: { type: "array", items: { type: "number" }, minItems: 2, maxItems: 2 },
          },
        },
      },
    },
    properties: {
      type: "object",
      required: ["objectType"], // without it, all are annotations
      additionalProperties: false,
      properties: {
        objectType: { enum: ["annotation", "detection", "tile"] },
        name: { type: "string", minLength: 1 },
        color: colour,
        // Both, or the whole file is refused ("Unable to parse PathClass").
        classification: {
          type: "object",
          required: ["name", "color"],
          additionalProperties: false,
          properties: { name: { type: "string", pattern: "^[^:\\r\\n]+$" }, color: colour },
        },
        // Since 0.4; before, a list of names and values, which is still read.
        measurements: { type: "object", additionalProperties: { type: "number" } },
        metadata: { type: "object", additionalProperties: { type: "string" } }, // what QuPath shows of it
      },
    },
  },
};

const ajv = new Ajv2020({
  allErrors: true,
  formats: { uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/ },
});
const isFeature = ajv.compile(FEATURE);

// content: of the file. size: of the image at full resolution, which coordinates are pixels of.
export function assertForQuPath(
  content: string,
  size: { width: number; height: number },
): Feature[] {
  const { type, features } = JSON.parse(content) as { type: string; features: Feature[] };
  assert.equal(type, "FeatureCollection");
  const colours = new Map<string, string>(); // QuPath has one object for a class: the first one's
  for (const [index, feature] of features.entries()) {
    assert.ok(isFeature(feature), `feature ${index}: ${ajv.errorsText(isFeature.errors)}`);
    for (const ring of feature.geometry.coordinates) {
      assert.deepEqual(ring[0], ring.at(-1), `feature ${index} is closed`);
      for (const [x = NaN, y = NaN] of ring)
        assert.ok(
          x >= 0 && y >= 0 && x <= size.width && y <= size.height,
          `feature ${index} reaches beyond the image: ${x}, ${y}`,
        );
    }
    const { classification } = feature.properties;
    if (classification === undefined) continue;
    const said = JSON.stringify(classification.color);
    assert.equal(said, colours.get(classification.name) ?? said, "one colour a class");
    colours.set(classification.name, said);
  }
  return features;
}
