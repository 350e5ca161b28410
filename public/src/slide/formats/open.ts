// Opens a file by what it is. Runs in a worker without network and DOM.
import { EngineError } from "../../messages.ts";
import type { SlideFiles, SlideSource } from "../source.ts";
import { openDicom } from "./dicom.ts";
import { openDicomSeries } from "./dicom-series.ts";
import { openPicture } from "./picture.ts";
import { isRaster, openRaster } from "./raster.ts";
import { foreignFormat, kindOf, SIGNATURE_BYTES, type Kind } from "./signatures.ts";
import { openTiff } from "./tiff.ts";
import type { Opener, Tools } from "./tools.ts";

const OPENERS: Partial<Record<Kind, Opener>> = {
  tiff: openTiff,
  dicom: openDicom,
  png: openPicture,
  jpeg: openPicture,
};

const READ = "InSitu reads TIFF, BigTIFF, SVS, OME-TIFF, DICOM, PNG, JPEG, BMP, PGM and PPM";

async function headOf(blob: Blob, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.slice(0, SIGNATURE_BYTES).arrayBuffer());
  } catch {
    throw new EngineError(
      "file_unreadable",
      `The browser could not read ${name}; it may have been moved, changed or removed. ` +
        "Choose it again.",
    );
  }
}

// Rejects with an EngineError that says what is wrong with the file and what to do.
export async function openSlide(blob: Blob, name: string, tools: Tools): Promise<SlideSource> {
  if (blob.size === 0)
    throw new EngineError("image_empty", `${name} is empty; copy or export it again.`);
  const head = await headOf(blob, name);
  const foreign = foreignFormat(head, name);
  if (foreign !== null)
    throw new EngineError(
      "image_unsupported",
      `${name} is a ${foreign}, which InSitu does not read. Convert it to a pyramidal TIFF, ` +
        "SVS or OME-TIFF, for instance with QuPath or bfconvert.",
    );
  if (isRaster(head)) return openRaster(blob, name);
  const kind = kindOf(head);
  const open = kind === null ? undefined : OPENERS[kind];
  if (open === undefined)
    throw new EngineError(
      "image_unknown",
      `${name} is of no format that InSitu knows; ${READ}. Export it as one of these.`,
    );
  return open(blob, name, tools);
}

// Of several files those that seriesAmong() found to be one slide.
export async function openFiles(
  [first, ...others]: SlideFiles,
  name: string,
  tools: Tools,
): Promise<SlideSource> {
  return others.length === 0
    ? openSlide(first, name, tools)
    : openDicomSeries([first, ...others], tools);
}
