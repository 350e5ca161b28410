// What every file of a map says of how it was made. No DOM.
import type { ModelFacts, OperatingPoint } from "../../messages.ts";
import { NOTICE, positiveLabel } from "../../wording.ts";
import type { ProbabilityMap } from "../probability-map.ts";
import type { Scale } from "../scale.ts";
import type { Level } from "../source.ts";
import type { Point } from "../probability-map.ts";

export interface MapExport {
  name: string; // of the file
  size: Level; // level 0
  map: ProbabilityMap;
  verdicts: Uint8Array; // with regions
  regions: readonly (readonly Point[])[];
  model: ModelFacts;
  scale: Scale;
  point: OperatingPoint;
  warnings: readonly string[];
  written: Date;
}

export type Facts = Record<string, string | number>;

export function about(made: MapExport): Facts {
  const { name, size, map, model, scale, point, warnings, written } = made;
  return {
    program: "InSitu",
    file: name,
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
    stride_px: map.plan.stride,
    patch_px: map.plan.patch,
    warnings: warnings.join(" "),
    written: written.toISOString(),
    notice: NOTICE,
  };
}

// "slide.svs" to "slide"
export function stem(name: string): string {
  return (name.split("/").at(-1) ?? name).replace(/\.\w+$/, "") || "slide";
}
