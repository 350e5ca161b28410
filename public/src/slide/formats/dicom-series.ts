// Several DICOM files that are one slide: the levels of its pyramid, each a file of the same series, and
// what the scanner keeps beside it, which is never shown.
import { EngineError } from "../../messages.ts";
import type { Pixels, Rectangle, SlideFacts } from "../source.ts";
import { blobSource } from "./byte-source.ts";
import { asEngineError, formatOf, frameCache, isBeside, openHeader, WHOLE_SLIDE } from "./dicom.ts";
import type { DicomSource, DicomTools } from "./dicom.ts";
import { corrupt } from "./dicom-errors.ts";
import { readHeader, sopClassOf } from "./dicom-header.ts";
import type { DicomHeader } from "./dicom-header.ts";
import type { DicomIdentity } from "./dicom-identity.ts";
import { scaleOf } from "./dicom-scale.ts";

// A file of a slide, by what its header says.
interface Instance {
  readonly index: number; // among the files that were given
  readonly series: string;
  readonly frame: string; // of reference: where in the series the section lies
  readonly beside: boolean; // the label and the like
  readonly width: number; // pixels of the section, of this level
  readonly height: number;
  readonly umPerPixel: number | null;
  readonly number: number; // in the series
}

const MAX_SHAPE_ERROR = 0.02; // by which a level may differ from the finest in shape or extent
const PIXELS_OF_ROUNDING = 2;

// null: no file of a slide's series.
function instanceOf({ attributes }: DicomHeader, index: number): Instance | null {
  const series = attributes.text("x0020000e");
  const [width, height] = [attributes.long("x00480006") ?? 0, attributes.long("x00480007") ?? 0];
  const beside = isBeside(attributes);
  if (series === null || (!beside && (width === 0 || height === 0))) return null;
  const frame = attributes.text("x00200052") ?? "";
  const { umPerPixel } = scaleOf(attributes);
  const number = attributes.number("x00200013") ?? Infinity;
  return { index, series, frame, beside, width, height, umPerPixel, number };
}

function isClose(value: number, due: number): boolean {
  return Math.abs(value - due) <= Math.max(PIXELS_OF_ROUNDING, MAX_SHAPE_ERROR * due);
}

function isLevelOf(finest: Instance, other: Instance): boolean {
  if (other.frame !== finest.frame) return false;
  const ratio = finest.width / other.width;
  if (!isClose(other.height, finest.height / ratio)) return false;
  if (finest.umPerPixel === null || other.umPerPixel === null) return true;
  return isClose(other.width, (finest.width * finest.umPerPixel) / other.umPerPixel);
}

// The pictures of one series, each its levels, the finest first.
function pyramids(sections: readonly Instance[]): Instance[][] {
  let rest = [...sections].sort(
    (a, b) => b.width - a.width || b.height - a.height || a.number - b.number || a.index - b.index,
  );
  const found: Instance[][] = [];
  for (;;) {
    const [finest] = rest;
    if (finest === undefined) return found;
    found.push(rest.filter((other) => isLevelOf(finest, other)));
    rest = rest.filter((other) => !isLevelOf(finest, other));
  }
}

async function slideInstance(blob: Blob, index: number): Promise<Instance | null> {
  const file = blobSource(blob);
  if ((await sopClassOf(file)) !== WHOLE_SLIDE) return null;
  try {
    return instanceOf(await readHeader(file), index);
  } catch {
    return null; // opened by itself it says what is wrong
  }
}

// Which of the files are one picture: their numbers, the finest level first and what is beside the
// section last. Every number is in one of the lists, which are in the order of the files.
export async function seriesAmong(files: readonly Blob[]): Promise<number[][]> {
  const series = new Map<string, Instance[]>();
  const alone: number[] = [];
  for (const [index, blob] of files.entries()) {
    const instance = await slideInstance(blob, index);
    if (instance === null) alone.push(index);
    else series.set(instance.series, [...(series.get(instance.series) ?? []), instance]);
  }
  const pictures = alone.map((index) => [index]);
  for (const instances of series.values()) {
    const beside = instances.filter((instance) => instance.beside).map(({ index }) => index);
    const sections = pyramids(instances.filter((instance) => !instance.beside));
    const [first, ...others] = sections.map((levels) => levels.map(({ index }) => index));
    if (first === undefined) pictures.push(...beside.map((index) => [index]));
    else pictures.push([...first, ...beside], ...others);
  }
  return pictures.sort((a, b) => Math.min(...a) - Math.min(...b));
}

const LEVEL_TWICE =
  "The series has more than one image of a level (focal planes or optical paths): only the first is read.";

class DicomPyramid implements DicomSource {
  readonly facts: SlideFacts;
  readonly #levels: readonly DicomSource[]; // the finest first

  constructor(format: string, levels: readonly DicomSource[], notes: readonly string[]) {
    this.#levels = levels;
    const finest = this.#finest;
    this.facts = {
      ...finest.facts,
      format,
      levels: levels.flatMap(({ facts }) => facts.levels),
      notes: [...finest.facts.notes, ...notes],
    };
  }

  get #finest(): DicomSource {
    const [finest] = this.#levels;
    if (finest === undefined) throw corrupt("it has no section");
    return finest;
  }

  // Of the finest level.
  identity(): DicomIdentity {
    return this.#finest.identity();
  }

  read(level: number, rectangle: Rectangle, signal?: AbortSignal): Promise<Pixels> {
    const source = this.#levels[level];
    if (source === undefined) return Promise.reject(new RangeError(`no level ${level}`));
    return source.read(0, rectangle, signal);
  }

  close(): void {
    for (const level of this.#levels) level.close();
  }
}

// Files that seriesAmong() put into one list.
export async function openDicomSeries(
  blobs: readonly Blob[],
  tools: DicomTools,
): Promise<DicomSource> {
  try {
    const headers: DicomHeader[] = [];
    for (const blob of blobs) headers.push(await readHeader(blobSource(blob)));
    const sections = headers.filter(({ attributes }) => !isBeside(attributes));
    const [finest] = sections;
    if (finest === undefined) throw corrupt("it has no section");
    const cache = frameCache(tools);
    const levels: DicomSource[] = [];
    let twice = false;
    for (const [index, header] of sections.entries()) {
      const level = await openHeader(header, tools, cache, String(index));
      const [size, before] = [level.facts.levels[0], levels.at(-1)?.facts.levels[0]];
      if (size !== undefined && before !== undefined && size.width >= before.width) twice = true;
      else levels.push(level);
    }
    if (levels.some(({ facts }) => facts.channels !== levels[0]?.facts.channels))
      throw corrupt("its levels are not of one picture: some are grey and some coloured");
    return new DicomPyramid(formatOf(finest, levels.length), levels, twice ? [LEVEL_TWICE] : []);
  } catch (error) {
    throw error instanceof EngineError ? error : asEngineError(error);
  }
}
