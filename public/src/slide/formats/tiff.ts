// TIFF and BigTIFF, in strips or tiles, with their pyramids: plain, SVS and OME-TIFF. Nothing of the file
// is held but the places of its tiles and the tiles used last.
import { EngineError } from "../../messages.ts";
import type { Pixels, Rectangle, SlideFacts, SlideSource } from "../source.ts";
import { Blocks } from "./tiff/blocks.ts";
import { DirectoryReader } from "./tiff/directory.ts";
import { FileBytes } from "./tiff/file-bytes.ts";
import type { Packing, TiffImage } from "./tiff/image.ts";
import { pictureOf, type Picture } from "./tiff/levels.ts";
import { AHEAD_BLOCKS, AHEAD_BYTES, MAX_REGION_PIXELS } from "./tiff/limits.ts";
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
    signal?.throwIfAborted();
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
    part: Rectangle,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const channels = channelsOf(image);
    const data = new Uint8Array(part.width * part.height * channels);
    const { blockWidth, blockHeight } = image;
    const [left, top] = [Math.floor(part.x / blockWidth), Math.floor(part.y / blockHeight)];
    const across = Math.ceil((part.x + part.width) / blockWidth) - left;
    const count = across * (Math.ceil((part.y + part.height) / blockHeight) - top);
    const ahead = Math.floor(AHEAD_BYTES / (blockWidth * blockHeight * channels));
    const window = Math.max(1, Math.min(AHEAD_BLOCKS, ahead));
    // A browser takes milliseconds to hand over a range of a file, so that some are asked for at once.
    const asked: { column: number; row: number; block: Promise<Uint8Array> }[] = [];
    for (let done = 0, next = 0; done < count && data.length > 0; done += 1) {
      for (; next < Math.min(count, done + window); next += 1) {
        const [column, row] = [left + (next % across), top + Math.floor(next / across)];
        asked.push({ column, row, block: this.#blocks.get(level, image, column, row) });
      }
      const first = asked.shift();
      if (first === undefined) break;
      const block = await first.block;
      signal?.throwIfAborted();
      copyPart(block, first.column * blockWidth, first.row * blockHeight, image, data, part);
    }
    signal?.throwIfAborted();
    return data;
  }
}

// The pixels that a block, whose top left is at left, top, has in common with the part.
function copyPart(
  block: Uint8Array,
  left: number,
  top: number,
  image: TiffImage,
  data: Uint8Array,
  part: Rectangle,
): void {
  const channels = channelsOf(image);
  const [fromX, fromY] = [Math.max(part.x, left), Math.max(part.y, top)];
  const endX = Math.min(part.x + part.width, left + image.blockWidth);
  const endY = Math.min(part.y + part.height, top + image.blockHeight);
  for (let y = fromY; y < endY; y += 1) {
    const start = ((y - top) * image.blockWidth + fromX - left) * channels;
    const row = block.subarray(start, start + (endX - fromX) * channels);
    data.set(row, ((y - part.y) * part.width + fromX - part.x) * channels);
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
