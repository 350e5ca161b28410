// What a probability means at an operating point: positive, negative, or uncertain. No DOM.
import type { ModelFacts, OperatingPoint, Prediction } from "./messages.ts";
import type { ImageEntry } from "./session.ts";

export type Answer = "positive" | "negative" | "uncertain";

// An image's reading with all that it was judged by.
export interface Judgement {
  model: ModelFacts;
  point: OperatingPoint;
  probability: number; // of the positive label
  answer: Answer;
}

// The point that the model was made with.
export function ownPoint({ threshold, sensitivity, specificity }: ModelFacts): OperatingPoint {
  return { name: "balanced", threshold, sensitivity, specificity };
}

// Where no answer is given: the model's uncertain band, widened to the threshold, so that at no
// point a higher probability gives a lower answer. null: the model has no band.
export function uncertainAt(
  model: ModelFacts,
  { threshold }: OperatingPoint,
): { low: number; high: number } | null {
  if (model.uncertain === null) return null;
  const { low, high } = model.uncertain;
  return { low: Math.min(low, threshold), high: Math.max(high, threshold) };
}

export function answerAt(model: ModelFacts, point: OperatingPoint, probability: number): Answer {
  const band = uncertainAt(model, point);
  if (band !== null && probability >= band.low && probability < band.high) return "uncertain";
  return probability >= point.threshold ? "positive" : "negative";
}

export function positiveProbability(model: ModelFacts, prediction: Prediction): number {
  return prediction.probabilities[model.positive] ?? Number.NaN;
}

// The points in force, one a model, for this visit only: a threshold that was moved and forgotten
// would mislead tomorrow.
export class Judge {
  readonly #chosen = new Map<string, OperatingPoint>(); // by the model's SHA-256

  pointFor(model: ModelFacts): OperatingPoint {
    return this.#chosen.get(model.sha256) ?? ownPoint(model);
  }

  choose(model: ModelFacts, point: OperatingPoint): void {
    this.#chosen.set(model.sha256, point);
  }

  // null: not read. What was kept is judged at the point that it was kept with.
  of({ reading, model, keptPoint }: ImageEntry): Judgement | null {
    if (reading === null || model === null) return null;
    const point = keptPoint ?? this.pointFor(model);
    const probability = positiveProbability(model, reading);
    return { model, point, probability, answer: answerAt(model, point, probability) };
  }
}
