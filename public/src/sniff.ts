// Which part of the page reads a file, by its content: a patch goes to the engine as it is, anything
// larger, and what only the slide part opens, to a scan. A few bytes are read, never the pixels.

// A patch may be larger than the model's input by this factor; it is then scaled, and the answer says
// so. Beyond it an image is scanned at its own scale, never squeezed or cut.
export const PATCH_ALLOWANCE = 1.28;

export interface Sides {
  width: number; // pixels
  height: number;
}

export type Sniffed = { format: "tiff" | "dicom" | "unknown" } | ({ format: "picture" } & Sides);

const HEAD_BYTES = 512;

// Segments of a JPEG are skipped by their lengths; more of them before the size is no photograph.
const MAX_JPEG_SEGMENTS = 1_000;

async function bytesOf(file: Blob, from: number, count: number): Promise<DataView<ArrayBuffer>> {
  return new DataView(await file.slice(from, from + count).arrayBuffer());
}

function startsWith(head: DataView, at: number, text: string): boolean {
  if (head.byteLength < at + text.length) return false;
  return Array.from(text).every((c, index) => head.getUint8(at + index) === c.charCodeAt(0));
}

function pngSides(head: DataView): Sides | null {
  if (!startsWith(head, 0, "\x89PNG\r\n\x1a\n") || head.byteLength < 24) return null;
  return { width: head.getUint32(16), height: head.getUint32(20) };
}

const BITMAP_CORE_HEADER = 12; // bytes: the oldest kind, with sides of 16 bits

function bmpSides(head: DataView): Sides | null {
  if (!startsWith(head, 0, "BM") || head.byteLength < 26) return null;
  if (head.getUint32(14, true) === BITMAP_CORE_HEADER)
    return { width: head.getUint16(18, true), height: head.getUint16(20, true) };
  const [width, height] = [head.getInt32(18, true), head.getInt32(22, true)];
  return { width: Math.abs(width), height: Math.abs(height) }; // negative: rows from the top
}

// The numbers of a PNM header, with comments among them.
export function pnmNumbers(
  head: DataView,
  wanted: number,
): { numbers: number[]; end: number } | null {
  if (!startsWith(head, 0, "P")) return null;
  const text = String.fromCharCode(...new Uint8Array(head.buffer, 0, head.byteLength));
  const header = /^P[2356](?:(?:\s|#[^\n]*\n)+(\d{1,9})){2,3}/.exec(text);
  if (header === null) return null;
  const numbers: number[] = [];
  const next = /(?:\s|#[^\n]*\n)+(\d{1,9})/y;
  next.lastIndex = 2;
  while (numbers.length < wanted) {
    const found = next.exec(text);
    if (found === null) return null;
    numbers.push(Number(found[1]));
  }
  return { numbers, end: next.lastIndex };
}

function pnmSides(head: DataView): Sides | null {
  const [width, height] = pnmNumbers(head, 2)?.numbers ?? [];
  return width === undefined || height === undefined ? null : { width, height };
}

// Frame headers: all of C0 to CF but tables (C4, C8, CC).
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

async function jpegSides(file: Blob, head: DataView): Promise<Sides | null> {
  if (head.byteLength < 4 || head.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  for (let segment = 0; segment < MAX_JPEG_SEGMENTS; segment++) {
    const view = await bytesOf(file, at, 9);
    if (view.byteLength < 9 || view.getUint8(0) !== 0xff) return null;
    const marker = view.getUint8(1);
    if (marker === 0xff) {
      at += 1; // fill
      continue;
    }
    if (isFrame(marker)) return { height: view.getUint16(5), width: view.getUint16(7) };
    if (marker === 0xda || marker === 0xd9) return null;
    at += 2 + view.getUint16(2);
  }
  return null;
}

function isTiff(head: DataView): boolean {
  return ["II*\0", "MM\0*", "II+\0", "MM\0+"].some((magic) => startsWith(head, 0, magic));
}

// Endings of names, as index.html lists them too.
const DICOM_ENDING = /\.(dcm|dicom)$/i;
const OTHER_ENDING = /\.(png|jpe?g|bmp|pgm|ppm|pnm|tiff?|svs|btf|tf8)$/i;

export function hasImageName(name: string): boolean {
  return OTHER_ENDING.test(name) || DICOM_ENDING.test(name);
}

// Files of DICOM often have no ending, or any; those of other images that have theirs are not looked at.
export function maybeDicom(name: string): boolean {
  return !OTHER_ENDING.test(name);
}

export async function sniff(file: Blob): Promise<Sniffed> {
  const head = await bytesOf(file, 0, HEAD_BYTES);
  if (isTiff(head)) return { format: "tiff" };
  if (startsWith(head, 128, "DICM")) return { format: "dicom" };
  const sides = pngSides(head) ?? bmpSides(head) ?? pnmSides(head) ?? (await jpegSides(file, head));
  return sides === null ? { format: "unknown" } : { format: "picture", ...sides };
}

// patchSide: of the model's input. What cannot be read is left to the engine, which says why.
export async function isForSlides(file: Blob, patchSide: number): Promise<boolean> {
  const found = await sniff(file).catch(() => null);
  if (found === null || found.format === "unknown") return false;
  if (found.format !== "picture") return true;
  return Math.max(found.width, found.height) > patchSide * PATCH_ALLOWANCE;
}
