// An evaluation small enough to be worked out by hand: 24 images of three cases, 4 of them positive,
// judged at a threshold of 0.65.
//   case A: positive 0.9, 0.6; negative 0.4, 0.1
//   case B: positive 0.8, 0.55; negative 0.7, 0.2
//   case C: negative, 16 times 0.025
// Intervals are made up: they are there to be drawn.
import type { Measures, Report } from "../public/src/figures/report.ts";

const UNMEASURED = { brier: null, nll: null, ece: null };

const caseA: Measures = {
  ...UNMEASURED,
  n: 4,
  confusion: { tp: 1, fn: 1, tn: 2, fp: 0 },
  accuracy: 3 / 4,
  balanced_accuracy: 0.75,
  sensitivity: 1 / 2,
  specificity: 1,
  precision: 1,
  f1: 2 / 3,
  auc: 1,
};

const caseB: Measures = {
  ...UNMEASURED,
  n: 4,
  confusion: { tp: 1, fn: 1, tn: 1, fp: 1 },
  accuracy: 1 / 2,
  balanced_accuracy: 0.5,
  sensitivity: 1 / 2,
  specificity: 1 / 2,
  precision: 1 / 2,
  f1: 1 / 2,
  auc: 3 / 4, // 0.55 lies below 0.7
};

const caseC: Measures = {
  ...UNMEASURED,
  n: 16,
  confusion: { tp: 0, fn: 0, tn: 16, fp: 0 },
  accuracy: 1,
  balanced_accuracy: null,
  sensitivity: null,
  specificity: 1,
  precision: null,
  f1: null,
  auc: null,
};

const pooled: Measures = {
  n: 24,
  confusion: { tp: 2, fn: 2, tn: 19, fp: 1 },
  accuracy: 21 / 24,
  balanced_accuracy: 0.725,
  sensitivity: 2 / 4,
  specificity: 19 / 20,
  precision: 2 / 3,
  f1: 4 / 7,
  auc: 78 / 80, // of the pairs of a positive and a negative image
  brier: null,
  nll: null,
  ece: (16 * 0.025 + 2 * 0.15 + 3 * 0.15 + 3 * (0.8 - 2 / 3)) / 24,
};

// model: whose report it is said to be.
export function reportByHand(model: { id: string; sha256: string }): Report {
  return {
    model: {
      ...model,
      kind: "histology",
      operating_points: [
        { name: "screen", threshold: 0.5, sensitivity: 1, specificity: 0.95 },
        { name: "balanced", threshold: 0.65, sensitivity: 0.5, specificity: 0.95 },
        { name: "confirm", threshold: 0.85, sensitivity: 0.25, specificity: 1 },
      ],
    },
    data: { name: "by hand", cases: 3, patches: 24, positives: 4 },
    threshold: 0.65,
    positive_class: "IDC",
    pooled,
    mean_case_auc: 0.875,
    cases_with_auc: 2,
    intervals: { auc: [0.9, 1], ece: [0.05, 0.1], mean_case_auc: [0.75, 1] },
    bootstrap: { samples: 2000, seed: 1 },
    reliability: [
      { low: 0, high: 0.05, n: 16, mean_probability: 0.025, observed: 0, interval: [0, 0.19] },
      { low: 0.05, high: 0.08, n: 0, mean_probability: null, observed: null, interval: null },
      { low: 0.08, high: 0.25, n: 2, mean_probability: 0.15, observed: 0, interval: null },
      {
        low: 0.25,
        high: 0.65,
        n: 3,
        mean_probability: 1.55 / 3,
        observed: 2 / 3,
        interval: [0.21, 0.94],
      },
      { low: 0.65, high: 1, n: 3, mean_probability: 0.8, observed: 2 / 3, interval: [0.21, 0.94] },
    ],
    cases: { A: caseA, B: caseB, C: caseC },
    curve: [
      {
        threshold: 0,
        sensitivity: 1,
        specificity: 0,
        precision: 4 / 24,
        sensitivity_interval: [1, 1],
        specificity_interval: [0, 0],
        precision_interval: [0.1, 0.25],
      },
      {
        threshold: 0.5,
        sensitivity: 1,
        specificity: 19 / 20,
        precision: 4 / 5,
        sensitivity_interval: [0.8, 1],
        specificity_interval: [0.9, 1],
        precision_interval: [0.6, 0.9],
      },
      {
        threshold: 0.65,
        sensitivity: 2 / 4,
        specificity: 19 / 20,
        precision: 2 / 3,
        sensitivity_interval: [0.25, 0.75],
        specificity_interval: [0.9, 1],
        precision_interval: [0.4, 0.9],
      },
      {
        threshold: 0.85,
        sensitivity: 1 / 4,
        specificity: 1,
        precision: 1,
        sensitivity_interval: [0, 0.5],
        specificity_interval: null, // as where too few samples have one
        precision_interval: null,
      },
      {
        threshold: 1,
        sensitivity: 0,
        specificity: 1,
        precision: null, // nothing is called positive
        sensitivity_interval: [0, 0],
        specificity_interval: [1, 1],
        precision_interval: null,
      },
    ],
    missing_cases: [],
    duplicates: 0,
    ignored_files: 0,
    errors: [],
  };
}
