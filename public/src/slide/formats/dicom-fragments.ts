// Where the compressed bytes of each frame lie (PS3.5 annex A.4): by the Extended or the Basic Offset
// Table, or by walking from item to item. Only the heads of items are read.
import type { ByteSource } from "./byte-source.ts";
import { corrupt, tooLarge, truncated, unsupported } from "./dicom-errors.ts";
import type { DicomHeader } from "./dicom-header.ts";
import { MAX_COMPRESSED_FRAME_BYTES, MAX_FRAGMENTS } from "./dicom-limits.ts";

const ITEM = 0xe000fffe;
const SEQUENCE_END = 0xe0ddfffe;
const ITEM_HEAD = 8;
const WINDOW = 64 * 1024; // how much is read to find heads that lie close together

interface Range {
  readonly from: number;
  readonly to: number;
}

interface ItemHead {
  readonly tag: number;
  readonly from: number; // of its bytes
  readonly to: number;
}

// Reads heads of items, several at a time where they are near each other.
class ItemWalker {
  readonly #source: ByteSource;
  #window = new DataView(new ArrayBuffer(0));
  #start = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async head(at: number): Promise<ItemHead> {
    if (at + ITEM_HEAD > this.#source.size) throw truncated();
    if (at < this.#start || at + ITEM_HEAD > this.#start + this.#window.byteLength) {
      const bytes = await this.#source.read(at, Math.min(at + WINDOW, this.#source.size));
      this.#window = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#start = at;
    }
    const tag = this.#window.getUint32(at - this.#start, true);
    const length = this.#window.getUint32(at - this.#start + 4, true);
    const from = at + ITEM_HEAD;
    if (tag === SEQUENCE_END) return { tag, from, to: from };
    if (tag !== ITEM) throw corrupt("its compressed pixels are not in order");
    if (from + length > this.#source.size) throw truncated();
    return { tag, from, to: from + length };
  }

  // The items from one place up to another, or to the end of the sequence.
  async items(at: number, to: number): Promise<Range[]> {
    const found: Range[] = [];
    for (let next = at; next < to;) {
      const head = await this.head(next);
      if (head.tag === SEQUENCE_END) return found;
      if (head.to > to && to !== Infinity) throw corrupt("a frame reaches into the next one");
      if (found.length >= MAX_FRAGMENTS) throw corrupt("its pixels are in too many pieces");
      found.push({ from: head.from, to: head.to });
      next = head.to;
    }
    return found;
  }
}

export class Fragments {
  readonly #source: ByteSource;
  readonly #ranges: (frame: number) => Promise<Range[]>;

  private constructor(source: ByteSource, ranges: (frame: number) => Promise<Range[]>) {
    this.#source = source;
    this.#ranges = ranges;
  }

  static async find(header: DicomHeader, frames: number): Promise<Fragments> {
    const { source, pixels, attributes } = header;
    if (pixels.length !== null) throw corrupt("its compressed pixels are not in fragments");
    const walker = new ItemWalker(source);
    const table = await walker.head(pixels.offset);
    if (table.tag !== ITEM) throw corrupt("it holds no pixels");
    const start = table.to;
    const offsets =
      extendedOffsets(attributes.bytes("x7fe00001"), frames) ??
      (await basicOffsets(source, table, frames));
    if (offsets !== null) return new Fragments(source, byOffsets(walker, start, offsets));
    const items = await walker.items(start, Infinity);
    if (frames === 1) return new Fragments(source, () => Promise.resolve(items));
    if (items.length !== frames) {
      throw unsupported(
        "The DICOM file does not say where its frames begin: export it with a Basic Offset Table.",
      );
    }
    return new Fragments(source, (frame) => Promise.resolve(items.slice(frame, frame + 1)));
  }

  async bytes(frame: number): Promise<Uint8Array<ArrayBuffer>> {
    const ranges = await this.#ranges(frame);
    const start = ranges[0]?.from ?? 0;
    const end = ranges.at(-1)?.to ?? 0;
    if (end - start > MAX_COMPRESSED_FRAME_BYTES) {
      throw tooLarge("A compressed frame of the DICOM file is too large: export it in tiles.");
    }
    const size = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    if (size === 0) throw corrupt("a frame is empty");
    // With the heads between them: there may be very many.
    const block = await this.#source.read(start, end);
    if (size === block.length) return block;
    const whole = new Uint8Array(size);
    let at = 0;
    for (const { from, to } of ranges) {
      whole.set(block.subarray(from - start, to - start), at);
      at += to - from;
    }
    return whole;
  }
}

// Offsets are counted from the first item after the table.
function byOffsets(walker: ItemWalker, start: number, offsets: readonly number[]) {
  return (frame: number) => {
    const [from, to] = [offsets[frame], offsets[frame + 1]];
    if (from === undefined) throw corrupt("it has fewer frames than it says");
    if (to !== undefined && to <= from) throw corrupt("its table of frames is not in order");
    return walker.items(start + from, to === undefined ? Infinity : start + to);
  };
}

async function basicOffsets(source: ByteSource, table: ItemHead, frames: number) {
  const length = table.to - table.from;
  if (length === 0) return null;
  // Four bytes a frame; one that does not fit the frames is as good as none.
  if (length !== 4 * frames) return null;
  const bytes = await source.read(table.from, table.to);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: frames }, (_, frame) => view.getUint32(4 * frame, true));
}

function extendedOffsets(bytes: Uint8Array | null, frames: number): number[] | null {
  if (bytes?.length !== 8 * frames) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: frames }, (_, frame) => {
    const offset = Number(view.getBigUint64(8 * frame, true));
    if (!Number.isSafeInteger(offset)) throw corrupt("its table of frames cannot be");
    return offset;
  });
}
