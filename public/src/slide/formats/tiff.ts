// TIFF and BigTIFF, in strips or tiles, with their pyramids: plain, SVS and OME-TIFF. Nothing of the file
// is held but the places of its tiles and the tiles used last.
import { EngineError } from "../../messages.ts";
import type { Pixels, Rectangle, SlideFacts, SlideSource } from "../source.ts";
import { Blocks } from "./tiff/blocks.ts";
import { DirectoryReader } from "./tiff/directory.ts";
import { FileBytes } from "./tiff/file-bytes.ts";
import type { Packing, TiffImage } from "./tiff/image.ts";
import { pictureOf, type Picture } from "./tiff/levels.ts";
import { MAX_REGION_PIXELS } from "./tiff/limits.ts";
import { channelsOf } from "./tiff/pixels.ts";
import { asProblem, Problems } from "./tiff/problems.ts";
import { isTransposed, storedRectangle, storedSize, turned } from "./tiff/orientation.ts";
import type { TileTools } from "./tools.ts";

const PACKING_NAMES: Readonly<Record<Packing, string>> = {
  none: "uncompressed",
  packbits: "PackBits",
  lzw: "LZW",
  deflate: "Deflate",
  zstd: "ZSTD",
  jpeg: "JPEG",
  jpeg2000: "JPEG 2000",
};

function factsOf(picture: Picture, finest: TiffImage): SlideFacts {
  const how = `${PACKING_NAMES[finest.packing]} ${finest.tiled ? "tiles" : "strips"}`;
  const objective = picture.magnification > 0 ? `, scanned at ${picture.magnification}×` : "";
  return {
    format: `${picture.family} (${how}${objective})`,
    levels: picture.levels.map((level) => storedSize(level, picture.orientation)),
    channels: channelsOf(finest),
    umPerPixel: picture.scale?.umPerPixel ?? null,
    scaleFrom: picture.scale?.from ?? null,
    kind: picture.family === "SVS" ? "histology" : null,
    sequential: false,
    notes: picture.notes,
  };
}

class TiffSource implements SlideSource {
  readonly facts: SlideFacts;
  readonly #picture: Picture;
  readonly #blocks: Blocks;
  readonly #problems: Problems;

  constructor(picture: Picture, finest: TiffImage, blocks: Blocks, problems: Problems) {
    this.facts = factsOf(picture, finest);
    this.#picture = picture;
    this.#blocks = blocks;
    this.#problems = problems;
  }

  async read(level: number, rectangle: Rectangle, signal?: AbortSignal): Promise<Pixels> {
    const image = this.#picture.levels[level];
    const size = this.facts.levels[level];
    if (image === undefined || size === undefined)
      throw new EngineError("invalid_argument", `The picture has no level ${level}.`);
    const part = clipped(rectangle, size.width, size.height);
    if (part.width * part.height > MAX_REGION_PIXELS)
      throw this.#problems.tooLarge(
        `was asked for ${part.width} × ${part.height} pixels at a time, more than are held in memory`,
      );
    const stored = storedRectangle(part, image, this.#picture.orientation);
    const data = await this.#stored(level, image, stored, signal);
    const channels = channelsOf(image);
    return {
      width: part.width,
      height: part.height,
      channels,
      data: turned(data, stored.width, stored.height, channels, this.#picture.orientation),
    };
  }

  close(): void {
    this.#blocks.clear();
  }

  // Of the image as it lies in the file.
  async #stored(
    level: number,
    image: TiffImage,
    { x, y, width, height }: Rectangle,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const channels = channelsOf(image);
    const data = new Uint8Array(width * height * channels);
    if (data.length === 0) return data;
    const { blockWidth, blockHeight } = image;
    const [firstColumn, lastColumn] = [x, x + width - 1].map((at) => Math.floor(at / blockWidth));
    const [firstRow, lastRow] = [y, y + height - 1].map((at) => Math.floor(at / blockHeight));
    for (let row = firstRow ?? 0; row <= (lastRow ?? -1); row += 1) {
      for (let column = firstColumn ?? 0; column <= (lastColumn ?? -1); column += 1) {
        signal?.throwIfAborted();
        const block = await this.#blocks.get(level, image, column, row);
        const [left, top] = [column * blockWidth, row * blockHeight];
        const from = { x: Math.max(x, left), y: Math.max(y, top) };
        const end = {
          x: Math.min(x + width, left + blockWidth),
          y: Math.min(y + height, top + blockHeight),
        };
        for (let line = from.y; line < end.y; line += 1) {
          const start = ((line - top) * blockWidth + from.x - left) * channels;
          const piece = block.subarray(start, start + (end.x - from.x) * channels);
          data.set(piece, ((line - y) * width + from.x - x) * channels);
        }
      }
    }
    signal?.throwIfAborted();
    return data;
  }
}

function clipped({ x, y, width, height }: Rectangle, right: number, bottom: number): Rectangle {
  const between = (value: number, most: number): number => Math.min(most, Math.max(0, value));
  const [left, top] = [between(x, right), between(y, bottom)];
  return {
    x: left,
    y: top,
    width: between(x + width, right) - left,
    height: between(y + height, bottom) - top,
  };
}

export async function openTiff(blob: Blob, name: string, tools: TileTools): Promise<SlideSource> {
  const problems = new Problems(name);
  const file = new FileBytes(blob, problems);
  const damaged = problems.corrupt("its images cannot be told apart");
  const reader = await DirectoryReader.open(file, problems);
  const picture = await asProblem(() => pictureOf(reader, problems), damaged);
  const [finest] = picture.levels;
  if (finest === undefined) throw damaged;
  if (isTransposed(picture.orientation) === null)
    throw problems.corrupt(`it is turned in a way that no TIFF is (${picture.orientation})`);
  if (picture.levels.some((level) => channelsOf(level) !== channelsOf(finest)))
    throw problems.corrupt("its levels are not of one picture: some are grey and some coloured");
  return new TiffSource(
    picture,
    finest,
    new Blocks(file, reader.littleEndian, tools, problems),
    problems,
  );
}
