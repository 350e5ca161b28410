// What is said of the cell under the pointer. No DOM.
import { answerAt } from "../judgement.ts";
import type { ModelFacts, OperatingPoint } from "../messages.ts";
import { verdict as answerText } from "../wording.ts";
import { CellVerdicts } from "./cell-verdicts.ts";
import type { ProbabilityMap } from "./probability-map.ts";
import type { SlideKind } from "./scale.ts";
import { isJudged, overruledRefusalOf, refusalOf, VERDICT } from "./verdicts.ts";
import { refusalName } from "./wording.ts";

export interface Pointed {
  map: ProbabilityMap;
  verdicts: CellVerdicts; // of the map, with regions
  under: ProbabilityMap | null; // the coarser one, which is in sight where the map has nothing yet
  kind: SlideKind;
  judged: { model: ModelFacts; point: OperatingPoint } | null; // by what; null: not known yet
}

export interface Cell {
  map: ProbabilityMap;
  column: number;
  row: number;
}

// What is in sight at a cell of the map: itself, or the coarser map's where it has nothing yet.
export function inSight(
  { map, verdicts, under }: Pick<Pointed, "map" | "verdicts" | "under">,
  { column, row }: { column: number; row: number },
): Cell | null {
  if (verdicts.at(row * map.columns + column) !== VERDICT.notYet || under === null)
    return { map, column, row };
  const coarser = under.under(map, column, row);
  return coarser && { map: under, column: coarser.column, row: coarser.row };
}

// Of the cell under the pointer, as it is painted.
export function cellText(
  { map, verdicts, under, kind, judged }: Pointed,
  { column, row }: { column: number; row: number },
): string {
  const seen = inSight({ map, verdicts, under }, { column, row });
  if (seen === null) return "";
  if (seen.map !== map) {
    const all = new CellVerdicts(seen.map.verdicts);
    return cellText({ map: seen.map, verdicts: all, under: null, kind, judged }, seen);
  }
  const at = row * map.columns + column;
  const verdict = verdicts.at(at);
  const value = map.values[at] ?? Number.NaN;
  if (isJudged(verdict)) {
    if (Number.isNaN(value)) return "";
    const refused = overruledRefusalOf(verdict);
    const anyway = refused === null ? "" : `, refused: ${refusalName(refused, kind)}`;
    return `probability ${value.toFixed(3)}${openText(judged, value)}${anyway}`;
  }
  if (verdict === VERDICT.noTissue) return "no tissue";
  if (verdict === VERDICT.outside) return "outside the region";
  if (verdict === VERDICT.unread) return map.failureAt(column, row) ?? "not read";
  const reason = refusalOf(verdict);
  return reason === null ? "" : `refused: ${refusalName(reason, kind)}`;
}

// Where there is no answer, in a patch's words.
function openText(judged: Pointed["judged"], probability: number): string {
  if (judged === null) return "";
  const answer = answerAt(judged.model, judged.point, probability);
  return answer === "uncertain" ? `, ${answerText({ ...judged, probability, answer })}` : "";
}
