// The bytes of a file by ranges, so that a file of any size is never held: what geotiff and the tiles
// read from.
import type { Problems } from "./problems.ts";

interface Range {
  readonly offset: number;
  readonly length: number;
}

export class FileBytes {
  readonly size: number;
  readonly #blob: Blob;
  readonly #problems: Problems;

  constructor(blob: Blob, problems: Problems) {
    this.size = blob.size;
    this.#blob = blob;
    this.#problems = problems;
  }

  // Exactly these bytes. where: what the file would end in the middle of
  async read(offset: number, length: number, where: string): Promise<Uint8Array<ArrayBuffer>> {
    if (offset + length > this.size) throw this.#problems.truncated(`in the middle of ${where}`);
    return new Uint8Array(await this.#slice(offset, length));
  }

  // The methods below are what geotiff asks of a source; it may ask beyond the end and gets less.
  fetch(ranges: Range[]): Promise<ArrayBuffer[]> {
    return Promise.all(ranges.map(({ offset, length }) => this.#slice(offset, length)));
  }

  async fetchSlice(range: Range): Promise<Range & { data: ArrayBuffer }> {
    return { ...range, data: await this.#slice(range.offset, range.length) };
  }

  get fileSize(): number {
    return this.size;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #slice(offset: number, length: number): Promise<ArrayBuffer> {
    if (!(offset >= 0) || !(length >= 0) || offset > this.size)
      throw this.#problems.corrupt("it refers to bytes that it does not have");
    const bytes = Math.min(length, this.size - offset);
    try {
      return await this.#blob.slice(offset, offset + bytes).arrayBuffer();
    } catch {
      throw this.#problems.unreadable();
    }
  }
}
