// Small DICOM files of every encoding that is read without codecs.
import {
  BIG_ENDIAN,
  DEFLATED,
  IMPLICIT,
  JPEG_LOSSLESS,
  RLE,
  dicomFile,
  element,
  encapsulated,
  film,
  imageElements,
  losslessJpeg,
  replaced,
  rleFrame,
  wholeSlide,
  without,
} from "./make_dicom.ts";

const SIZE = { rows: 5, columns: 6 };
const WORDS = Array.from({ length: 30 }, (_, i) => 45 * i);
const FILM = film(SIZE, WORDS);

const palette = [0x00281101, 0x00281102, 0x00281103].map((tag) => element(tag, "US", [8, 0, 16]));
const tables = [0x00281201, 0x00281202, 0x00281203].map((tag) =>
  element(tag, "OW", [0, 1, 2, 3, 4, 5, 6, 7]),
);
const places = [0, 1].map((i) => [
  element(0x0048021a, "SQ", [
    [element(0x0048021e, "SL", [1 + 16 * i]), element(0x0048021f, "SL", [1])],
  ]),
]);
const slide = { width: 32, height: 16, tile: 16, spacingMm: "0.0005\\0.0005" };
const tiles = [new Uint8Array(768).fill(7), new Uint8Array(768).fill(9)];
const rleElements = replaced(
  FILM,
  encapsulated([[rleFrame([new Uint8Array(30), new Uint8Array(30)])]], true),
);
const losslessElements = replaced(
  film({ ...SIZE, stored: 12 }, WORDS),
  encapsulated([[losslessJpeg(WORDS, 5, 6, 6)]], false),
);
const voiLut = [
  element(0x00283002, "US", [4, 200, 12]),
  element(0x00283006, "OW", [0, 9, 99, 999]),
];

export const SMALL_FILES: readonly Uint8Array<ArrayBuffer>[] = [
  dicomFile(FILM),
  dicomFile(FILM, { syntax: IMPLICIT, undefinedLengths: true }),
  dicomFile(FILM, { syntax: BIG_ENDIAN }),
  dicomFile(FILM, { syntax: DEFLATED }),
  dicomFile(FILM, { preamble: false }),
  dicomFile([...without(FILM, 0x00281050), element(0x00283010, "SQ", [voiLut])], {
    undefinedLengths: true,
  }),
  dicomFile(rleElements, { syntax: RLE }),
  dicomFile(losslessElements, { syntax: JPEG_LOSSLESS }),
  dicomFile([
    ...imageElements({ ...SIZE, photometric: "PALETTE COLOR", allocated: 8 }),
    ...palette,
    ...tables,
    element(0x7fe00010, "OB", new Uint8Array(30)),
  ]),
  dicomFile(wholeSlide(slide, tiles)),
  dicomFile([
    ...wholeSlide({ ...slide, organization: "TILED_SPARSE" }, tiles),
    element(0x52009230, "SQ", places),
  ]),
];
