// Which images of a TIFF are levels of one picture: those of a scanner, of OME-TIFF or of any pyramid.
import { TAG, type Directory, type DirectoryReader } from "./directory.ts";
import { imageOf, type TiffImage } from "./image.ts";
import type { Problems } from "./problems.ts";
import {
  aperioNumber,
  aperioScale,
  attribute,
  omeScale,
  resolutionScale,
  startTag,
  type Scale,
} from "./scale.ts";

export interface Picture {
  readonly levels: readonly TiffImage[]; // the finest first
  readonly family: "SVS" | "OME-TIFF" | "BigTIFF" | "TIFF";
  readonly magnification: number; // of the objective, NaN where the file does not say
  readonly scale: Scale | null;
  readonly orientation: number;
  readonly notes: readonly string[];
}

const MAX_SHAPE_ERROR = 0.02; // by which a level's width to height may differ from the first's
const PIXELS_OF_ROUNDING = 2;

const isOme = (description: string): boolean =>
  /<(?:\w{1,64}:)?OME[\s>]/.test(description.slice(0, 4096));
const isAperio = (description: string): boolean => description.startsWith("Aperio");

// What a scanner keeps beside the section: what is on the label may be a name, so that none of these
// is ever shown.
const isBeside = (directory: Directory): boolean =>
  /^(?:label|macro|thumbnail)\b/im.test(directory.text(TAG.ImageDescription).slice(0, 4096));

function refuseOthers(directory: Directory, problems: Problems): void {
  if (directory.has(TAG.NdpiFormat))
    throw problems.unsupported("is a Hamamatsu NDPI, which InSitu does not read");
  if (directory.text(TAG.ImageDescription).includes("www.leica-microsystems.com/scn"))
    throw problems.unsupported("is a Leica SCN, which InSitu does not read");
}

const width = (directory: Directory): number => directory.number(TAG.ImageWidth, 0);
const height = (directory: Directory): number => directory.number(TAG.ImageLength, 0);

function isReductionOf(main: Directory, other: Directory): boolean {
  const ratio = width(main) / width(other);
  const expected = height(main) / ratio;
  const isSmaller = width(other) < width(main) && height(other) <= height(main);
  const error = Math.abs(height(other) - expected);
  return isSmaller && error <= Math.max(PIXELS_OF_ROUNDING, MAX_SHAPE_ERROR * expected);
}

const isTiled = (directory: Directory): boolean => directory.has(TAG.TileOffsets);

// The main image first, then each that is smaller than the one before.
function pyramid(main: Directory, others: readonly Directory[]): Directory[] {
  const smaller = others
    .filter((other) => !other.isMask && !isBeside(other) && isReductionOf(main, other))
    .sort((a, b) => width(b) - width(a));
  const levels = [main];
  for (const level of smaller) if (width(level) < width(levels.at(-1) ?? main)) levels.push(level);
  return levels;
}

function scannerLevels(all: readonly Directory[]): Directory[] {
  const sections = all.filter((directory) => !isBeside(directory));
  const tiled = sections.filter(isTiled);
  const [main = sections[0], ...others] = tiled;
  return main === undefined ? [] : pyramid(main, others);
}

// How many planes the XML tells of beside the one that is read.
function omePlanes(xml: string, samples: number): number {
  const pixels = startTag(xml, "Pixels");
  const size = (axis: string): number => Number(attribute(pixels, `Size${axis}`) ?? 1) || 1;
  return Math.round((size("Z") * size("T") * size("C")) / samples);
}

async function omePicture(
  first: Directory,
  reader: DirectoryReader,
): Promise<Pick<Picture, "scale" | "notes"> & { directories: Directory[] }> {
  const xml = first.text(TAG.ImageDescription);
  const planes = omePlanes(xml, first.number(TAG.SamplesPerPixel, 1));
  const notes = planes > 1 ? [`The file holds ${planes} planes; the first is read.`] : [];
  const directories = pyramid(first, await reader.below(first));
  return { directories, scale: omeScale(xml) ?? resolutionScale(first), notes };
}

async function plainPicture(
  all: readonly Directory[],
  reader: DirectoryReader,
): Promise<{ directories: Directory[]; notes: string[] }> {
  const main = all.find((each) => !each.isReduced && !each.isMask) ?? all[0];
  if (main === undefined) return { directories: [], notes: [] };
  const others = all.filter(
    (each) => each !== main && (each.isReduced || (isTiled(each) && isTiled(main))),
  );
  const directories = pyramid(main, [...others, ...(await reader.below(main))]);
  const pages = all.filter(
    (each) => !directories.includes(each) && !each.isReduced && !each.isMask && !isBeside(each),
  ).length;
  const notes = pages > 0 ? [`The file holds ${pages + 1} images; the first is read.`] : [];
  return { directories, notes };
}

export async function pictureOf(reader: DirectoryReader, problems: Problems): Promise<Picture> {
  const all = await reader.all((first) => isOme(first.text(TAG.ImageDescription)));
  const first = all[0] as Directory; // there is one, or all() has thrown
  refuseOthers(first, problems);
  const description = first.text(TAG.ImageDescription);
  const finish = (
    family: Picture["family"],
    directories: readonly Directory[],
    scale: Scale | null,
    notes: readonly string[],
  ): Picture => {
    const levels = directories.map((directory) => imageOf(directory, problems));
    return {
      levels,
      family,
      scale,
      magnification: family === "SVS" ? aperioNumber(description, "AppMag") : NaN,
      orientation: directories[0]?.number(TAG.Orientation, 1) ?? 1,
      notes: [...notes, ...(levels[0]?.notes ?? [])],
    };
  };
  if (isOme(description)) {
    const { directories, scale, notes } = await omePicture(first, reader);
    return finish("OME-TIFF", directories, scale, notes);
  }
  if (isAperio(description)) {
    const scale = aperioScale(description);
    return finish("SVS", scannerLevels(all), scale, []);
  }
  const { directories, notes } = await plainPicture(all, reader);
  const scale = directories[0] === undefined ? null : resolutionScale(directories[0]);
  return finish(reader.bigTiff ? "BigTIFF" : "TIFF", directories, scale, notes);
}
