// What a map says of a slide, or of the regions drawn on it. No DOM.
import { verdictsIn, type CellVerdicts } from "./cell-verdicts.ts";
import { EngineError } from "../messages.ts";
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

export interface SummedUp {
  summary: Summary;
  map: ProbabilityMap; // that it is of
  share: number; // how much of the map was there
}

function unlessCancelled(error: unknown): null {
  if (error instanceof EngineError && error.code === "cancelled") return null;
  throw error;
}

export class RegionSummary {
  readonly #opened: OpenedFile;
  #underWay: Promise<void> | null = null;
  #isWantedAgain = false;
  #regions: Point[][] = [];
  #verdicts = new WeakMap<ProbabilityMap, CellVerdicts>(); // in the regions, of the maps asked for

  constructor(opened: OpenedFile) {
    this.#opened = opened;
  }

  get regions(): Point[][] {
    return this.#regions;
  }

  set regions(regions: Point[][]) {
    this.#regions = regions;
    this.#verdicts = new WeakMap();
  }

  // With what lies outside of the regions, whatever the map is told after this.
  verdicts(map: ProbabilityMap): CellVerdicts {
    const known = this.#verdicts.get(map) ?? verdictsIn(map, this.#regions);
    this.#verdicts.set(map, known);
    return known;
  }

  // Sums up, or has what is under way do so once more.
  again(sumUp: () => Promise<void>): void {
    if (this.#underWay !== null) this.#isWantedAgain = true;
    else this.#underWay = sumUp().finally(() => (this.#underWay = null));
  }

  // Of what there is to sum up, and anew as long as that is asked for meanwhile. Resolves to false where
  // there is nothing (null), nobody takes it, or the file was let go: who looks again asks again.
  async latest(
    work: () => SummaryWork | null,
    take: (said: SummedUp) => boolean,
  ): Promise<boolean> {
    let said: SummedUp | null;
    do {
      this.#isWantedAgain = false;
      const asked = work();
      if (asked === null) return false;
      said = await this.of(asked).catch(unlessCancelled);
      if (said !== null && !take(said)) return false;
    } while (this.#wantsAgain());
    return said !== null;
  }

  #wantsAgain(): boolean {
    return this.#isWantedAgain;
  }

  async of(work: SummaryWork): Promise<SummedUp> {
    const { under, request, model, threshold } = work;
    const map = under ?? work.map;
    const { done, failed, plan, progress } = map;
    const isWhole =
      done.size === plan.blocks.length || (progress > ALL_BUT_ROUNDING && failed.size === 0);
    const said = await this.#opened.summary({
      map,
      request: under === null ? request : { ...request, stride: map.plan.stride },
      model,
      regions: this.#regions,
      threshold,
    });
    return { summary: readSummary(said, threshold), map, share: isWhole ? 1 : progress };
  }
}
