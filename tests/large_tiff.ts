// TIFFs of gigabytes, sparse on the disk, and a Blob of a file that knows its true size.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { longs, makeTiff, pattern, TYPE, type MadeImage } from "./make_tiff.ts";

export const GIGABYTE = 2 ** 30;
export const TILE = 256;
const TILE_BYTES = TILE * TILE * 3;

// pieces: bytes at their places in a file of that size, all else zero
export function writeSparse(path: string, size: number, pieces: [number, Uint8Array][]): void {
  const file = openSync(path, "w");
  ftruncateSync(file, size);
  for (const [at, bytes] of pieces) writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

// A BigTIFF of so many tiles, which lie where places says; they are not in it.
export function tiledAt(across: number, down: number, places: number[]): Uint8Array<ArrayBuffer> {
  const image: MadeImage = {
    width: across * TILE,
    height: down * TILE,
    samples: 3,
    sample: pattern,
    tile: [TILE, TILE],
    packed: () => Uint8Array.of(0),
    fields: [
      { tag: 324, type: TYPE.long8, values: places },
      longs(325, ...places.map(() => TILE_BYTES)),
    ],
  };
  return makeTiff([image], { big: true });
}

function tileBytes(column: number, row: number): Uint8Array {
  return Uint8Array.from({ length: TILE_BYTES }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % TILE, Math.floor(i / 3 / TILE)];
    return pattern(column * TILE + x, row * TILE + y, i % 3);
  });
}

export const FAR_TILES = 3; // across and down

// 9 GB: the pattern in tiles from 4.5 GB on, and its directory at 8.5 GB
export function writeFarTiff(path: string): void {
  const places = Array.from({ length: FAR_TILES * FAR_TILES }, (_, i) =>
    Math.floor((4.5 + i * 0.4) * GIGABYTE),
  );
  const file = tiledAt(FAR_TILES, FAR_TILES, places);
  const view = new DataView(file.buffer);
  const directory = Number(view.getBigUint64(8, true));
  view.setBigUint64(8, BigInt(8.5 * GIGABYTE), true);
  writeSparse(path, 9 * GIGABYTE, [
    [0, file],
    [8.5 * GIGABYTE, file.subarray(directory)],
    ...places.map((at, i): [number, Uint8Array] => {
      return [at, tileBytes(i % FAR_TILES, Math.floor(i / FAR_TILES))];
    }),
  ]);
}

interface Read {
  bytes: number; // so far
}

class FileRange {
  readonly size: number;
  readonly #file: number;
  readonly #read: Read;
  readonly #start: number;

  constructor(file: number, read: Read, start: number, end: number) {
    this.size = Math.max(0, end - start);
    this.#file = file;
    this.#read = read;
    this.#start = start;
  }

  slice(from = 0, to = this.size): FileRange {
    const at = (place: number): number => this.#start + Math.min(this.size, place);
    return new FileRange(this.#file, this.#read, at(from), at(to));
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(this.size);
    this.#read.bytes += this.size;
    const read = readSync(this.#file, bytes, 0, this.size, this.#start);
    return read === this.size
      ? Promise.resolve(bytes.buffer)
      : Promise.reject(new Error(`${read} of ${this.size} bytes`));
  }
}

// As a browser's File, read by ranges; node's own openAsBlob cuts the size of a file at 32 bits.
export function fileBlob(path: string): { blob: Blob; read: Read; close: () => void } {
  const file = openSync(path, "r");
  const read = { bytes: 0 };
  const range = new FileRange(file, read, 0, fstatSync(file).size);
  return { blob: range as unknown as Blob, read, close: () => closeSync(file) };
}
