// Numbers and sentences as a person reads them. No DOM.
import { uncertainAt, type Judgement } from "./judgement.ts";
import type {
  GateFacts,
  GateReason,
  ModelFacts,
  NetworkRequest,
  OperatingPoint,
  Prediction,
} from "./messages.ts";
import type { Counts } from "./session.ts";

export const NOTICE = "For research and education. Not a medical device.";

const KILOBYTE = 1024;

// Three decimals, and never a certainty that rounding made.
export function probabilityText(probability: number, digits = 3): string {
  const smallest = 10 ** -digits;
  if (probability >= 1 - smallest / 2) return `> ${(1 - smallest).toFixed(digits)}`;
  if (probability < smallest / 2) return `< ${smallest.toFixed(digits)}`;
  return probability.toFixed(digits);
}

// A probability beside its threshold, with as many decimals as it takes to see on which side it is.
export function besideThreshold(
  probability: number,
  threshold: number,
): { probability: string; threshold: string } {
  const MOST_DIGITS = 7; // of a float
  let digits = 3;
  const rounded = (value: number) => Number(value.toFixed(digits));
  while (
    digits < MOST_DIGITS &&
    rounded(probability) >= rounded(threshold) !== probability >= threshold
  ) {
    digits++;
  }
  return {
    probability: probabilityText(probability, digits),
    threshold: decimal(threshold, digits),
  };
}

// Of an image: some sentences begin with its name already.
export function named(name: string, sentence: string): string {
  return sentence.startsWith(name) ? sentence : `${name}: ${sentence}`;
}

// Up to so many decimals, without zeros at the end.
export function decimal(value: number, digits = 3): string {
  return String(Number(value.toFixed(digits)));
}

// 12,345. Intl's own takes tens of milliseconds when it is first asked.
export function wholeNumber(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

export function milliseconds(ms: number): string {
  if (ms < 0.05) return "< 0.1 ms";
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function byteCount(bytes: number): string {
  if (bytes < KILOBYTE) return `${bytes} bytes`;
  if (bytes < KILOBYTE * KILOBYTE) return `${(bytes / KILOBYTE).toFixed(1)} KB`;
  return `${(bytes / (KILOBYTE * KILOBYTE)).toFixed(1)} MB`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function verdict({ model, answer }: Judgement): string {
  if (answer === "uncertain") return "uncertain: have it read";
  return answer === "positive" ? model.positiveVerdict : model.negativeVerdict;
}

export function positiveLabel(model: ModelFacts): string {
  return model.labels[model.positive] ?? "positive";
}

export function operatingPoint({
  name,
  threshold,
  sensitivity,
  specificity,
}: OperatingPoint): string {
  const point = `${name}: threshold ${decimal(threshold)}`;
  // A model that was not measured says 0.
  if (!(sensitivity > 0) || !(specificity > 0))
    return `${point}, sensitivity and specificity not given`;
  return `${point}, sensitivity ${decimal(sensitivity)}, specificity ${decimal(specificity)}`;
}

// Where the model gives no answer, and what that brings. "" for a model without such a band.
export function uncertainSentence({ model, point }: Judgement): string {
  const band = uncertainAt(model, point);
  if (band === null || model.uncertain === null) return "";
  const coverage = Math.round(100 * model.uncertain.coverage);
  return (
    `No answer from ${decimal(band.low)} to ${decimal(band.high)}. So ${coverage} % of the patches of ` +
    "either class were answered rightly or left open, in cases that the model had not seen."
  );
}

export function intervalText([low, high]: [number, number]): string {
  return `${probabilityText(low, 2)} to ${probabilityText(high, 2)}`;
}

// What the gate saw and what to do, one sentence a reason.
const GATE_SENTENCES: Record<GateReason, string> = {
  glass: "There is hardly any tissue in this image; choose a place where there is.",
  pen: "Much of this image looks covered by pen; choose a place without it.",
  blur: "This image looks out of focus; scan or export it again.",
  compression:
    "This image looks strongly compressed; export it as PNG or as JPEG of a higher quality.",
  scale:
    "The tissue looks as if it were at another scale than the model's; export it at that scale.",
  other_stain:
    "The colours are not those of haematoxylin and eosin; the model knows no other stain.",
  photograph: "This looks like a photograph, not like what the model reads.",
  drawing: "This looks like a screenshot, a drawing or a text, not like what the model reads.",
  grey_not_film: "This does not look like a whole mammogram; the model reads no other.",
  colour_not_histology: "No stained tissue has these colours; choose a section in its own colours.",
  histology_not_film: "This looks like stained tissue, and this model reads mammograms.",
  film_not_histology: "This looks like a mammogram, and this model reads stained tissue.",
  too_small: "This image has too few pixels to be judged; choose a larger one.",
};

// "" when the gate has nothing against the image.
export function gateSentence({ reason }: GateFacts): string {
  return reason === null ? "" : GATE_SENTENCES[reason];
}

// Beside an answer that was given all the same. "" when there is nothing to say.
export function gateNote(gate: GateFacts): string {
  const sentence = gateSentence(gate);
  return gate.judgedAnyway ? `Refused, and judged because you asked for it. ${sentence}` : sentence;
}

// values: how much each part of the image raised the probability.
export function explanationSentence(values: Float32Array): string {
  const LEAST = 0.01; // of a probability
  const raised = Math.max(0, ...values);
  const lowered = Math.max(0, ...values.map((value) => -value));
  if (Math.max(raised, lowered) < LEAST) {
    return `No part of the image by itself moves the probability by ${LEAST} or more.`;
  }
  const moved: [string, number][] = [
    ["amber parts (+) raise", raised],
    ["blue parts (−) lower", lowered],
  ];
  const text = moved
    .filter(([, most]) => most >= LEAST)
    .map(
      ([what, most], index) =>
        `${what} ${index === 0 ? "the probability" : "it"} by up to ${decimal(most, 2)}`,
    )
    .join(", ");
  return (
    `${text.charAt(0).toUpperCase()}${text.slice(1)}. ` +
    "This is what the network used, no proof of disease or of its absence."
  );
}

const factor = (scale: number) => decimal(scale, scale < 0.1 ? 4 : 3);

const px = (width: number, height: number) => `${Math.round(width)}×${Math.round(height)} px`;

export function seesWholeImage({ region, imageWidth, imageHeight }: Prediction): boolean {
  const HALF = 0.5; // of a pixel
  return (
    region.left < HALF &&
    region.top < HALF &&
    region.left + region.width > imageWidth - HALF &&
    region.top + region.height > imageHeight - HALF
  );
}

// What the model saw, and how it was made from the image: never silently.
export function inputSentence(model: ModelFacts, prediction: Prediction): string {
  const { region, imageWidth, imageHeight, scale } = prediction;
  const input = px(model.inputWidth, model.inputHeight);
  const image = px(imageWidth, imageHeight);
  const whole = seesWholeImage(prediction);
  const padded = region.width > imageWidth + 0.5 || region.height > imageHeight + 0.5;
  const verticalScale = model.inputHeight / region.height;
  const stretched = Math.abs(verticalScale / scale - 1) > 0.01;
  if (whole && scale === 1 && !stretched && !padded) {
    return `The whole image, ${image}, as it is: the size that the model expects.`;
  }
  const from = whole
    ? `The image of ${image}`
    : `The outlined ${px(region.width, region.height)} of ${image}`;
  const how: string[] = [];
  if (stretched) {
    how.push(`scaled by ${factor(scale)} in width and ${factor(verticalScale)} in height`);
  } else if (scale !== 1) {
    how.push(`scaled by ${factor(scale)}`);
  }
  if (padded) how.push("padded");
  return how.length === 0 ? `${from}, not scaled.` : `${from}, ${how.join(" and ")} to ${input}.`;
}

// The scale the image should have for the answer to mean something. The file does not say it.
export function scaleSentence(model: ModelFacts, { scale }: Prediction): string {
  const expects = `The model expects ${decimal(model.umPerPixel)} µm/px`;
  const unknown = "InSitu does not know the scale of this file";
  if (scale === 1) return `${expects}. ${unknown}: check it.`;
  const needed = decimal(model.umPerPixel * scale, 2);
  return `${expects}, so this image should have ${needed} µm/px. ${unknown}: check it.`;
}

// alsoAccount: the account used the network meanwhile, for what the person asked it to.
export function proofSentence(requests: NetworkRequest[] | null, alsoAccount = false): string {
  if (requests === null) {
    return "This image was read on this device. This browser does not report its network requests, so they could not be counted.";
  }
  if (requests.length === 0) {
    return `This image was read on this device: 0 bytes sent${alsoAccount ? " to read it" : ""}.`;
  }
  return (
    "This image was read on this device, but the browser reports " +
    `${plural(requests.length, "network request")} of this page since it came in.`
  );
}

export function proofDetail(requests: NetworkRequest[] | null): string {
  if (requests === null) return "";
  if (requests.length === 0)
    return "0 network requests since it came in, by the browser's own count.";
  const received = requests.reduce((sum, request) => sum + request.receivedBytes, 0);
  return `${byteCount(received)} received. A browser does not tell how much a request sends.`;
}

export function progressSentence(counts: Counts): string {
  const { total, settled, pending, failed, cancelled, asking } = counts;
  const read = plural(settled - failed, "image");
  const parts = [pending > 0 ? `${settled} of ${total} done` : `${read} read`];
  if (counts.positive > 0 || pending === 0) parts.push(`${counts.positive} positive`);
  if (counts.uncertain > 0) parts.push(`${counts.uncertain} uncertain`);
  if (failed > 0) parts.push(`${failed} could not be read`);
  if (cancelled > 0) parts.push(`${cancelled} cancelled`);
  if (asking > 0)
    parts.push(asking === 1 ? "1 asks for its scale" : `${asking} ask for their scale`);
  return parts.join(" · ");
}
