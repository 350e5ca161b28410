// The picture in an opened DICOM file: its frames as stored values and as they are shown.
import { EncapsulatedReader, decodesToRgb } from "./dicom-encapsulated.ts";
import type { DicomTools } from "./dicom-encapsulated.ts";
import { palette, throughPalette, toRgb } from "./dicom-colour.ts";
import { GreyTransform, modality, possibleRange, voi } from "./dicom-grey.ts";
import type { StoredRange, Voi } from "./dicom-grey.ts";
import type { DicomHeader } from "./dicom-header.ts";
import { NativeReader } from "./dicom-native.ts";
import type { FrameReader } from "./dicom-native.ts";
import { pixelFormat } from "./dicom-pixel-format.ts";
import type { PixelFormat } from "./dicom-pixel-format.ts";
import type { SampleArray, Samples } from "./dicom-samples.ts";

const STRIP_VALUES = 4 * 1024 * 1024; // looked at at once for the range of values
const PLAIN_BITS = 8; // shown as they are where the file has no window

export type Show = (samples: Samples) => Uint8Array<ArrayBuffer>;

export interface DicomImage {
  readonly header: DicomHeader;
  readonly format: PixelFormat;
  readonly reader: FrameReader;
  readonly channels: 1 | 3; // as shown
  readonly show: Show;
  readonly voi: Voi | null; // null: colour
  readonly rangeNote: string | null;
}

const WHOLE_RANGE =
  "The file does not say which values to show (no VOI window): its darkest is shown black, its brightest white.";

export async function openImage(header: DicomHeader, tools: DicomTools): Promise<DicomImage> {
  const format = pixelFormat(header.attributes);
  const reader =
    header.syntax.compression === "none"
      ? new NativeReader(header, format)
      : await EncapsulatedReader.open(header, format, tools);
  const common = { header, format, reader };
  const { photometric, samples, signed } = format;
  if (photometric === "PALETTE COLOR") {
    const colours = palette(header.attributes, signed);
    const show: Show = ({ data }) => throughPalette(data, colours);
    return { ...common, channels: 3, show, voi: null, rangeNote: null };
  }
  if (samples === 3) {
    const isRgb = decodesToRgb(header.syntax.compression, format);
    const show: Show = (values) => toRgb(values, format, isRgb);
    return { ...common, channels: 3, show, voi: null, rangeNote: null };
  }
  const of = modality(header.attributes, format);
  const chosen = voi(header.attributes, of.signed);
  const plain = format.bitsStored <= PLAIN_BITS && !of.changes;
  const measure = chosen.kind === "none" && !plain;
  const range = measure
    ? await storedRange(reader, format, paddingOf(header, format))
    : possibleRange(format);
  const grey = new GreyTransform(format, of, chosen, range);
  const show: Show = ({ data }) => grey.apply(data);
  return { ...common, channels: 1, show, voi: chosen, rangeNote: measure ? WHOLE_RANGE : null };
}

// Values that stand for no picture: Pixel Padding Value (0028,0120) to its limit (0028,0121).
function paddingOf({ attributes }: DicomHeader, { signed }: PixelFormat): StoredRange | null {
  const value = (tag: string) => (signed ? attributes.signed(tag) : attributes.unsigned(tag));
  const padding = value("x00280120");
  if (padding === null) return null;
  const limit = value("x00280121") ?? padding;
  return { lowest: Math.min(padding, limit), highest: Math.max(padding, limit) };
}

// Of the first frame, without its padding.
async function storedRange(
  reader: FrameReader,
  format: PixelFormat,
  padding: StoredRange | null,
): Promise<StoredRange> {
  let [lowest, highest] = [Infinity, -Infinity];
  const look = (values: SampleArray) => {
    for (const value of values) {
      if (padding !== null && value >= padding.lowest && value <= padding.highest) continue;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
  };
  const rows = Math.max(1, Math.floor(STRIP_VALUES / format.columns));
  for (let top = 0; top < format.rows; top += rows) {
    look((await reader.rows(0, top, Math.min(rows, format.rows - top))).data);
  }
  return lowest > highest ? possibleRange(format) : { lowest, highest };
}
