// The scale of a slide: presets, what resampling it means for a model, and the bar that shows it. No DOM.

export interface Scale {
  umPerPixel: number; // of level 0
  from: string; // where a file says so, or that the person did
}

export const BY_HAND = "given by hand";

export type SlideKind = "histology" | "mammogram";

export interface Preset {
  name: string;
  umPerPixel: number;
}

export const PRESETS: Record<SlideKind, readonly Preset[]> = {
  histology: [
    { name: "40×", umPerPixel: 0.25 },
    { name: "20×", umPerPixel: 0.5 },
    { name: "10×", umPerPixel: 1 },
    { name: "5×", umPerPixel: 2 },
    { name: "2.5×", umPerPixel: 4 },
  ],
  mammogram: [
    { name: "0.05 mm", umPerPixel: 50 },
    { name: "0.07 mm", umPerPixel: 70 },
    { name: "0.1 mm", umPerPixel: 100 },
    { name: "0.2 mm", umPerPixel: 200 },
  ],
};

// What can be given by hand; scales beyond are mistakes in a unit.
export const LIMITS: Record<SlideKind, readonly [least: number, most: number]> = {
  histology: [0.05, 50],
  mammogram: [10, 2_000],
};

// Pixels are made up where an image is enlarged to the model's scale: a little of that is told, much is
// refused. The scanner has the same limits (error scale_too_coarse).
export const WARNED_ENLARGEMENT = 1.5;
export const MAX_ENLARGEMENT = 4;

// How much the finest level is enlarged for the model; below 1 it is reduced.
export function enlargement(umPerPixel: number, modelUmPerPixel: number): number {
  return umPerPixel / modelUmPerPixel;
}

export type ScaleVerdict = "fine" | "warned" | "refused";

export function judgeScale(umPerPixel: number, modelUmPerPixel: number): ScaleVerdict {
  const factor = enlargement(umPerPixel, modelUmPerPixel);
  if (factor > MAX_ENLARGEMENT) return "refused";
  return factor > WARNED_ENLARGEMENT ? "warned" : "fine";
}

export function isScale(kind: SlideKind, umPerPixel: number): boolean {
  const [least, most] = LIMITS[kind];
  return umPerPixel >= least && umPerPixel <= most; // false for NaN
}

// A slider moves evenly over magnitudes.
export const SLIDER_STEPS = 1_000;

export function sliderOf(kind: SlideKind, umPerPixel: number): number {
  const [least, most] = LIMITS[kind];
  return Math.round((SLIDER_STEPS * Math.log(umPerPixel / least)) / Math.log(most / least));
}

export function scaleOf(kind: SlideKind, slider: number): number {
  const [least, most] = LIMITS[kind];
  const value = least * (most / least) ** (slider / SLIDER_STEPS);
  return Number(value.toPrecision(3));
}

// The longest bar of 1, 2 or 5 times a power of ten that is no longer than so many pixels.
export function scaleBar(
  umPerScreenPixel: number,
  mostPixels: number,
): { pixels: number; um: number; text: string } {
  const most = umPerScreenPixel * mostPixels;
  const power = 10 ** Math.floor(Math.log10(most));
  const um = ([5, 2, 1].find((factor) => factor * power <= most) ?? 1) * power;
  return { pixels: um / umPerScreenPixel, um, text: lengthText(um) };
}

const digits = (value: number) => String(Number(value.toPrecision(3)));

export function lengthText(um: number): string {
  if (um >= 10_000) return `${digits(um / 10_000)} cm`;
  return um >= 1_000 ? `${digits(um / 1_000)} mm` : `${digits(um)} µm`;
}

// As a scale is said: µm for tissue, mm for films.
export function scaleText(umPerPixel: number): string {
  return umPerPixel >= 20 ? `${digits(umPerPixel / 1_000)} mm/px` : `${digits(umPerPixel)} µm/px`;
}
