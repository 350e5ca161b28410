// DICOM Part 10 files: films first, then whole-slide images and whatever else holds one picture.
// Nothing that says whose picture it is leaves this part but through identity().
import { EngineError } from "../../messages.ts";
import type { Pixels, Rectangle, SlideFacts, SlideSource } from "../source.ts";
import { blobSource } from "./byte-source.ts";
import type { Attributes } from "./dicom-attributes.ts";
import type { DicomTools } from "./dicom-encapsulated.ts";
import { EncapsulatedReader } from "./dicom-encapsulated.ts";
import { unsupported } from "./dicom-errors.ts";
import { readHeader } from "./dicom-header.ts";
import type { DicomHeader } from "./dicom-header.ts";
import { identityOf } from "./dicom-identity.ts";
import type { DicomIdentity } from "./dicom-identity.ts";
import { openImage } from "./dicom-image.ts";
import type { DicomImage } from "./dicom-image.ts";
import { CACHED_FRAME_BYTES } from "./dicom-limits.ts";
import { scaleOf } from "./dicom-scale.ts";
import { tileGrid } from "./dicom-tiles.ts";
import type { TileGrid } from "./dicom-tiles.ts";
import { LruCache } from "./lru-cache.ts";

export type { DicomIdentity, DicomTools };
export { isDicom } from "./dicom-header.ts";

export interface DicomSource extends SlideSource {
  // What an export to DICOM repeats of the file; for nothing else. Throws where the file does not say.
  identity(): DicomIdentity;
}

export const WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6";
const NOT_SCANNED = 255; // white

export async function openDicom(
  blob: Blob,
  _name: string,
  tools: DicomTools,
): Promise<DicomSource> {
  try {
    return await openHeader(await readHeader(blobSource(blob)), tools);
  } catch (error) {
    throw asEngineError(error);
  }
}

type FrameCache = LruCache<Uint8Array<ArrayBuffer>>; // of frames as they are shown

export function frameCache({ cacheBytes }: DicomTools): FrameCache {
  return new LruCache(cacheBytes ?? CACHED_FRAME_BYTES);
}

// cache: that several files of one slide share; key: the file's, in it.
export async function openHeader(
  header: DicomHeader,
  tools: DicomTools,
  cache = frameCache(tools),
  key = "",
): Promise<DicomSource> {
  refuse(header.attributes);
  const image = await openImage(header, tools);
  const tiles =
    header.attributes.text("x00080016") === WHOLE_SLIDE
      ? tileGrid(header.attributes, image.format)
      : null;
  return new OpenedDicom(image, tiles, cache, key);
}

// What the language throws where memory ends.
export function asEngineError(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  return new EngineError(
    "out_of_memory",
    "The DICOM image does not fit into memory: close other pages, or use a smaller image.",
  );
}

function refuse(attributes: Attributes): void {
  if (attributes.text("x00080068") === "FOR PROCESSING") {
    throw unsupported(
      "This image is FOR PROCESSING: it holds the detector's raw values, which look like no film; " +
        "open the one FOR PRESENTATION of the same view.",
    );
  }
  if (attributes.text("x00080016") !== WHOLE_SLIDE) return;
  if (isBeside(attributes)) {
    throw unsupported(
      "This file holds the label, the overview or a thumbnail of a slide, not its section: " +
        "open the file whose image type (0008,0008) is VOLUME.",
    );
  }
  // Each part is a file of its own, with some of the tiles (PS3.3 C.7.6.16.2.2.4).
  if (attributes.has("x00209161") && attributes.unsigned("x00209163") !== 1) {
    throw unsupported(
      "This file is one part of an image that lies in several (a DICOM concatenation), which InSitu " +
        "does not put together: export the slide with one file a level.",
    );
  }
}

const BESIDE = ["LABEL", "OVERVIEW", "THUMBNAIL", "LOCALIZER"];

// What a scanner keeps of a slide beside its section; what is on the label may be a name.
export function isBeside(attributes: Attributes): boolean {
  return BESIDE.includes(attributes.texts("x00080008")[2] ?? "");
}

function kindOf(attributes: Attributes): SlideFacts["kind"] {
  const modality = attributes.text("x00080060");
  // A phantom's image is no mammogram, whatever made it.
  if (modality === "MG") return attributes.text("x00280300") === "YES" ? null : "mammogram";
  return modality === "SM" ? "histology" : null;
}

function hasOverlay(attributes: Attributes): boolean {
  const groups = Array.from({ length: 16 }, (_, i) => (0x6000 + 2 * i).toString(16));
  return groups.some((group) => attributes.has(`x${group}3000`));
}

function notesOf(image: DicomImage, tiles: TileGrid | null, scaleNote: string | null): string[] {
  const { header, format, rangeNote } = image;
  const { attributes } = header;
  const notes: (string | null)[] = [
    tiles === null && format.frames > 1
      ? `The file has ${format.frames} frames: only the first is read.`
      : null,
    tiles?.note ?? null,
    rangeNote,
    scaleNote,
    attributes.text("x00280301") === "YES"
      ? "The file says that text is burnt into its image, which may name a person."
      : null,
    hasOverlay(attributes) ? "The file has drawings over its image, which are not shown." : null,
  ];
  return notes.filter((note) => note !== null);
}

export function formatOf({ syntax }: DicomHeader, levels = 1): string {
  return `DICOM (${syntax.name}${levels > 1 ? `, ${levels} levels` : ""})`;
}

class OpenedDicom implements DicomSource {
  readonly facts: SlideFacts;
  readonly #image: DicomImage;
  readonly #tiles: TileGrid | null;
  readonly #cache: FrameCache;
  readonly #key: string; // of this file in the cache

  constructor(image: DicomImage, tiles: TileGrid | null, cache: FrameCache, key: string) {
    this.#image = image;
    this.#tiles = tiles;
    this.#cache = cache;
    this.#key = key;
    const { header, format, channels } = image;
    const scale = scaleOf(header.attributes);
    this.facts = {
      format: formatOf(header),
      levels: [
        tiles === null
          ? { width: format.columns, height: format.rows }
          : { width: tiles.width, height: tiles.height },
      ],
      channels,
      umPerPixel: scale.umPerPixel,
      scaleFrom: scale.scaleFrom,
      kind: kindOf(header.attributes),
      sequential: false,
      notes: notesOf(image, tiles, scale.note),
    };
  }

  identity(): DicomIdentity {
    return identityOf(this.#image.header);
  }

  async read(level: number, rectangle: Rectangle, signal?: AbortSignal): Promise<Pixels> {
    const size = this.facts.levels[level];
    if (size === undefined) throw new RangeError(`no level ${level}`);
    const x = Math.max(0, Math.floor(rectangle.x));
    const y = Math.max(0, Math.floor(rectangle.y));
    const width = Math.max(0, Math.min(size.width, Math.ceil(rectangle.x + rectangle.width)) - x);
    const height = Math.max(
      0,
      Math.min(size.height, Math.ceil(rectangle.y + rectangle.height)) - y,
    );
    const { channels } = this.facts;
    const data = new Uint8Array(width * height * channels).fill(NOT_SCANNED);
    const pixels: Pixels = { width, height, channels, data };
    if (width === 0 || height === 0) return pixels;
    try {
      const { columns, rows } = this.#image.format;
      for (let row = Math.floor(y / rows); row * rows < y + height; ++row) {
        for (let column = Math.floor(x / columns); column * columns < x + width; ++column) {
          signal?.throwIfAborted();
          const frame = this.#tiles === null ? 0 : this.#tiles.frameOf(column, row);
          if (frame === null) continue;
          const at = { x: column * columns - x, y: row * rows - y };
          await this.#draw(frame, at, pixels);
        }
      }
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : asEngineError(error);
    }
    return pixels;
  }

  close(): void {
    this.#cache.clear();
    if (this.#image.reader instanceof EncapsulatedReader) this.#image.reader.forget();
  }

  // The part of a frame that lies in pixels. at: the frame's top left there, perhaps negative.
  async #draw(frame: number, at: { x: number; y: number }, pixels: Pixels): Promise<void> {
    const { columns, rows } = this.#image.format;
    const top = Math.max(0, -at.y);
    const bottom = Math.min(rows, pixels.height - at.y);
    const left = Math.max(0, -at.x);
    const right = Math.min(columns, pixels.width - at.x);
    const shown = await this.#shown(frame, top, bottom);
    const { channels } = pixels;
    for (let row = top; row < bottom; ++row) {
      const from = ((row - top) * columns + left) * channels;
      const to = ((at.y + row) * pixels.width + at.x + left) * channels;
      pixels.data.set(shown.subarray(from, from + (right - left) * channels), to);
    }
  }

  // Rows [top, bottom) of a frame.
  async #shown(frame: number, top: number, bottom: number): Promise<Uint8Array> {
    const { reader, show, format } = this.#image;
    if (!(reader instanceof EncapsulatedReader)) {
      return show(await reader.rows(frame, top, bottom - top));
    }
    const pitch = format.columns * this.facts.channels;
    const whole = await this.#cache.get(`${this.#key} ${frame}`, pitch * format.rows, () =>
      this.#decoded(frame),
    );
    return whole.subarray(top * pitch, bottom * pitch);
  }

  async #decoded(frame: number): Promise<Uint8Array<ArrayBuffer>> {
    const { reader, show, format } = this.#image;
    const shown = show(await reader.rows(frame, 0, format.rows));
    if (reader instanceof EncapsulatedReader) reader.forget();
    return shown;
  }
}
