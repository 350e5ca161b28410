// What a scan's JSON says of the whole map (insitu_scanner_summary). No DOM.
import { GATE_REASONS, type GateReason } from "../messages.ts";
import type { ScanPlace, ScanSummary } from "./scanner.ts";
import type { Rectangle } from "./source.ts";

export interface SuspiciousPlace {
  column: number; // cell
  row: number;
  probability: number;
}

export interface Focus {
  areaMm2: number;
  box: Rectangle; // pixels at model scale
}

// What is no answer, positive or not: a probability from low up to but not at high.
export interface UncertainPart {
  areaMm2: number;
  fraction: number; // of what was judged; NaN where nothing was
  low: number; // of the model's band, widened to the threshold
  high: number;
  coverage: number; // that the model's band was made for
}

export interface Summary {
  threshold: number;
  imageMm2: number;
  judgedMm2: number;
  anywayMm2: Partial<Record<GateReason, number>>; // of that, refused by the gate
  saysFilm: boolean; // the file's word was taken for what it is
  noTissueMm2: number;
  refusedMm2: Partial<Record<GateReason, number>>;
  outsideMm2: number; // outside of the regions, or not read
  rimMm2: number; // where no whole patch fits
  positiveMm2: number;
  positiveFraction: number; // of what was judged; NaN where nothing was
  fractionInterval: [low: number, high: number] | null;
  uncertain: UncertainPart | null; // null: the model has no band
  largestFocus: Focus | null;
  places: SuspiciousPlace[]; // the most suspicious first
  // marks: the peaks of its map, however low, the highest first. score: of the first.
  film: { score: number | null; marks: SuspiciousPlace[] } | null;
}

type Areas = Partial<Record<GateReason, number>>; // mm²

const total = (areas: Areas) => Object.values(areas).reduce((sum, area) => sum + area, 0);

// The largest first.
function ranked(areas: Areas): [GateReason, number][] {
  return GATE_REASONS.flatMap((reason): [GateReason, number][] => {
    const area = areas[reason] ?? 0;
    return area > 0 ? [[reason, area]] : [];
  }).sort(([, a], [, b]) => b - a);
}

export const refusedTotal = ({ refusedMm2 }: Summary) => total(refusedMm2);
export const refusals = ({ refusedMm2 }: Summary) => ranked(refusedMm2);

// What the gate refused and a person had judged all the same.
export const anywayTotal = ({ anywayMm2 }: Summary) => total(anywayMm2);
export const anywayAreas = ({ anywayMm2 }: Summary) => ranked(anywayMm2);

export function isUncertain({ uncertain }: Summary, probability: number): boolean {
  return uncertain !== null && probability >= uncertain.low && probability < uncertain.high;
}

// An edge that is the threshold is rounded as that is.
function uncertainPart({ uncertain, threshold: rounded }: ScanSummary, threshold: number) {
  if (uncertain === null) return null;
  const { area_mm2: areaMm2, fraction, low, high, coverage } = uncertain;
  return {
    areaMm2,
    fraction: fraction ?? Number.NaN,
    low: low === rounded ? threshold : low,
    high: high === rounded ? threshold : high,
    coverage,
  };
}

// As scan.wasm gives it (shared/scan_summary.h). threshold: that was asked for; said, it is rounded.
export function readSummary(said: ScanSummary, threshold: number): Summary {
  const { area_mm2: area, positive, largest_focus: focus, film } = said;
  const place = ({ column, row, probability }: ScanPlace) => ({ column, row, probability });
  return {
    threshold,
    imageMm2: area.image,
    judgedMm2: area.judged,
    anywayMm2: area.judged_anyway,
    saysFilm: said.gate.says_film,
    noTissueMm2: area.no_tissue,
    refusedMm2: area.refused,
    outsideMm2: area.outside_region,
    rimMm2: area.rim,
    positiveMm2: positive.area_mm2,
    positiveFraction: positive.fraction ?? Number.NaN,
    fractionInterval: positive.interval === null ? null : [...positive.interval],
    uncertain: uncertainPart(said, threshold),
    largestFocus: focus && {
      areaMm2: focus.area_mm2,
      box: { x: focus.left, y: focus.top, width: focus.width, height: focus.height },
    },
    places: said.suspicious.map(place),
    film: film && { score: film.score, marks: film.marks.map(place) },
  };
}
