// What a scan of a whole section says beside its label image (insitu scan --labels --json).
import { decimal } from "../wording.ts";
import { paragraph, section, table, type Cell } from "./build.ts";
import type { SectionReport } from "./report.ts";
import * as wording from "./wording.ts";

export function wholeSection(report: SectionReport, positiveClass: string): HTMLElement {
  const { labels, operating_point: point } = report;
  const rows: Cell[][] = (["auc", "balanced_accuracy", "sensitivity", "specificity"] as const).map(
    (name) => [
      wording.MEASURES.find((one) => one.name === name)?.label ?? name,
      wording.measure(labels[name]),
    ],
  );
  return section(
    "On a whole section",
    paragraph(wording.sectionSentence(report, positiveClass), "small"),
    table(
      `The map against the label image, at threshold ${decimal(point.threshold, 4)}`,
      ["Measure", "Value"],
      rows,
    ),
  );
}
