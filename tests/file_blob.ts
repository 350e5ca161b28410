// A file of the disk as a browser's File: read by ranges. node's own openAsBlob cuts the size of a file
// at 32 bits.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

class FileRange {
  readonly size: number;
  readonly #file: number;
  readonly #start: number;

  constructor(file: number, start: number, end: number) {
    this.size = Math.max(0, end - start);
    this.#file = file;
    this.#start = start;
  }

  slice(from = 0, to = this.size): FileRange {
    const at = (place: number): number => this.#start + Math.min(this.size, place);
    return new FileRange(this.#file, at(from), at(to));
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(this.size);
    const read = readSync(this.#file, bytes, 0, this.size, this.#start);
    return read === this.size
      ? Promise.resolve(bytes.buffer)
      : Promise.reject(new Error(`${read} of ${this.size} bytes`));
  }
}

export function fileBlob(path: string): { blob: Blob; close: () => void } {
  const file = openSync(path, "r");
  const range = new FileRange(file, 0, fstatSync(file).size);
  return { blob: range as unknown as Blob, close: () => closeSync(file) };
}
