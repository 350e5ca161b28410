// How much a DICOM file may ask for before it is refused.

export const FIRST_HEADER_BYTES = 256 * 1024; // read at once when a file is opened
export const FIRST_META_BYTES = 4 * 1024; // read of each of many files, to see which are of a slide
export const MAX_META_BYTES = 64 * 1024; // the file meta information at its start
export const MAX_HEADER_BYTES = 64 * 1024 * 1024; // all that precedes the pixels
export const MAX_ELEMENTS = 1_000_000; // attributes and items before the pixels
export const MAX_TEXT_BYTES = 16 * 1024; // of one attribute that is read as text
export const MAX_INFLATED_BYTES = 128 * 1024 * 1024; // of a deflated data set or frame
export const MAX_COMPRESSED_FRAME_BYTES = 128 * 1024 * 1024;
export const MAX_DECODED_FRAME_BYTES = 128 * 1024 * 1024; // of a frame that is decoded as a whole
export const MAX_FRAMES = 1_000_000;
export const MAX_FRAGMENTS = 1_000_000;
export const MAX_LEVEL_SIDE = 1_000_000; // pixels
export const MIN_TILE_SIDE = 16; // pixels, where there is more than one tile
export const CACHED_FRAME_BYTES = 64 * 1024 * 1024; // of decoded frames, as shown
