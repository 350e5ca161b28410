// What an SR and a Secondary Capture of one source have in common: whose they are, by what they were
// made, what they are made of (PS3.3 C.7.1, C.7.2, C.7.5, C.12).
import type { DicomIdentity } from "../formats/dicom-identity.ts";
import { element, plainText } from "./dicom-writer.ts";
import type { DicomElement } from "./dicom-writer.ts";

export interface ReportModel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

export const DEVICE = "InSitu";
const MAX_LONG_STRING = 64;

export const longString = (text: string) => plainText(text).slice(0, MAX_LONG_STRING);

const two = (value: number) => String(value).padStart(2, "0");

export function dicomDate(when: Date): string {
  return `${String(when.getFullYear()).padStart(4, "0")}${two(when.getMonth() + 1)}${two(when.getDate())}`;
}

export function dicomTime(when: Date): string {
  return `${two(when.getHours())}${two(when.getMinutes())}${two(when.getSeconds())}`;
}

export interface Code {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

export function code(value: string, scheme: string, meaning: string): Code {
  return { value, scheme, meaning };
}

export function codeItem({ value, scheme, meaning }: Code): DicomElement[] {
  return [
    element(0x00080100, "SH", value),
    element(0x00080102, "SH", scheme),
    element(0x00080104, "LO", longString(meaning)),
  ];
}

// Patient and study are the source's own; the series is a new one.
export function patientAndStudy(identity: DicomIdentity): DicomElement[] {
  const { characterSet } = identity;
  return [
    ...(characterSet === "" ? [] : [element(0x00080005, "CS", characterSet)]),
    element(0x00080020, "DA", identity.studyDate),
    element(0x00080030, "TM", identity.studyTime),
    element(0x00080050, "SH", identity.accessionNumber),
    element(0x00080090, "PN", identity.referringPhysician),
    element(0x00100010, "PN", identity.patientName),
    element(0x00100020, "LO", identity.patientId),
    element(0x00100030, "DA", identity.patientBirthDate),
    element(0x00100040, "CS", identity.patientSex),
    element(0x0020000d, "UI", identity.studyInstanceUid),
    element(0x00200010, "SH", identity.studyId),
  ];
}

export function equipment({ version }: ReportModel): DicomElement[] {
  return [
    element(0x00080070, "LO", DEVICE),
    element(0x00081090, "LO", DEVICE),
    element(0x00181000, "LO", "0"),
    element(0x00181020, "LO", longString(version)),
  ];
}

export function sopReference({ sopClassUid, sopInstanceUid }: DicomIdentity): DicomElement[] {
  return [element(0x00081150, "UI", sopClassUid), element(0x00081155, "UI", sopInstanceUid)];
}
