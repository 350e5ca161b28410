// What a map says of a slide, or of the regions drawn on it. No DOM.
import { verdictsIn, type CellVerdicts } from "./cell-verdicts.ts";
import type { ModelRequest, PlanRequest } from "./messages.ts";
import type { OpenedFile } from "./opened-file.ts";
import type { Point, ProbabilityMap } from "./probability-map.ts";
import { readSummary, type Summary } from "./summary.ts";

const ALL_BUT_ROUNDING = 0.999; // of the cells

export interface SummaryWork {
  map: ProbabilityMap;
  under: ProbabilityMap | null; // the coarser one, which is summed up until the finer is whole
  request: PlanRequest; // of the map
  model: ModelRequest;
  threshold: number;
}

export class RegionSummary {
  readonly #opened: OpenedFile;
  #regions: Point[][] = [];
  #verdicts = new WeakMap<ProbabilityMap, CellVerdicts>(); // in the regions, of the maps asked for
  #version = 0; // of the regions

  constructor(opened: OpenedFile) {
    this.#opened = opened;
  }

  get regions(): Point[][] {
    return this.#regions;
  }

  set regions(regions: Point[][]) {
    this.#regions = regions;
    this.#verdicts = new WeakMap();
    this.#version += 1;
  }

  // With what lies outside of the regions, whatever the map is told after this.
  verdicts(map: ProbabilityMap): CellVerdicts {
    const known = this.#verdicts.get(map) ?? verdictsIn(map, this.#regions);
    this.#verdicts.set(map, known);
    return known;
  }

  // share: how much of the map was there.
  async of(work: SummaryWork): Promise<{ summary: Summary; share: number }> {
    const { under, request, model, threshold } = work;
    const map = under ?? work.map;
    const said = await this.#opened.summary({
      map,
      request: under === null ? request : { ...request, stride: map.plan.stride },
      model,
      verdicts: this.verdicts(map),
      version: this.#version,
      threshold,
    });
    const { done, failed, plan, progress } = map;
    const isWhole =
      done.size === plan.blocks.length || (progress > ALL_BUT_ROUNDING && failed.size === 0);
    return { summary: readSummary(said, threshold), share: isWhole ? 1 : progress };
  }
}
