// What an export to DICOM has to repeat of its source: whose image it is and which. It stays in the
// worker and is handed over only for an export that a person asks for.
import type { Attributes } from "./dicom-attributes.ts";
import { corrupt } from "./dicom-errors.ts";
import type { DicomHeader } from "./dicom-header.ts";

export interface DicomIdentity {
  // Each byte one character, as in the source; characterSet says which they are.
  readonly characterSet: string;
  readonly patientName: string;
  readonly patientId: string;
  readonly patientBirthDate: string;
  readonly patientSex: string;
  readonly studyInstanceUid: string;
  readonly studyDate: string;
  readonly studyTime: string;
  readonly referringPhysician: string;
  readonly studyId: string;
  readonly accessionNumber: string;
  readonly seriesInstanceUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly modality: string;
  readonly laterality: string; // "L", "R", "B" or ""
  readonly orientation: string; // Patient Orientation, "" where not said
  readonly multiFrame: boolean;
}

const UID = /^[0-2](\.(0|[1-9]\d*))+$/;
const MAX_UID = 64;

function uid(attributes: Attributes, tag: string, what: string): string {
  const value = attributes.text(tag);
  if (value === null || value.length > MAX_UID || !UID.test(value)) {
    throw corrupt(`it has no valid ${what}, so nothing can be exported that refers to it`);
  }
  return value;
}

// A value that is not what its VR allows is left out: it would spoil the export.
function matching(attributes: Attributes, tag: string, pattern: RegExp): string {
  const value = attributes.texts(tag).join("\\");
  return pattern.test(value) ? value : "";
}

// eslint-disable-next-line no-control-regex -- control characters are what is kept out
const TEXT = /^[^\x00-\x1a\x1c-\x1f\\]{0,64}$/; // 1b switches character sets
// eslint-disable-next-line no-control-regex
const SHORT_TEXT = /^[^\x00-\x1a\x1c-\x1f\\]{0,16}$/;
// eslint-disable-next-line no-control-regex
const NAME = /^[^\x00-\x1a\x1c-\x1f\\]{0,194}$/;
const DATE = /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;
const TIME = /^([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?$/;

export function identityOf({ attributes }: DicomHeader): DicomIdentity {
  const side = attributes.text("x00200062") ?? attributes.text("x00200060") ?? "";
  return {
    characterSet: matching(attributes, "x00080005", /^[A-Z0-9_ \\]{0,128}$/),
    patientName: matching(attributes, "x00100010", NAME),
    patientId: matching(attributes, "x00100020", TEXT),
    patientBirthDate: matching(attributes, "x00100030", DATE),
    patientSex: matching(attributes, "x00100040", /^[MFO]$/),
    studyInstanceUid: uid(attributes, "x0020000d", "Study Instance UID"),
    studyDate: matching(attributes, "x00080020", DATE),
    studyTime: matching(attributes, "x00080030", TIME),
    referringPhysician: matching(attributes, "x00080090", NAME),
    studyId: matching(attributes, "x00200010", SHORT_TEXT),
    accessionNumber: matching(attributes, "x00080050", SHORT_TEXT),
    seriesInstanceUid: uid(attributes, "x0020000e", "Series Instance UID"),
    sopClassUid: uid(attributes, "x00080016", "SOP Class UID"),
    sopInstanceUid: uid(attributes, "x00080018", "SOP Instance UID"),
    modality: matching(attributes, "x00080060", /^[A-Z]{1,16}$/),
    laterality: /^[LRB]$/.test(side) ? side : "",
    orientation: matching(attributes, "x00200020", /^[A-Z]{1,16}\\[A-Z]{1,16}$/),
    multiFrame: attributes.has("x00280008"),
  };
}
