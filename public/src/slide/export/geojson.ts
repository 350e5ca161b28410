// A map as GeoJSON that QuPath opens: objects with a class, a colour and their probability, in pixels of
// level 0 (https://qupath.readthedocs.io/en/stable/docs/advanced/exporting_annotations.html). QuPath
// has one colour for all objects of a class, so that of the probability is the object's own. No DOM.
import { answerAt } from "../../judgement.ts";
import { cividis } from "../cividis.ts";
import type { Point } from "../probability-map.ts";
import { isJudged, overruledRefusalOf } from "../verdicts.ts";
import type { Rectangle } from "../source.ts";
import { about, type MapExport } from "./about.ts";

type Colour = [red: number, green: number, blue: number];

export interface Feature {
  type: "Feature";
  geometry: { type: "Polygon"; coordinates: number[][][] };
  properties: {
    objectType: "tile" | "detection" | "annotation";
    name?: string;
    color?: Colour;
    classification?: { name: string; color: Colour };
    measurements?: Record<string, number>;
    metadata?: Record<string, string>;
  };
}

const rounded = (value: number) => Number(value.toFixed(2));

function polygon(points: readonly Point[]): Feature["geometry"] {
  const ring = [...points, ...points.slice(0, 1)].map(({ x, y }) => [rounded(x), rounded(y)]);
  return { type: "Polygon", coordinates: [ring] };
}

function square({ x, y, width, height }: Rectangle): Feature["geometry"] {
  const [right, bottom] = [x + width, y + height];
  return polygon([
    { x, y },
    { x: right, y },
    { x: right, y: bottom },
    { x, y: bottom },
  ]);
}

type Class = NonNullable<Feature["properties"]["classification"]>;

const POSITIVE_COLOUR: Colour = [199, 119, 0]; // amber, as in app.css
const NEGATIVE_COLOUR: Colour = [107, 125, 142]; // slate

// A colon would make it a class of another one, and a line's end none at all.
const className = (label: string) => label.replace(/[:\r\n]+/g, " ").trim();

// Tiles one beside the other: each that was judged, as a tile of its class. Of a dense map only what is
// at or above the threshold, a row's neighbours as one detection with their mean and highest value, those
// that are uncertain by themselves.
// null after each row, which may have nothing to show.
function* cells(made: MapExport): Generator<Feature | null> {
  const { map, model, point } = made;
  const isDense = map.plan.stride < map.plan.patch;
  const positive = model.labels[model.positive] ?? "positive";
  const negative = model.labels[1 - model.positive] ?? `No ${positive}`;
  const classes = [
    { name: className(negative), color: NEGATIVE_COLOUR },
    { name: className(positive), color: POSITIVE_COLOUR },
  ];
  const verdictAt = (column: number, row: number) => made.verdicts.at(row * map.columns + column);
  const valueAt = (column: number, row: number) =>
    isJudged(verdictAt(column, row)) ? map.value(column, row) : Number.NaN;
  const isOpen = (value: number) => answerAt(model, point, value) === "uncertain";
  for (let row = 0; row < map.rows; row++) {
    for (let column = 0; column < map.columns; column++) {
      const value = valueAt(column, row);
      if (Number.isNaN(value) || (isDense && value < point.threshold)) continue;
      let end = column + 1;
      let [sum, most] = [value, value];
      const anyway = overruledRefusalOf(verdictAt(column, row));
      const open = isOpen(value);
      const goesOn = () =>
        valueAt(end, row) >= point.threshold &&
        isOpen(valueAt(end, row)) === open &&
        overruledRefusalOf(verdictAt(end, row)) === anyway;
      while (isDense && end < map.columns && goesOn()) {
        const next = valueAt(end++, row);
        sum += next;
        most = Math.max(most, next);
      }
      const mean = sum / (end - column);
      const cell = map.cellSquare(column, row);
      yield {
        type: "Feature",
        geometry: square({ ...cell, width: cell.width * (end - column) }),
        properties: {
          objectType: isDense ? "detection" : "tile",
          color: cividis(mean),
          classification: classes[Number(value >= point.threshold)] as Class,
          measurements: {
            Probability: Number(mean.toFixed(6)),
            ...(isDense && { "Highest probability": Number(most.toFixed(6)) }),
          },
          ...((open || anyway !== null) && {
            metadata: {
              ...(open && { Uncertain: "have it read" }),
              ...(anyway !== null && { "Judged anyway, refused": anyway }),
            },
          }),
        },
      };
      column = end - 1;
    }
    yield null;
  }
}

const REGION_COLOUR: Colour = [255, 255, 255];

function* regions({ regions: drawn }: MapExport): Generator<Feature> {
  for (const [index, points] of drawn.entries()) {
    yield {
      type: "Feature",
      geometry: polygon(points),
      properties: {
        objectType: "annotation",
        name: `Region ${index + 1}`,
        classification: { name: "Region", color: REGION_COLOUR },
      },
    };
  }
}

// In pieces, for longText().
export function* geoJson(made: MapExport): Generator<string> {
  yield `{"type":"FeatureCollection","insitu":${JSON.stringify(about(made))}`;
  let lead = ',"features":[';
  for (const features of [regions(made), cells(made)]) {
    for (const feature of features) {
      yield feature === null ? "" : `${lead}\n${JSON.stringify(feature)}`;
      if (feature !== null) lead = ",";
    }
  }
  yield lead === "," ? "\n]}\n" : `${lead}]}\n`;
}
