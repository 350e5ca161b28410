// How large a pixel is, by the attribute that says so for the modality; never guessed.
import type { Attributes } from "./dicom-attributes.ts";
import { inGroups } from "./dicom-grey.ts";

export interface Scale {
  readonly umPerPixel: number | null;
  readonly scaleFrom: string | null;
  readonly note: string | null;
}

const NONE: Scale = { umPerPixel: null, scaleFrom: null, note: null };

// A projection is measured at the detector, larger than the tissue is.
const PROJECTIONS = new Set(["MG", "CR", "DX", "IO", "PX", "RF", "XA", "RG"]);

const UM_PER_MM = 1000;
const MIN_UM = 0.01;
const MAX_UM = 10_000;
const MOST_UNEQUAL = 0.01; // of rows and columns
const MIN_MAGNIFICATION = 1;
const MAX_MAGNIFICATION = 10;

const PIXEL_SPACING = "Pixel Spacing (0028,0030)";
const IMAGER_SPACING = "Imager Pixel Spacing (0018,1164)";
const SCANNED_SPACING = "Nominal Scanned Pixel Spacing (0018,2010)";
const MAGNIFICATION = "Estimated Radiographic Magnification Factor (0018,1114)";

// One length of both directions, in µm.
function spacing(values: number[], from: string, divisor = 1): Scale {
  if (values.length === 0) return NONE;
  const [rows, columns] = values.map((value) => (value * UM_PER_MM) / divisor);
  const possible = (um: number | undefined): um is number =>
    um !== undefined && um >= MIN_UM && um <= MAX_UM;
  if (values.length !== 2 || !possible(rows) || !possible(columns)) {
    return { ...NONE, note: `The file's ${from} cannot be, so its scale is not known.` };
  }
  if (Math.abs(rows - columns) > MOST_UNEQUAL * Math.max(rows, columns)) {
    return { ...NONE, note: `The file's pixels are not square (${from}), so it has no one scale.` };
  }
  return { umPerPixel: (rows + columns) / 2, scaleFrom: from, note: null };
}

function projection(attributes: Attributes): Scale {
  const calibrated = attributes.text("x00280a02"); // Pixel Spacing Calibration Type
  if (calibrated === "GEOMETRY" || calibrated === "FIDUCIAL") {
    const scale = spacing(attributes.numbers("x00280030"), `${PIXEL_SPACING}, calibrated`);
    if (scale.umPerPixel !== null) return scale;
  }
  const imager = attributes.numbers("x00181164");
  if (imager.length === 0) return spacing(attributes.numbers("x00182010"), SCANNED_SPACING);
  const factor = attributes.number("x00181114");
  if (factor !== null && factor >= MIN_MAGNIFICATION && factor <= MAX_MAGNIFICATION) {
    return spacing(imager, `${IMAGER_SPACING} by ${MAGNIFICATION}`, factor);
  }
  const scale = spacing(imager, IMAGER_SPACING);
  if (scale.umPerPixel === null) return scale;
  return {
    ...scale,
    note: "The scale is that of the detector: the file does not say by how much tissue is magnified.",
  };
}

export function scaleOf(attributes: Attributes): Scale {
  const modality = attributes.text("x00080060");
  if (modality !== null && PROJECTIONS.has(modality)) return projection(attributes);
  const measures = inGroups(attributes, "x00289110", "x00280030");
  const scale = spacing(measures.numbers("x00280030"), PIXEL_SPACING);
  if (scale.umPerPixel !== null || measures.has("x00280030")) return scale;
  return spacing(attributes.numbers("x00182010"), SCANNED_SPACING);
}
