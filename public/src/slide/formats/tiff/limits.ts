// What a TIFF may ask for before it is refused. Each has a test on both sides (tests/tiff_hostile.test.ts).

const MEBI = 1024 * 1024;

export const MAX_DIRECTORIES = 1024; // images of one file, reduced ones counted
export const MAX_FIELDS = 512; // of one directory; writers use about 30
// Values of all directories, which is what opening reads; 12 MiB are a million tiles.
export const MAX_FIELD_BYTES = 64 * MEBI;
export const MAX_SIDE = 4 * MEBI; // pixels of one side
export const MAX_BLOCK_BYTES = 64 * MEBI; // one tile or strip, decoded
export const MAX_CACHE_BYTES = 64 * MEBI; // decoded tiles that are kept, of one open file
export const KEPT_TILE_BYTES = 4096; // that the smallest one counts as
export const MAX_REGION_PIXELS = 64 * MEBI; // of one read()

// Tiles that one read() asks for at once: so many, if they decoded have not more bytes.
export const AHEAD_BLOCKS = 8;
export const AHEAD_BYTES = 16 * MEBI;

// Compressed bytes of a tile of so many decoded ones: noise in LZW grows by half.
export const maxPackedBytes = (decoded: number): number => 2 * decoded + 64 * 1024;
