// What a map says of a slide, or of the regions drawn on it. No DOM.
import type { ModelRequest, PlanRequest } from "./messages.ts";
import type { OpenedFile } from "./opened-file.ts";
import { insideRegions, type Point, type ProbabilityMap } from "./probability-map.ts";
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
  regions: Point[][] = [];
  #verdicts: Uint8Array<ArrayBuffer> | null = null; // null: there are no regions
  #version = 0;

  constructor(opened: OpenedFile) {
    this.#opened = opened;
  }

  // To be called when the map or the regions have changed.
  apply(map: ProbabilityMap | null): void {
    this.#version += 1;
    this.#verdicts =
      map === null || this.regions.length === 0 ? null : insideRegions(map, this.regions);
  }

  // With what lies outside of the regions.
  verdicts(map: ProbabilityMap | null): Uint8Array | null {
    return this.#verdicts ?? map?.verdicts ?? null;
  }

  // share: how much of the map was there.
  async of(work: SummaryWork): Promise<{ summary: Summary; share: number } | null> {
    const { under, request, model, threshold } = work;
    const map = under ?? work.map;
    const verdicts = under === null ? this.verdicts(map) : insideRegions(map, this.regions);
    if (verdicts === null) return null;
    const said = await this.#opened.summary({
      map,
      request: under === null ? request : { ...request, stride: map.plan.stride },
      model,
      verdicts,
      version: this.#version,
      threshold,
    });
    const { done, failed, plan, progress } = map;
    const isWhole =
      done.size === plan.blocks.length || (progress > ALL_BUT_ROUNDING && failed.size === 0);
    return { summary: readSummary(said), share: isWhole ? 1 : progress };
  }
}
