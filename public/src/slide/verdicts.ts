// What a cell of a map is: a number that the scan gives (shared/scan.h), or the page beside it. No DOM.
import { GATE_REASONS, type GateReason } from "../messages.ts";

export const VERDICT = {
  judged: 0,
  noTissue: 1,
  outside: 2, // of the regions; set by the page
  unread: 3, // its block could not be read; the page's own
  anyway: 50, // from here on refused as below, and judged because a person asked
  refused: 100, // from here on refused by the gate: this plus the code of GateReason in shared/gate.h
  notYet: 255, // no block has given it; the page's own
} as const;

// Whether such a cell has a value.
export function isJudged(verdict: number | undefined): boolean {
  if (verdict === undefined) return false;
  return verdict === VERDICT.judged || (verdict >= VERDICT.anyway && verdict < VERDICT.refused);
}

// Whether the gate refused it, judged or not.
export function isRefused(verdict: number): boolean {
  return verdict > VERDICT.anyway && verdict !== VERDICT.notYet;
}

// Why the gate refused it and it was left out.
export function refusalOf(verdict: number): GateReason | null {
  return GATE_REASONS[verdict - VERDICT.refused - 1] ?? null;
}

// Why the gate refused it, and it was judged all the same.
export function overruledRefusalOf(verdict: number): GateReason | null {
  return verdict < VERDICT.refused ? (GATE_REASONS[verdict - VERDICT.anyway - 1] ?? null) : null;
}
