// A PNG or JPEG of up to 400 megapixels, decoded by strips: its bytes are read by slices, and what
// is held does not grow with the file. The finest level that fits is held in memory; of a finer one
// only the rows that were asked for last.
import { EngineError } from "../../messages.ts";
import type { Band, Codecs, StripDecoder, StripHeader, StripKind } from "../codecs.ts";
import type { Level, Pixels, Rectangle, SlideFacts, SlideSource } from "../source.ts";
import { halved, heldReduction, levelsOf, MAX_ROW_BYTES, type Plane } from "./picture-levels.ts";
import { cut, isTransposed, storedRectangle, turned } from "./picture-orientation.ts";

export interface PictureTools {
  codecs: () => Promise<Codecs>;
}

const SLICE_BYTES = 1024 * 1024;
const FORMAT_NAMES = { png: "PNG", jpeg: "JPEG" } as const;
const UPRIGHT = 1;
const MIRRORED = 2; // left and right changed: its rows are still in order

function kindOf(start: Uint8Array): StripKind {
  const is = (...bytes: number[]) => bytes.every((byte, index) => start[index] === byte);
  if (is(0x89, 0x50, 0x4e, 0x47)) return "png";
  if (is(0xff, 0xd8)) return "jpeg";
  throw new EngineError(
    "image_unknown",
    "This file is neither a PNG nor a JPEG. Save it as one of them and drop it again.",
  );
}

// Feeds a StripDecoder with a file, from its beginning.
class Feed {
  readonly decoder: StripDecoder;
  readonly #blob: Blob;
  readonly #kind: StripKind;
  #first: Band | null = null; // came with the header
  #at = 0;
  #rows = 0;

  constructor(blob: Blob, kind: StripKind, codecs: Codecs, reduce: number) {
    this.#blob = blob;
    this.#kind = kind;
    this.decoder = codecs.stripDecoder(kind, reduce, blob.size);
  }

  // The next band; null where the picture is finished.
  async next(signal?: AbortSignal): Promise<Band | null> {
    for (;;) {
      signal?.throwIfAborted();
      const band = this.#first ?? this.#decode();
      this.#first = null;
      if (band !== null) return band;
      if (this.decoder.finished) return null;
      await this.#readOn();
    }
  }

  async header(): Promise<StripHeader> {
    for (;;) {
      const { header } = this.decoder;
      if (header !== null) return header;
      await this.#readOn();
      this.#first = this.#decode();
    }
  }

  #decode(): Band | null {
    try {
      const band = this.decoder.next();
      this.#rows += band?.rows ?? 0;
      return band;
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== "image_truncated") throw error;
      throw this.#cutOff();
    }
  }

  #cutOff(): EngineError {
    const name = FORMAT_NAMES[this.#kind];
    const height = this.decoder.header?.height;
    const missing =
      height === undefined
        ? "before its first row"
        : this.#rows < height
          ? `after ${Math.floor((100 * this.#rows) / height)} % of its rows`
          : "after its last row, without the end that a complete file has";
    return new EngineError(
      "image_truncated",
      `This ${name} of ${this.#blob.size} bytes is cut off: it ends ${missing}. ` +
        "Copy or save it again and drop it again.",
    );
  }

  async #readOn(): Promise<void> {
    if (this.#at >= this.#blob.size) {
      this.decoder.end();
      return;
    }
    const slice = this.#blob.slice(this.#at, this.#at + SLICE_BYTES);
    let bytes: ArrayBuffer;
    try {
      bytes = await slice.arrayBuffer();
    } catch {
      throw new EngineError(
        "file_unreadable",
        "The browser could not read the file. It may have been moved or changed; drop it again.",
      );
    }
    this.#at += bytes.byteLength;
    this.decoder.push(new Uint8Array(bytes));
  }
}

// Full rows of a level finer than the one that is held, read forward.
interface Window {
  readonly level: number;
  readonly feed: Feed;
  readonly rowBytes: number;
  first: number; // row of the level
  end: number;
  bands: { first: number; end: number; data: Uint8Array<ArrayBuffer> }[];
}

class Picture implements SlideSource {
  readonly facts: SlideFacts;
  readonly #open: (reduce: number) => Feed;
  readonly #planes: Plane[]; // the levels that are held, from #held on
  readonly #held: number;
  readonly #orientation: number;
  readonly #stored: readonly Level[]; // as they are stored, not as they are shown
  #window: Window | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    open: (reduce: number) => Feed,
    kind: StripKind,
    stored: StripHeader,
    plane: Plane,
    orientation: number,
  ) {
    this.#open = open;
    this.#orientation = orientation;
    this.#stored = levelsOf({ width: stored.fullWidth, height: stored.fullHeight });
    this.#held = this.#stored.findIndex(
      ({ width, height }) => width === plane.width && height === plane.height,
    );
    this.#planes = [plane];
    for (let level = this.#held + 1; level < this.#stored.length; level++) {
      this.#planes.push(halved(this.#planes.at(-1) ?? plane));
    }
    const levels = isTransposed(orientation)
      ? this.#stored.map(({ width, height }) => ({ width: height, height: width }))
      : this.#stored;
    this.facts = {
      format: FORMAT_NAMES[kind],
      levels,
      channels: stored.channels,
      // A PNG's pHYs and a JPEG's density say how large it is to be printed, not what tissue a
      // pixel shows: whoever opens the picture is asked.
      umPerPixel: null,
      scaleFrom: null,
      kind: null,
      sequential: this.#held > 0,
      notes: [],
    };
  }

  read(level: number, rectangle: Rectangle, signal?: AbortSignal): Promise<Pixels> {
    const size = this.#stored[level];
    if (size === undefined) return Promise.reject(new RangeError(`there is no level ${level}`));
    const stored = storedRectangle(rectangle, size, this.#orientation);
    const pixels = this.#last.then(async () => {
      signal?.throwIfAborted();
      if (this.#closed) throw new EngineError("cancelled", "The picture was closed.");
      const plane = this.#planes[level - this.#held];
      const part =
        plane !== undefined ? cut(plane, stored) : await this.#readForward(level, stored, signal);
      return turned(part, this.#orientation);
    });
    this.#last = pixels.catch(() => undefined);
    return pixels;
  }

  close(): void {
    this.#closed = true;
    this.#planes.length = 0;
    this.#window = null;
  }

  async #readForward(level: number, wanted: Rectangle, signal?: AbortSignal): Promise<Pixels> {
    const { channels } = this.facts;
    if (wanted.width === 0 || wanted.height === 0) {
      return { width: wanted.width, height: wanted.height, channels, data: new Uint8Array() };
    }
    const width = this.#stored[level]?.width ?? 0;
    const rowBytes = width * channels;
    if (wanted.height * rowBytes > MAX_ROW_BYTES) {
      throw new EngineError(
        "image_too_large",
        `At this resolution ${Math.floor(MAX_ROW_BYTES / rowBytes)} rows can be read at once, ` +
          `not ${wanted.height}. Read it in parts, or at a lower resolution.`,
      );
    }
    const window = this.#windowFor(level, wanted.y, rowBytes);
    window.first = wanted.y;
    window.bands = window.bands.filter(({ end }) => end > wanted.y);
    try {
      while (window.end < wanted.y + wanted.height) {
        const band = await window.feed.next(signal);
        if (band === null) break; // the header promised as many rows as there are
        const [first, end] = [band.firstRow, band.firstRow + band.rows];
        window.end = end;
        if (end > wanted.y) window.bands.push({ first, end, data: band.data.slice() });
      }
    } catch (error) {
      if (!(signal?.aborted ?? false)) this.#window = null;
      throw error;
    }
    return pick(window, wanted, channels);
  }

  // Goes on with the decoder there is, unless the rows have passed.
  #windowFor(level: number, row: number, rowBytes: number): Window {
    const window = this.#window;
    if (window?.level === level && window.first <= row) return window;
    const feed = this.#open(2 ** level);
    this.#window = { level, feed, rowBytes, first: 0, end: 0, bands: [] };
    return this.#window;
  }
}

// The rectangle out of the window's rows.
function pick(window: Window, wanted: Rectangle, channels: 1 | 3): Pixels {
  const { x, y, width, height } = wanted;
  const data = new Uint8Array(width * height * channels);
  for (const band of window.bands) {
    const end = Math.min(band.end, y + height);
    for (let row = Math.max(band.first, y); row < end; row++) {
      const from = (row - band.first) * window.rowBytes + x * channels;
      data.set(band.data.subarray(from, from + width * channels), (row - y) * width * channels);
    }
  }
  return { width, height, channels, data };
}

// All rows at this reduction.
async function readPlane(feed: Feed): Promise<Plane> {
  const { width, height, channels } = await feed.header();
  const data = new Uint8Array(width * height * channels);
  let rows = 0;
  for (;;) {
    const band = await feed.next();
    if (band === null) break;
    data.set(band.data, band.firstRow * width * channels);
    rows = band.firstRow + band.rows;
  }
  if (rows !== height) throw new Error(`the decoder gave ${rows} of ${height} rows`);
  return { width, height, channels, data };
}

// Rejects with an EngineError that says what is wrong with the file, and what to do.
export async function openPicture(
  blob: Blob,
  name: string,
  tools: PictureTools,
): Promise<SlideSource> {
  if (blob.size === 0) {
    throw new EngineError("image_empty", `${name} is empty. Copy it again and drop it again.`);
  }
  const kind = kindOf(new Uint8Array(await blob.slice(0, 8).arrayBuffer()));
  const codecs = await tools.codecs();
  const open = (reduce: number) => new Feed(blob, kind, codecs, reduce);
  const probe = open(1);
  const stored = await probe.header();
  probe.decoder.close();
  const reduce = heldReduction({ width: stored.fullWidth, height: stored.fullHeight });
  const feed = open(reduce);
  const plane = await readPlane(feed);
  const { orientation } = feed.decoder;
  feed.decoder.close();
  if (reduce > 1 && orientation !== UPRIGHT && orientation !== MIRRORED) {
    throw new EngineError(
      "image_too_large",
      `This ${FORMAT_NAMES[kind]} of ${stored.fullWidth} x ${stored.fullHeight} pixels is stored ` +
        "turned, which InSitu reads of smaller pictures only. Turn it in an image editor, save it " +
        "and drop it again.",
    );
  }
  return new Picture(open, kind, stored, plane, orientation);
}
