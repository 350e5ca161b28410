// A DICOM structured report of one analysed image: TID 1500 "Measurement Report" (PS3.16) in a
// Comprehensive SR. Values are of the algorithm alone and unverified, which the report says.
import type { DicomIdentity } from "../formats/dicom-identity.ts";
import {
  DEVICE,
  code,
  codeItem,
  dicomDate,
  dicomTime,
  equipment,
  patientAndStudy,
  sopReference,
} from "./dicom-modules.ts";
import type { Code, ReportModel } from "./dicom-modules.ts";
import { dicomFile, element, newUid, plainText } from "./dicom-writer.ts";
import type { DicomElement } from "./dicom-writer.ts";

export type { ReportModel };

// Areas in mm²; null: not known or not of this kind of image.
export interface ReportSummary {
  readonly umPerPixel: number; // of the model
  readonly threshold: number; // at or above it a cell is positive
  readonly imageArea: number;
  readonly judgedArea: number;
  readonly anywayArea: number; // of that, refused by the gate
  readonly noTissueArea: number;
  readonly refusedArea: number;
  readonly positiveArea: number;
  readonly positiveFraction: {
    readonly value: number;
    readonly low: number;
    readonly high: number;
  };
  // Probabilities from low up to but not at high are no answer. null: the model has no such band.
  readonly uncertain: {
    readonly area: number;
    readonly fraction: number;
    readonly low: number;
    readonly high: number;
  } | null;
  readonly largestFocusArea: number | null;
  readonly score: number | null; // of a film
}

export interface DicomReportInput {
  readonly identity: DicomIdentity; // of the source, from its opener
  readonly model: ReportModel;
  readonly summary: ReportSummary;
  readonly notice: string; // what a person must be told with every result
  readonly notes: readonly string[];
  readonly when: Date;
}

const COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33";
const OWN = "99INSITU"; // codes of our own
const MM2 = code("mm2", "UCUM", "square millimeter");
const RATIO = code("1", "UCUM", "no units");
const MEASURED = code("121112", "DCM", "Source of Measurement");
const UM = code("um", "UCUM", "micrometer");

type Relationship = "CONTAINS" | "HAS OBS CONTEXT" | "HAS CONCEPT MOD" | "INFERRED FROM";

function item(
  relationship: Relationship,
  type: string,
  name: Code,
  content: readonly DicomElement[],
  children: readonly DicomElement[][] = [],
): DicomElement[] {
  return [
    element(0x0040a010, "CS", relationship),
    element(0x0040a040, "CS", type),
    element(0x0040a043, "SQ", [codeItem(name)]),
    ...content,
    ...(children.length === 0 ? [] : [element(0x0040a730, "SQ", children)]),
  ];
}

function text(relationship: Relationship, name: Code, value: string): DicomElement[] {
  return item(relationship, "TEXT", name, [element(0x0040a160, "UT", plainText(value))]);
}

function coded(relationship: Relationship, name: Code, value: Code): DicomElement[] {
  return item(relationship, "CODE", name, [element(0x0040a168, "SQ", [codeItem(value)])]);
}

function uidReference(relationship: Relationship, name: Code, value: string): DicomElement[] {
  return item(relationship, "UIDREF", name, [element(0x0040a124, "UI", value)]);
}

function container(name: Code, children: readonly DicomElement[][]): DicomElement[] {
  return item("CONTAINS", "CONTAINER", name, [element(0x0040a050, "CS", "SEPARATE")], children);
}

function image(
  relationship: Relationship,
  identity: DicomIdentity,
  purpose?: Code,
): DicomElement[] {
  return [
    element(0x0040a010, "CS", relationship),
    element(0x0040a040, "CS", "IMAGE"),
    ...(purpose === undefined ? [] : [element(0x0040a043, "SQ", [codeItem(purpose)])]),
    element(0x00081199, "SQ", [sopReference(identity)]),
  ];
}

const MAX_DECIMAL_STRING = 16;

function decimal(value: number): string {
  const text = String(Number(value.toPrecision(7)));
  return text.length <= MAX_DECIMAL_STRING ? text : value.toExponential(6);
}

interface Measurement {
  readonly name: Code;
  readonly value: number | null;
  readonly unit: Code;
}

function measurement(of: Measurement, identity: DicomIdentity): DicomElement[] {
  if (of.value === null || !Number.isFinite(of.value)) return [];
  const measured = [
    element(0x0040a30a, "DS", decimal(of.value)),
    element(0x004008ea, "SQ", [codeItem(of.unit)]),
  ];
  return item(
    "CONTAINS",
    "NUM",
    of.name,
    [element(0x0040a300, "SQ", [measured])],
    [image("INFERRED FROM", identity, MEASURED)],
  );
}

function measurements(summary: ReportSummary): Measurement[] {
  const own = (value: string, meaning: string) => code(value, OWN, meaning);
  const { low, high, value } = summary.positiveFraction;
  const { uncertain } = summary;
  const open = (of: "area" | "fraction" | "low" | "high") => uncertain?.[of] ?? null;
  return [
    { name: own("IMAGE-AREA", "Area of the image"), value: summary.imageArea, unit: MM2 },
    { name: own("JUDGED-AREA", "Area that was judged"), value: summary.judgedArea, unit: MM2 },
    {
      name: own("ANYWAY-AREA", "Area judged though it was refused"),
      value: summary.anywayArea,
      unit: MM2,
    },
    { name: own("NO-TISSUE-AREA", "Area without tissue"), value: summary.noTissueArea, unit: MM2 },
    {
      name: own("REFUSED-AREA", "Area that cannot be judged"),
      value: summary.refusedArea,
      unit: MM2,
    },
    {
      name: own("POSITIVE-AREA", "Area at or above threshold"),
      value: summary.positiveArea,
      unit: MM2,
    },
    { name: own("FRACTION", "Fraction at or above threshold"), value, unit: RATIO },
    { name: own("FRACTION-LOW", "Fraction, low end of interval"), value: low, unit: RATIO },
    { name: own("FRACTION-HIGH", "Fraction, high end of interval"), value: high, unit: RATIO },
    { name: own("UNCERTAIN-AREA", "Area that is uncertain"), value: open("area"), unit: MM2 },
    {
      name: own("UNCERTAIN-SHARE", "Fraction that is uncertain"),
      value: open("fraction"),
      unit: RATIO,
    },
    { name: own("UNCERTAIN-FROM", "Uncertain from probability"), value: open("low"), unit: RATIO },
    {
      name: own("UNCERTAIN-BELOW", "Uncertain below probability"),
      value: open("high"),
      unit: RATIO,
    },
    {
      name: own("LARGEST-FOCUS", "Area of largest focus"),
      value: summary.largestFocusArea,
      unit: MM2,
    },
    { name: own("FILM-SCORE", "Score of the film"), value: summary.score, unit: RATIO },
    { name: own("THRESHOLD", "Probability threshold"), value: summary.threshold, unit: RATIO },
    { name: own("SCALE", "Side of a pixel at model scale"), value: summary.umPerPixel, unit: UM },
  ];
}

// TID 4019
function algorithm({ name, version, sha256 }: ReportModel): DicomElement[][] {
  return [
    text("HAS CONCEPT MOD", code("111001", "DCM", "Algorithm Name"), name),
    text("HAS CONCEPT MOD", code("111003", "DCM", "Algorithm Version"), version),
    text("HAS CONCEPT MOD", code("111002", "DCM", "Algorithm Parameters"), `SHA-256 ${sha256}`),
  ];
}

// TID 1204, 1002
function context(): DicomElement[][] {
  return [
    coded(
      "HAS CONCEPT MOD",
      code("121049", "DCM", "Language of Content Item and Descendants"),
      code("en", "RFC5646", "English"),
    ),
    coded(
      "HAS OBS CONTEXT",
      code("121005", "DCM", "Observer Type"),
      code("121007", "DCM", "Device"),
    ),
    uidReference("HAS OBS CONTEXT", code("121012", "DCM", "Device Observer UID"), newUid()),
    text("HAS OBS CONTEXT", code("121013", "DCM", "Device Observer Name"), DEVICE),
  ];
}

function procedure(modality: string): DicomElement[] {
  const reported =
    modality === "MG"
      ? code("71651007", "SCT", "Mammography")
      : code("363679005", "SCT", "Imaging procedure");
  return coded("HAS CONCEPT MOD", code("121058", "DCM", "Procedure reported"), reported);
}

// TID 1501
function measurementGroup({ identity, model, summary, notice, notes }: DicomReportInput) {
  const comment = code("121106", "DCM", "Comment");
  return container(code("125007", "DCM", "Measurement Group"), [
    text("HAS OBS CONTEXT", code("112039", "DCM", "Tracking Identifier"), "Whole image"),
    uidReference("HAS OBS CONTEXT", code("112040", "DCM", "Tracking Unique Identifier"), newUid()),
    ...algorithm(model),
    ...measurements(summary)
      .map((one) => measurement(one, identity))
      .filter((one) => one.length > 0),
    ...[notice, ...notes].map((sentence) => text("CONTAINS", comment, sentence)),
  ]);
}

function content(input: DicomReportInput): DicomElement[] {
  const template = [element(0x00080105, "CS", "DCMR"), element(0x0040db00, "CS", "1500")];
  return [
    element(0x0040a040, "CS", "CONTAINER"),
    element(0x0040a043, "SQ", [codeItem(code("126000", "DCM", "Imaging Measurement Report"))]),
    element(0x0040a050, "CS", "SEPARATE"),
    element(0x0040a504, "SQ", [template]),
    element(0x0040a730, "SQ", [
      ...context(),
      procedure(input.identity.modality),
      container(code("111028", "DCM", "Image Library"), [
        container(code("126200", "DCM", "Image Library Group"), [
          image("CONTAINS", input.identity),
        ]),
      ]),
      container(code("126010", "DCM", "Imaging Measurements"), [measurementGroup(input)]),
    ]),
  ];
}

// The one image that the report is about, by its study and series.
function evidence(identity: DicomIdentity): DicomElement[] {
  const series = [
    element(0x00081199, "SQ", [sopReference(identity)]),
    element(0x0020000e, "UI", identity.seriesInstanceUid),
  ];
  return [
    element(0x00081115, "SQ", [series]),
    element(0x0020000d, "UI", identity.studyInstanceUid),
  ];
}

export function dicomReport(input: DicomReportInput): Uint8Array<ArrayBuffer> {
  const { identity, model, when } = input;
  const instance = newUid();
  return dicomFile(COMPREHENSIVE_SR, instance, [
    ...patientAndStudy(identity),
    ...equipment(model),
    element(0x00080016, "UI", COMPREHENSIVE_SR),
    element(0x00080018, "UI", instance),
    element(0x00080023, "DA", dicomDate(when)),
    element(0x00080033, "TM", dicomTime(when)),
    element(0x00080060, "CS", "SR"),
    element(0x00081111, "SQ", []), // Referenced Performed Procedure Step
    element(0x0020000e, "UI", newUid()),
    element(0x00200011, "IS", "1"),
    element(0x00200013, "IS", "1"),
    element(0x0040a372, "SQ", []), // Performed Procedure Code
    element(0x0040a375, "SQ", [evidence(identity)]),
    element(0x0040a491, "CS", "COMPLETE"),
    element(0x0040a493, "CS", "UNVERIFIED"),
    ...content(input),
  ]);
}
