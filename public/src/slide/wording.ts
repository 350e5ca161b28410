// What the slide part says: sentences and rows. No DOM.
import type { GateReason } from "../messages.ts";
import { SLIDE_COLUMNS, type SlideColumn, type SlideRow } from "../slide-record.ts";
import {
  decimal,
  milliseconds,
  NOTICE,
  positiveLabel,
  probabilityText,
  wholeNumber,
} from "../wording.ts";
import {
  enlargement,
  judgeScale,
  lengthText,
  MAX_ENLARGEMENT,
  scaleText,
  type SlideKind,
} from "./scale.ts";
import type { Slide } from "./slide.ts";
import {
  anywayAreas,
  anywayTotal,
  isUncertain,
  refusals,
  refusedTotal,
  type Summary,
  type SuspiciousPlace,
} from "./summary.ts";

// How a file says that it is a mammogram.
export const FILM_BY_FILE = "DICOM modality MG";

export const KIND_NAMES: Record<SlideKind, string> = {
  histology: "Stained tissue (H&E)",
  mammogram: "Mammogram (film)",
};

const REFUSAL_NAMES: Record<GateReason, string> = {
  glass: "glass, hardly any tissue",
  pen: "ink of a marker",
  blur: "out of focus",
  compression: "strong JPEG compression",
  scale: "not at this scale",
  other_stain: "another stain",
  photograph: "a photograph",
  drawing: "a drawing or text",
  grey_not_film: "unlike the films that the model was trained on",
  colour_not_histology: "colours that tissue does not have",
  histology_not_film: "stained tissue, no mammogram",
  film_not_histology: "a mammogram, no stained tissue",
  too_small: "too few pixels",
};

export function refusalName(reason: GateReason, kind: SlideKind): string {
  if (reason === "grey_not_film" && kind === "histology") return "grey, without stain";
  return REFUSAL_NAMES[reason];
}

export function areaText(mm2: number): string {
  if (mm2 === 0) return "0 mm²";
  if (mm2 < 0.001) return `< 0.001 mm²`;
  if (mm2 >= 10_000) return `${wholeNumber(mm2 / 100)} cm²`;
  if (mm2 >= 1_000) return `${(mm2 / 100).toFixed(1)} cm²`;
  if (mm2 >= 100) return `${wholeNumber(mm2)} mm²`;
  if (mm2 >= 0.1) return `${mm2.toFixed(mm2 >= 10 ? 1 : 2)} mm²`;
  return `${mm2.toPrecision(2)} mm²`;
}

// A share is never rounded to none or all.
export function shareText(share: number): string {
  const percent = 100 * share;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  if (percent > 99.9 && percent < 100) return "> 99.9 %";
  return `${percent === 0 || percent === 100 ? percent : percent.toFixed(1)} %`;
}

const known = (share: number) => !Number.isNaN(share);

// "IDC in 12.3 % of the tissue that was judged"
export function headline({ kind, model, summary, summaryShare }: Slide): string {
  if (summary === null || model === null) return "";
  const label = positiveLabel(model.facts);
  const part = summaryShare < 1 ? " so far" : "";
  // No mark is no news where nothing was judged.
  if (summary.judgedMm2 === 0 || !known(summary.positiveFraction))
    return `Nothing here could be judged${part}`;
  if (kind === "mammogram" && summary.film !== null) {
    const marks = marksByThreshold(summary).reaching.length;
    return marks === 0
      ? "No suspicious mark on this film"
      : `${marks} suspicious mark${marks === 1 ? "" : "s"} on this film`;
  }
  if (summary.positiveMm2 === 0) return `No ${label} detected in the tissue judged${part}`;
  return `${label} in ${shareText(summary.positiveFraction)} of the tissue judged${part}`;
}

// A film's marks, told by the threshold in force.
export function marksByThreshold({ film, threshold }: Summary): {
  reaching: SuspiciousPlace[];
  below: SuspiciousPlace[];
} {
  const marks = film?.marks ?? [];
  return {
    reaching: marks.filter(({ probability }) => probability >= threshold),
    below: marks.filter(({ probability }) => probability < threshold),
  };
}

// Why nothing could be judged; "" where something was.
export function nothingJudged({ kind }: Slide, summary: Summary): string {
  if (summary.judgedMm2 > 0) return "";
  const [most] = refusals(summary);
  if (most === undefined) {
    return summary.noTissueMm2 > 0 && summary.outsideMm2 === 0
      ? "No tissue was found in it."
      : "Nothing of it that was read, or lies in the regions, could be judged.";
  }
  const [reason] = most;
  const what = reason === "scale" ? " Check the scale: tissue looks otherwise at this one." : "";
  return `What was looked at was refused: ${refusalName(reason, kind)}.${what}`;
}

export function failureSentence({ name, error }: Slide): string {
  const message = error?.message ?? "";
  return message.startsWith(name) ? message : `${name}: ${message}`;
}

export function intervalSentence({ fractionInterval }: Summary): string {
  if (fractionInterval === null) return "";
  const [low, high] = fractionInterval;
  return `Between ${shareText(low)} and ${shareText(high)} by the 95 % intervals of the probabilities.`;
}

// How much is no answer, and what to do. "" where the model has no such band, or nothing was judged.
export function uncertainSentence({ kind }: Slide, { uncertain }: Summary): string {
  if (uncertain === null || !known(uncertain.fraction)) return "";
  const of = `of the ${kind === "mammogram" ? "breast" : "tissue"} judged`;
  const edges = `from ${decimal(uncertain.low)} to ${decimal(uncertain.high)}`;
  if (uncertain.fraction === 0) return `None ${of} is uncertain: no probability is ${edges}.`;
  return (
    `${shareText(uncertain.fraction)} ${of} is uncertain, positive or not: ` +
    `have it read where the probability is ${edges}.`
  );
}

// A place in a list by its number.
export function placeText(summary: Summary, place: SuspiciousPlace, number: number): string {
  const open = isUncertain(summary, place.probability) ? ", uncertain" : "";
  return `${number}: ${probabilityText(place.probability)}${open}`;
}

// Of the whole of a slide, in the list.
export function outcome(slide: Slide): string {
  const { phase, summary, error, progress } = slide;
  if (phase === "failed") return `not read: ${error?.message ?? ""}`;
  if (phase === "scanning" && summary === null) return `scanned, ${shareText(progress.share)}`;
  if (phase === "asking") return "asks for its scale";
  if (phase === "opening") return "being opened";
  if (phase === "waiting") return "waiting";
  const text = headline(slide);
  if (phase !== "paused") return text;
  return text === "" ? "stopped" : `stopped: ${text}`;
}

export function figure({ summary, kind }: Slide): string {
  if (summary === null) return "";
  if (kind === "mammogram" && summary.film !== null)
    return summary.film.score === null ? "" : decimal(summary.film.score, 2);
  return known(summary.positiveFraction) ? shareText(summary.positiveFraction) : "";
}

export function progressText(slide: Slide): string {
  const { phase, progress, map } = slide;
  const { share, leftMs } = progress;
  if (phase === "opening") return "The file is being opened.";
  if (phase === "waiting") return "Waits until the image before it is scanned.";
  if (phase === "paused") return `Stopped at ${shareText(share)}.`;
  if (phase === "asking") return "Zoom and move as you like; the scan waits for the scale.";
  if (phase === "failed") return "Not read.";
  if (phase === "done" && map !== null) return mapSentence(slide);
  if (phase !== "scanning") return "";
  if (map === null) return "The scan begins.";
  const left = leftMs === null ? "" : `, about ${timeLeft(leftMs)} left`;
  return `${shareText(share)} of ${wholeNumber(map.columns * map.rows)} cells${left}`;
}

// On the button that makes it; "" where there is none to make.
export function finerText(slide: Slide): string {
  const stride = slide.finerStride;
  if (slide.phase !== "done" || stride === null || slide.model === null) return "";
  return `Finer map, a cell every ${lengthText(stride * slide.model.facts.umPerPixel)}`;
}

function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.ceil(seconds / 60)} min`;
}

export function scaleSentence(slide: Slide): string {
  const { scale, model } = slide;
  if (scale === null) return "";
  const said = `${scaleText(scale.umPerPixel)}, ${scale.from}`;
  if (model === null) return `${said}.`;
  const factor = enlargement(scale.umPerPixel, model.facts.umPerPixel);
  const how =
    Math.abs(factor - 1) < 0.001
      ? "the model's own scale"
      : factor > 1
        ? `enlarged ${decimal(factor, 2)}× to the model's ${scaleText(model.facts.umPerPixel)}`
        : `reduced to 1/${decimal(1 / factor, 2)} for the model's ${scaleText(model.facts.umPerPixel)}`;
  return `${said}; ${how}.`;
}

const LESS_SURE = "what is judged is less sure than it says";

// What a scale means for the model, before it is used. "" where there is nothing to say. What is to be
// expected of enlarged tissue: model/README.md, "At another scale".
export function scaleWarning(kind: SlideKind, umPerPixel: number, modelUmPerPixel: number): string {
  const verdict = judgeScale(umPerPixel, modelUmPerPixel);
  const factor = decimal(enlargement(umPerPixel, modelUmPerPixel), 1);
  const expected =
    kind === "histology" ? "almost all of it, if not all, is likely to be refused; " : "";
  if (verdict === "warned")
    return (
      `The image would be enlarged ${factor}× to the model's ${scaleText(modelUmPerPixel)}: ` +
      `detail that the model was made with is missing, and ${expected}${LESS_SURE}.`
    );
  if (verdict === "refused")
    return (
      `At this scale the image would be enlarged ${factor}×. More than ${MAX_ENLARGEMENT}× is not ` +
      "read: most of what the model saw would be made up. Use an image with smaller pixels."
    );
  return "";
}

// The same of a map that was made, with what was found.
function enlargedSentence(umPerPixel: number, modelUmPerPixel: number): string {
  if (judgeScale(umPerPixel, modelUmPerPixel) !== "warned") return "";
  const factor = decimal(enlargement(umPerPixel, modelUmPerPixel), 1);
  return (
    `The image was enlarged ${factor}× to the model's ${scaleText(modelUmPerPixel)}: ` +
    `detail that the model was made with is missing, and ${LESS_SURE}.`
  );
}

export function mapSentence(slide: Slide): string {
  const { model, scale } = slide;
  const map = slide.under ?? slide.map; // that the summary is of
  if (map === null || model === null || scale === null) return "";
  const { stride, patch, dense } = map.plan;
  const um = lengthText(model.facts.umPerPixel * stride);
  return stride === patch
    ? `One patch beside the other, a cell every ${um}`
    : `${dense ? "Dense" : "Overlapping patches"}, a cell every ${um}`;
}

export function timeSentence({ times }: Slide): string {
  const { firstBlockMs, scanMs } = times;
  if (firstBlockMs === null) return "";
  const first = `first cells after ${milliseconds(firstBlockMs)}`;
  return scanMs === null ? first : `${milliseconds(scanMs)} for the map, ${first}`;
}

// How far the gate was heeded, where not in full.
function gateSentences(kind: SlideKind, summary: Summary): string[] {
  const said: string[] = [];
  const anyway = anywayAreas(summary);
  if (anyway.length > 0) {
    const why = anyway.map(([reason]) => refusalName(reason, kind)).join(", ");
    const area = areaText(anywayTotal(summary));
    said.push(`Refused, and judged because you asked for it: ${area} (${why}).`);
  }
  if (summary.saysFilm)
    said.push(
      `Taken for a mammogram because its file says so (${FILM_BY_FILE}): its looks were not asked about.`,
    );
  return said;
}

// A sentence about a file, without its name.
export function nameless(sentence: string, name: string): string {
  const names = [name, name.split("/").at(-1) ?? name].filter((one) => one !== "");
  const asWord = (one: string) => {
    const escaped = one.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "gu");
  };
  const said = names.reduce((text, one) => text.replaceAll(asWord(one), "the file"), sentence);
  return said.startsWith("the file") ? `The file${said.slice("the file".length)}` : said;
}

// Sentences that stand with every result. withName: what went wrong may name the file.
export function warnings(slide: Slide, withName = true): string[] {
  const { facts, kind, model, scale, summary, problems, summaryShare, phase } = slide;
  const said = [model?.facts.warning ?? "", ...(facts?.notes ?? [])];
  if (summary !== null) said.push(...gateSentences(kind, summary));
  if (scale !== null && model !== null)
    said.push(enlargedSentence(scale.umPerPixel, model.facts.umPerPixel));
  for (const [reason, count] of problems) {
    const why = withName ? reason : nameless(reason, slide.name);
    said.push(`${count === 1 ? "A part" : `${count} parts`} could not be read: ${why}`);
  }
  if (phase === "paused" && summaryShare < 1)
    said.push(`Only ${shareText(summaryShare)} of the map was made.`);
  return said.filter((sentence) => sentence !== "");
}

// Of the result, whatever is asked for now. null: there is none yet.
function anyJudgedAnyway({ summary }: Slide): boolean | null {
  return summary === null ? null : anywayTotal(summary) > 0;
}

const NO_CELLS = Object.fromEntries(SLIDE_COLUMNS.map((name) => [name, null])) as Record<
  SlideColumn,
  null
>;

function shareOf(part: Summary["uncertain"]): number | null {
  return part === null || !known(part.fraction) ? null : part.fraction;
}

export function slideRow(slide: Slide): SlideRow {
  const { facts, summary, model, scale, map } = slide;
  const [finest] = facts?.levels ?? [];
  const found = summary?.positiveFraction ?? Number.NaN;
  return {
    answer: null,
    verdict: summary === null ? null : headline(slide),
    anyJudgedAnyway: anyJudgedAnyway(slide),
    width: finest?.width ?? null,
    height: finest?.height ?? null,
    model: model?.facts ?? null,
    threshold: summary?.threshold ?? null,
    point: slide.point()?.name ?? null,
    uncertain: summary?.uncertain ?? null,
    cells: {
      ...NO_CELLS,
      um_per_pixel: scale?.umPerPixel ?? null,
      scale_from: scale?.from ?? null,
      ...(summary !== null && {
        stride_px: map?.plan.stride ?? null,
        tissue_mm2: summary.judgedMm2,
        positive_mm2: summary.positiveMm2,
        positive_fraction: known(found) ? found : null,
        positive_fraction_low: summary.fractionInterval?.[0] ?? null,
        positive_fraction_high: summary.fractionInterval?.[1] ?? null,
        uncertain_mm2: summary.uncertain?.areaMm2 ?? null,
        uncertain_fraction: shareOf(summary.uncertain),
        largest_focus_mm2: summary.largestFocus?.areaMm2 ?? null,
        refused_mm2: refusedTotal(summary),
        judged_anyway_mm2: anywayTotal(summary),
        kind_from: summary.saysFilm ? FILM_BY_FILE : null,
        rim_mm2: summary.rimMm2,
        film_score: summary.film?.score ?? null,
      }),
    },
  };
}

export function slideJson(slide: Slide): object {
  const { summary, facts, map, summaryShare } = slide;
  return {
    format: facts?.format ?? null,
    levels: facts?.levels ?? [],
    notes: warnings(slide),
    map: map === null ? null : { columns: map.columns, rows: map.rows, stride: map.plan.stride },
    share_of_map: summary === null ? null : summaryShare,
    regions: slide.regions,
    judged_anyway: anyJudgedAnyway(slide),
    summary: summary && { ...summary, refused: Object.fromEntries(refusals(summary)) },
    notice: NOTICE,
  };
}
