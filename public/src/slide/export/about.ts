// What every file of a map says of how it was made. No DOM.
import { uncertainAt } from "../../judgement.ts";
import type { ModelFacts, OperatingPoint } from "../../messages.ts";
import { NOTICE, positiveLabel } from "../../wording.ts";
import type { CellVerdicts } from "../cell-verdicts.ts";
import type { Point, ProbabilityMap } from "../probability-map.ts";
import type { Scale } from "../scale.ts";
import type { Level } from "../source.ts";
import { overruledRefusalOf } from "../verdicts.ts";
import { FILM_BY_FILE } from "../wording.ts";

export interface MapExport {
  name: string | null; // of the file; null: it is to be in none of what is saved
  size: Level; // level 0
  map: ProbabilityMap;
  verdicts: CellVerdicts; // with regions
  regions: readonly (readonly Point[])[];
  model: ModelFacts;
  scale: Scale;
  point: OperatingPoint;
  saysFilm: boolean; // the file's word was taken for what it is
  warnings: readonly string[];
  written: Date;
}

const VERDICTS = 256; // there can be

// Where no answer is given; nothing of a model without such a band.
function uncertainFacts({ model, point }: MapExport): Facts {
  const band = uncertainAt(model, point);
  if (band === null || model.uncertain === null) return {};
  const { coverage } = model.uncertain;
  return { uncertain_from: band.low, uncertain_below: band.high, uncertain_coverage: coverage };
}

export type Facts = Record<string, string | number>;

// Why the gate refused what was judged all the same.
function anywayReasons({ map, verdicts }: MapExport): string {
  const isThere = new Array<boolean>(VERDICTS).fill(false); // quicker than a Set of millions
  for (let at = 0; at < map.verdicts.length; at++) isThere[verdicts.at(at)] = true;
  const reasons = isThere.flatMap((is, verdict) => (is ? [overruledRefusalOf(verdict)] : []));
  return reasons
    .filter((reason) => reason !== null)
    .sort()
    .join(" ");
}

export function about(made: MapExport): Facts {
  const { name, size, map, model, scale, point, warnings, written } = made;
  return {
    program: "InSitu",
    ...(name !== null && { file: name }),
    image_width: size.width,
    image_height: size.height,
    um_per_pixel: scale.umPerPixel,
    scale_from: scale.from,
    model_id: model.id,
    model_version: model.version,
    model_sha256: model.sha256,
    model_um_per_pixel: model.umPerPixel,
    label: positiveLabel(model),
    operating_point: point.name,
    threshold: point.threshold,
    ...uncertainFacts(made),
    stride_px: map.plan.stride,
    patch_px: map.plan.patch,
    kind_from: made.saysFilm ? FILM_BY_FILE : "",
    judged_anyway: anywayReasons(made),
    warnings: warnings.join(" "),
    written: written.toISOString(),
    notice: NOTICE,
  };
}

export function pointText({ model, point }: MapExport): string {
  const band = uncertainAt(model, point);
  const open = band === null ? "" : `, uncertain from ${band.low} to below ${band.high}`;
  return `${positiveLabel(model)}, positive at or above ${point.threshold} (${point.name})${open}`;
}

// "slide.svs" saved as "geojson" to "slide.geojson", without a name to "map.geojson".
export function savedName(name: string | null, kind: string): string {
  if (name === null) return kind.startsWith("map.") ? kind : `map.${kind}`;
  return `${(name.split("/").at(-1) ?? name).replace(/\.\w+$/, "") || "slide"}.${kind}`;
}
