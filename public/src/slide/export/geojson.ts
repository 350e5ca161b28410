// A map as GeoJSON that QuPath opens: objects with a class, a colour and their probability, in pixels of
// level 0 (https://qupath.readthedocs.io/en/stable/docs/advanced/exporting_annotations.html). No DOM.
import { cividis } from "../cividis.ts";
import type { Point } from "../probability-map.ts";
import { VERDICT } from "../scan-engine.ts";
import type { Rectangle } from "../source.ts";
import { about, type MapExport } from "./about.ts";

export interface Feature {
  type: "Feature";
  geometry: { type: "Polygon"; coordinates: number[][][] };
  properties: {
    objectType: "tile" | "detection" | "annotation";
    name?: string;
    classification?: { name: string; color: [number, number, number] };
    measurements?: Record<string, number>;
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

// Tiles one beside the other: each that was judged, as a tile of its class. Of a dense map only what is
// at or above the threshold, a row's neighbours as one detection with their mean and highest value.
function* cells(made: MapExport): Generator<Feature> {
  const { map, model, point } = made;
  const isDense = map.plan.stride < map.plan.patch;
  const positive = model.labels[model.positive] ?? "positive";
  const negative = model.labels[1 - model.positive] ?? `No ${positive}`;
  const valueAt = (column: number, row: number) => {
    const verdict = made.verdicts[row * map.columns + column];
    return verdict === VERDICT.judged ? map.value(column, row) : Number.NaN;
  };
  for (let row = 0; row < map.rows; row++) {
    for (let column = 0; column < map.columns; column++) {
      const value = valueAt(column, row);
      if (Number.isNaN(value) || (isDense && value < point.threshold)) continue;
      let end = column + 1;
      let [sum, most] = [value, value];
      while (isDense && end < map.columns && valueAt(end, row) >= point.threshold) {
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
          classification: {
            name: value >= point.threshold ? positive : negative,
            color: cividis(mean),
          },
          measurements: {
            Probability: Number(mean.toFixed(6)),
            ...(isDense && { "Highest probability": Number(most.toFixed(6)) }),
          },
        },
      };
      column = end - 1;
    }
  }
}

const REGION_COLOUR: [number, number, number] = [255, 255, 255];

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

const FEATURES_A_PART = 5_000;

// In parts, with a breath between them.
export async function geoJson(made: MapExport, breathe: () => Promise<void>): Promise<string[]> {
  const parts: string[] = [`{"type":"FeatureCollection","insitu":${JSON.stringify(about(made))}`];
  let some: string[] = [];
  let lead = ',"features":[';
  for (const features of [regions(made), cells(made)]) {
    for (const feature of features) {
      some.push(`${lead}\n${JSON.stringify(feature)}`);
      lead = ",";
      if (some.length < FEATURES_A_PART) continue;
      parts.push(some.join(""));
      some = [];
      await breathe();
    }
  }
  parts.push(some.join(""), lead === "," ? "\n]}\n" : `${lead}]}\n`);
  return parts;
}
