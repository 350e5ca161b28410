// A map's cells as CSV, a line each.
import { csvText } from "../../exports.ts";
import { answerAt, uncertainAt } from "../../judgement.ts";
import { isJudged, overruledRefusalOf, refusalOf, VERDICT } from "../verdicts.ts";
import { about, type MapExport } from "./about.ts";

const NAMES: Record<number, string> = {
  [VERDICT.judged]: "judged",
  [VERDICT.noTissue]: "no tissue",
  [VERDICT.outside]: "outside the region",
  [VERDICT.unread]: "could not be read",
  [VERDICT.notYet]: "not read",
};

export const TILE_COLUMNS =
  "column,row,x,y,width,height,patch_x,patch_y,patch_width,patch_height,probability,positive,uncertain,verdict";

function refusalText(verdict: number): string {
  const anyway = overruledRefusalOf(verdict);
  if (anyway !== null) return `judged anyway; refused: ${anyway}`;
  return `refused: ${refusalOf(verdict) ?? verdict}`;
}

// Empty where the model has no band.
function uncertainCell({ model, point }: MapExport, value: number): string {
  if (uncertainAt(model, point) === null) return "";
  return String(answerAt(model, point, value) === "uncertain");
}

// Numbers with as many digits as there is sense in.
const place = (value: number) => String(Number(value.toFixed(2)));

export function tileLine(made: MapExport, column: number, row: number): string {
  const { map, verdicts, point } = made;
  const cell = map.cellSquare(column, row);
  const patch = map.patchSquare(column, row);
  const value = map.value(column, row);
  const verdict = verdicts.at(row * map.columns + column);
  const judged = isJudged(verdict);
  const squares = [cell, patch].flatMap(({ x, y, width, height }) => [x, y, width, height]);
  return [
    String(column),
    String(row),
    ...squares.map(place),
    judged ? value.toFixed(6) : "",
    judged ? String(value >= point.threshold) : "",
    judged ? uncertainCell(made, value) : "",
    NAMES[verdict] ?? refusalText(verdict),
  ].join(",");
}

// What it was made by stands in comments above the table.
export function tilesHead(made: MapExport): string {
  const facts = csvText(Object.entries(about(made)).map(([name, value]) => ({ name, value })));
  const lines = facts.replace("\uFEFF", "").trimEnd().split("\r\n").slice(1);
  return `\uFEFF${lines.map((line) => `# ${line}`).join("\r\n")}\r\n${TILE_COLUMNS}\r\n`;
}

// In pieces, for longText().
export function* tilesCsv(made: MapExport): Generator<string> {
  yield tilesHead(made);
  for (let row = 0; row < made.map.rows; row++)
    for (let column = 0; column < made.map.columns; column++)
      yield `${tileLine(made, column, row)}\r\n`;
}
