// What a scan's JSON says of the whole map (insitu_scanner_summary). No DOM.
import { GATE_REASONS, type GateReason } from "../messages.ts";
import type { Rectangle } from "./source.ts";

export interface SuspiciousPlace {
  column: number; // cell
  row: number;
  probability: number;
}

export interface Focus {
  areaMm2: number;
  box: Rectangle; // cells
}

export interface FilmMark {
  column: number; // cell
  row: number;
  score: number;
}

export interface Summary {
  threshold: number;
  imageMm2: number;
  judgedMm2: number;
  noTissueMm2: number;
  refusedMm2: Partial<Record<GateReason, number>>;
  outsideMm2: number; // outside of the regions, or not read
  rimMm2: number; // where no whole patch fits
  positiveMm2: number;
  positiveFraction: number; // of what was judged; NaN where nothing was
  fractionInterval: [low: number, high: number] | null;
  largestFocus: Focus | null;
  places: SuspiciousPlace[]; // the most suspicious first
  film: { score: number; marks: FilmMark[] } | null;
}

export function refusedTotal({ refusedMm2 }: Summary): number {
  return Object.values(refusedMm2).reduce((sum, area) => sum + area, 0);
}

export function refusals({ refusedMm2 }: Summary): [GateReason, number][] {
  return GATE_REASONS.flatMap((reason): [GateReason, number][] => {
    const area = refusedMm2[reason] ?? 0;
    return area > 0 ? [[reason, area]] : [];
  }).sort(([, a], [, b]) => b - a);
}

// As shared/scan writes it, snake_case.
interface SummaryJson {
  threshold: number;
  area_mm2: {
    image: number;
    judged: number;
    no_tissue: number;
    refused: Partial<Record<GateReason, number>>;
    outside_region: number;
    rim: number;
  };
  positive: { area_mm2: number; fraction: number | null; interval: [number, number] | null };
  largest_focus: { area_mm2: number; box: Rectangle } | null;
  most_suspicious: SuspiciousPlace[];
  film: { score: number; marks: FilmMark[] } | null;
}

export function parseSummary(json: string): Summary {
  const said = JSON.parse(json) as SummaryJson;
  const { area_mm2: area, positive, largest_focus: focus } = said;
  return {
    threshold: said.threshold,
    imageMm2: area.image,
    judgedMm2: area.judged,
    noTissueMm2: area.no_tissue,
    refusedMm2: area.refused,
    outsideMm2: area.outside_region,
    rimMm2: area.rim,
    positiveMm2: positive.area_mm2,
    positiveFraction: positive.fraction ?? Number.NaN,
    fractionInterval: positive.interval,
    largestFocus: focus === null ? null : { areaMm2: focus.area_mm2, box: focus.box },
    places: said.most_suspicious,
    film: said.film,
  };
}
