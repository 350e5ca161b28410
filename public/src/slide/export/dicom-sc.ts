// A DICOM Secondary Capture of the map over its image (PS3.3 A.8.1). The notice is burnt into the
// pixels by who drew them, and said in the comments.
import type { DicomIdentity } from "../formats/dicom-identity.ts";
import {
  DEVICE,
  code,
  codeItem,
  dicomDate,
  dicomTime,
  equipment,
  longString,
  patientAndStudy,
  sopReference,
} from "./dicom-modules.ts";
import type { ReportModel } from "./dicom-modules.ts";
import { dicomFile, element, newUid, plainText } from "./dicom-writer.ts";

export interface SecondaryCaptureInput {
  readonly identity: DicomIdentity; // of the source, from its opener
  readonly model: ReportModel;
  readonly notice: string;
  readonly notes: readonly string[];
  readonly when: Date;
  readonly width: number;
  readonly height: number;
  readonly umPerPixel: number | null; // of the picture
}

const SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7";
const MAX_SIDE = 0xffff;
const UM_PER_MM = 1000;
const MAX_COMMENT = 1024; // characters of an LT are more, but nobody reads them

function source(identity: DicomIdentity) {
  const purpose = code("121322", "DCM", "Source image for image processing operation");
  return [...sopReference(identity), element(0x0040a170, "SQ", [codeItem(purpose)])];
}

function spacing(umPerPixel: number | null) {
  if (umPerPixel === null) return [];
  const mm = String(Number((umPerPixel / UM_PER_MM).toPrecision(6)));
  return [element(0x00280030, "DS", `${mm}\\${mm}`)];
}

// rgb: (height, width, 3)
export function secondaryCapture(
  input: SecondaryCaptureInput,
  rgb: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { identity, model, when, width, height, notice, notes } = input;
  if (rgb.length !== 3 * width * height || Math.max(width, height) > MAX_SIDE || rgb.length === 0) {
    throw new RangeError(`${rgb.length} bytes are no picture of ${width} × ${height}`);
  }
  const instance = newUid();
  const sided = identity.laterality === "L" || identity.laterality === "R";
  const derivation = `Map of ${model.name} ${model.version}, SHA-256 ${model.sha256}, over the image`;
  return dicomFile(SECONDARY_CAPTURE, instance, [
    ...patientAndStudy(identity),
    ...equipment(model),
    element(0x00080008, "CS", "DERIVED\\SECONDARY"),
    element(0x00080016, "UI", SECONDARY_CAPTURE),
    element(0x00080018, "UI", instance),
    element(0x00080023, "DA", dicomDate(when)),
    element(0x00080033, "TM", dicomTime(when)),
    element(0x00080060, "CS", "OT"),
    element(0x00080064, "CS", "WSD"),
    element(0x0008103e, "LO", longString(`${DEVICE}: probability map`)),
    element(0x00082111, "ST", plainText(derivation).slice(0, MAX_COMMENT)),
    element(0x00082112, "SQ", [source(identity)]),
    element(0x0020000e, "UI", newUid()),
    element(0x00200011, "IS", "1"),
    element(0x00200013, "IS", "1"),
    element(0x00200020, "CS", identity.orientation),
    element(0x00200060, "CS", sided ? identity.laterality : ""),
    element(0x00204000, "LT", plainText([notice, ...notes].join(" ")).slice(0, MAX_COMMENT)),
    element(0x00280002, "US", [3]),
    element(0x00280004, "CS", "RGB"),
    element(0x00280006, "US", [0]),
    element(0x00280010, "US", [height]),
    element(0x00280011, "US", [width]),
    ...spacing(input.umPerPixel),
    element(0x00280100, "US", [8]),
    element(0x00280101, "US", [8]),
    element(0x00280102, "US", [7]),
    element(0x00280103, "US", [0]),
    element(0x00280301, "CS", "YES"),
    element(0x7fe00010, "OB", rgb),
  ]);
}
