// A model and its answers, made by hand for tests that need no engine.
import { Judge, type Judgement } from "../public/src/judgement.ts";
import type { ModelFacts, Reading } from "../public/src/messages.ts";
import type { ImageEntry } from "../public/src/session.ts";

export const model: ModelFacts = {
  id: "seed",
  version: "1.0.0",
  kind: "histology",
  sha256: "ab".repeat(32),
  labels: ["no IDC", "IDC"],
  positive: 1,
  positiveVerdict: "IDC detected",
  negativeVerdict: "no IDC detected in this patch",
  threshold: 0.42,
  sensitivity: 0.86,
  specificity: 0.875,
  operatingPoints: [{ name: "screen", threshold: 0.2, sensitivity: 0.95, specificity: 0.7 }],
  uncertain: null,
  inputWidth: 50,
  inputHeight: 50,
  umPerPixel: 4,
  trainingData: "a list of cases",
  warning: "",
};

export function readingOf(positive: boolean, more: Partial<Reading> = {}): Reading {
  return {
    probabilities: positive ? [0.1, 0.9] : [0.75, 0.25],
    interval: null,
    isPositive: positive,
    imageWidth: 50,
    imageHeight: 50,
    region: { left: 0, top: 0, width: 50, height: 50 },
    scale: 1,
    gate: { kind: "histology", accepted: true, reason: null, score: 0.9, judgedAnyway: false },
    decodeMs: 1,
    gateMs: 0.1,
    preprocessMs: 2,
    networkMs: 3,
    preview: null,
    sha256: "cd".repeat(32),
    ...more,
  };
}

export function entryOf(name: string, more: Partial<ImageEntry> = {}): ImageEntry {
  return {
    key: 1,
    name,
    file: new Blob([]),
    others: [],
    cameAt: 0,
    state: "waiting",
    reading: null,
    slide: null,
    error: null,
    answeredMs: 0,
    model: more.reading === undefined ? null : model,
    keptPoint: null,
    judgeAnyway: false,
    ...more,
  };
}

export function judgementOf(positive: boolean, more: Partial<Reading> = {}): Judgement {
  const judgement = new Judge().of(entryOf("", { reading: readingOf(positive, more) }));
  if (judgement === null) throw new Error("a reading has a judgement");
  return judgement;
}
