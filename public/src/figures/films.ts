// What a report says of whole films: which have a finding, and whether it is marked (FROC).
import { decimal, wholeNumber } from "../wording.ts";
import { chartFigure, make, paragraph, section, table, type Cell } from "./build.ts";
import { Plot, type Point } from "./plot.ts";
import type { Estimate, FilmFigures, Report } from "./report.ts";
import * as wording from "./wording.ts";

const cells = ({ value, interval }: Estimate): Cell[] => [
  wording.measure(value),
  wording.span(interval),
];

function filmTable({ films }: FilmFigures): HTMLElement {
  const rows: Cell[][] = [
    ["AUC: a finding or none, by the strongest mark", ...cells(films.auc), "0.500"],
    [
      "Accuracy of calling every film negative",
      null,
      null,
      wording.measure(films.always_negative.accuracy),
    ],
  ];
  return table("Whole films", ["Measure", "Value", "95 %", "All called negative"], rows);
}

function foundTable({ found_by_kind: { false_marks_a_film: rate, kinds } }: FilmFigures) {
  const rows = Object.entries(kinds).map(([name, { findings, found }]): Cell[] => [
    wording.findingKind(name),
    wholeNumber(findings),
    decimal(found, 1),
    wording.percent(found / findings),
  ]);
  const caption = `Findings marked, at ${decimal(rate, 1)} false marks a normal film`;
  return table(caption, ["Kind", "Findings", "Marked", "Share"], rows);
}

function frocChart({ froc }: FilmFigures): HTMLElement {
  const most = Math.max(...froc.map(({ false_marks_a_film: rate }) => rate));
  const plot = new Plot({
    label: "FROC: share of the findings marked against false marks on a normal film.",
    xTitle: "False marks on a normal film",
    yTitle: "Findings marked",
    xTicks: froc.map(({ false_marks_a_film: rate }) => rate),
    xTop: most,
  });
  const along = (of: (one: FilmFigures["froc"][number]) => Estimate) =>
    froc.map((one): Point => [one.false_marks_a_film, of(one).value]);
  plot.line(
    along((one) => one.chance_on_normal_films),
    "plot-chance",
  );
  plot.line(
    along((one) => one.on_normal_films),
    "plot-line",
  );
  for (const { false_marks_a_film: rate, on_normal_films: found } of froc) {
    if (found.interval !== null)
      plot.line(
        [
          [rate, found.interval[0]],
          [rate, found.interval[1]],
        ],
        "plot-whisker",
      );
    plot.mark("disc", [rate, found.value], "plot-dot", 3.5);
  }
  const rows = froc.map((one): Cell[] => [
    decimal(one.false_marks_a_film, 1),
    ...cells(one.on_normal_films),
    ...cells(one.on_all_films),
    wording.measure(one.chance_on_normal_films.value),
  ]);
  const head = [
    "False marks a film",
    "Marked",
    "95 %",
    "Counted on all films",
    "95 %",
    "By chance",
  ];
  const numbers = table("Share of the findings that are marked", head, rows);
  const words =
    "How many of the findings are marked when so many marks on a normal film are wrong. " +
    "Whiskers: 95 %. Dashed: a map of noise, which finds by chance.";
  return chartFigure("FROC", words, plot.element, numbers);
}

// null: the report is not of films.
export function filmSection(report: Report): HTMLElement | null {
  const { films, froc, found_by_kind, protocol } = report;
  if (!films || !froc || !found_by_kind || !protocol || froc.length === 0) return null;
  const figures: FilmFigures = { films, froc, found_by_kind, protocol };
  return section(
    "Whole films",
    paragraph(wording.filmsSentence(figures), "small"),
    make("div", { class: "figures-pair" }, filmTable(figures), foundTable(figures)),
    make("div", { class: "figures-charts" }, frocChart(figures)),
  );
}
