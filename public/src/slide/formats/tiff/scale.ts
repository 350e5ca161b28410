// µm per pixel as a TIFF states it, or nothing: a scale is never guessed.
import { TAG, type Directory } from "./directory.ts";

export interface Scale {
  readonly umPerPixel: number;
  readonly from: string;
}

// What a pixel of a microscope's image can be. Beyond it the number is a screen's or a printer's.
export const LEAST_UM_PER_PIXEL = 0.05;
export const MOST_UM_PER_PIXEL = 50;

const MAX_NON_SQUARE = 0.01; // by which the sides of a pixel may differ

const UM: Readonly<Record<string, number>> = {
  pm: 1e-6,
  Å: 1e-4,
  nm: 1e-3,
  µm: 1, // micro sign
  μm: 1, // Greek mu
  um: 1,
  micron: 1,
  mm: 1e3,
  cm: 1e4,
  dm: 1e5,
  m: 1e6,
  in: 25400,
  inch: 25400,
};

function plausible(umPerPixel: number, from: string): Scale | null {
  return umPerPixel >= LEAST_UM_PER_PIXEL && umPerPixel <= MOST_UM_PER_PIXEL
    ? { umPerPixel, from }
    : null;
}

function square(x: number, y: number, from: string): Scale | null {
  return Math.abs(x - y) <= MAX_NON_SQUARE * x ? plausible(x, from) : null;
}

const NUMBER = "([0-9.]+(?:[eE][+-]?[0-9]+)?)";

// "Aperio Image Library v12 … |AppMag = 20|MPP = 0.4990|…"
export function aperioNumber(description: string, name: "MPP" | "AppMag"): number {
  const found = new RegExp(`(?:^|\\|)\\s*${name}\\s*=\\s*${NUMBER}\\s*(?:\\||$)`).exec(description);
  return Number(found?.[1] ?? NaN);
}

export const aperioScale = (description: string): Scale | null =>
  plausible(aperioNumber(description, "MPP"), "aperio.MPP");

const MAX_ELEMENT = 65536; // characters of one start tag

// The first element of a name: its start tag.
export function startTag(xml: string, name: string): string {
  const at = xml.search(new RegExp(`<(?:[A-Za-z_][\\w.-]{0,63}:)?${name}[\\s/>]`));
  if (at < 0) return "";
  const text = xml.slice(at, at + MAX_ELEMENT);
  return text.slice(0, text.indexOf(">") + 1);
}

export function attribute(tag: string, name: string): string | null {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag);
  return found === null ? null : (found[1] ?? found[2] ?? "");
}

// Pixels/@PhysicalSizeX of OME-XML, whose unit is µm where it is not given.
export function omeScale(xml: string): Scale | null {
  const pixels = startTag(xml, "Pixels");
  const side = (axis: "X" | "Y"): number | null => {
    const size = attribute(pixels, `PhysicalSize${axis}`);
    if (size === null) return null;
    const unit = attribute(pixels, `PhysicalSize${axis}Unit`) ?? "µm";
    const decoded = unit.replace(/&#(?:181|956|x[bB]5|x3[bB][cC]);/g, "µ");
    return Number(size) * (UM[decoded] ?? NaN);
  };
  const x = side("X");
  return x === null ? null : square(x, side("Y") ?? x, "OME PhysicalSizeX");
}

// ImageJ keeps pixels a unit in the resolution and the unit in words.
function imageJUnit(description: string): number {
  if (!description.startsWith("ImageJ=")) return NaN;
  const unit = /^unit=(.*)$/m.exec(description.slice(0, MAX_ELEMENT))?.[1]?.trim() ?? "";
  return UM[unit.replace("\\u00B5", "µ")] ?? NaN;
}

export function resolutionScale(directory: Directory): Scale | null {
  const [x, y] = [directory.fraction(TAG.XResolution), directory.fraction(TAG.YResolution)];
  const unit = directory.number(TAG.ResolutionUnit, 2);
  const imageJ = imageJUnit(directory.text(TAG.ImageDescription));
  const um = unit === 3 ? 1e4 : unit === 2 ? 25400 : imageJ;
  const from = unit === 1 ? "ImageJ unit" : "TIFF XResolution";
  return square(um / x, um / (directory.has(TAG.YResolution) ? y : x), from);
}
