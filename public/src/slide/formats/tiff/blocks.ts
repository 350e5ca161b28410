// Tiles and strips, decoded; the last ones are kept, up to a limit.
import type { Raster } from "../../codecs.ts";
import { LruCache } from "../lru-cache.ts";
import type { TileCodecs, TileTools } from "../tools.ts";
import { UnpackError, unpackBits, unpackDeflate, unpackLzw, unpackZstd } from "./codecs.ts";
import type { FileBytes } from "./file-bytes.ts";
import { jpeg2000Size, jpegSize, type FrameSize } from "./frame-size.ts";
import type { TiffImage } from "./image.ts";
import { KEPT_TILE_BYTES, MAX_CACHE_BYTES, maxPackedBytes } from "./limits.ts";
import {
  channelsOf,
  dataUnitsBytes,
  fromDataUnits,
  interleaved,
  paint,
  rgbOfYcbcr,
  samplesOf,
  undoPrediction,
  type Samples,
} from "./pixels.ts";
import type { Problems } from "./problems.ts";

// data: (rows, blockWidth, 1 or 3)
type Block = Uint8Array;

const WHITE = 255;

export class Blocks {
  readonly #file: FileBytes;
  readonly #littleEndian: boolean;
  readonly #tools: TileTools;
  readonly #problems: Problems;
  readonly #kept: LruCache<Block>;

  constructor(file: FileBytes, littleEndian: boolean, tools: TileTools, problems: Problems) {
    this.#file = file;
    this.#littleEndian = littleEndian;
    this.#tools = tools;
    this.#problems = problems;
    this.#kept = new LruCache(tools.cacheBytes ?? MAX_CACHE_BYTES);
  }

  // level: tells the images of a file apart
  get(level: number, image: TiffImage, column: number, row: number): Promise<Block> {
    const size = rowsOf(image, row) * image.blockWidth * channelsOf(image);
    return this.#kept.get(`${level} ${column} ${row}`, Math.max(KEPT_TILE_BYTES, size), () =>
      this.#decode(image, column, row),
    );
  }

  clear(): void {
    this.#kept.clear();
  }

  async #decode(image: TiffImage, column: number, row: number): Promise<Block> {
    const rows = rowsOf(image, row);
    const planes: Samples[] = [];
    const wanted = image.planes === 1 ? 1 : planesNeeded(image);
    const channels = image.planes === 1 ? image.samples : wanted;
    for (let plane = 0; plane < wanted; plane += 1) {
      const index = (plane * image.down + row) * image.across + column;
      const packed = await this.#packed(image, index, rows);
      if (packed === null)
        return new Uint8Array(rows * image.blockWidth * channelsOf(image)).fill(WHITE);
      const isFrame = image.packing === "jpeg" || image.packing === "jpeg2000";
      if (isFrame) {
        planes.push(await this.#frame(image, packed, rows));
      } else {
        planes.push(await this.#unpacked(image, packed, rows));
      }
    }
    return paint(image, interleaved(planes), channels);
  }

  // null: the file leaves this tile out, as scanners do where there is only glass
  async #packed(image: TiffImage, index: number, rows: number): Promise<Uint8Array | null> {
    const { offset, bytes } = image.place(index);
    if (bytes === 0) return null;
    const most = maxPackedBytes(bytesOf(image, rows));
    if (bytes > Math.max(most, maxPackedBytes(bytesOf(image, image.blockHeight))))
      throw this.#problems.corrupt(
        `${pieceOf(image)} says it has ${bytes} bytes, more than it can`,
      );
    const size = image.packing === "none" ? bytesOf(image, rows) : bytes; // the rest is of no use
    return this.#file.read(offset, Math.min(bytes, size), pieceOf(image));
  }

  async #unpacked(image: TiffImage, packed: Uint8Array, rows: number): Promise<Samples> {
    const unpacked = await this.#exactly(image, packed, rows);
    const channels = image.planes === 1 ? image.samples : 1;
    if (image.colour === "ycbcr") {
      const pixels = fromDataUnits(unpacked, image.blockWidth, rows, image.subsampling);
      rgbOfYcbcr(pixels, 3);
      return pixels;
    }
    const samples = samplesOf(unpacked, image.bits, this.#littleEndian);
    if (image.predictor === 2) undoPrediction(samples, image.blockWidth, channels);
    return samples;
  }

  async #exactly(image: TiffImage, packed: Uint8Array, rows: number): Promise<Uint8Array> {
    const size = bytesOf(image, rows);
    try {
      return await unpack(image, packed, size, this.#tools);
    } catch (error) {
      if (!(error instanceof UnpackError)) throw error;
      const whole = bytesOf(image, image.blockHeight);
      // Some writers fill the last strip up.
      if (whole > size) {
        const full = await unpack(image, packed, whole, this.#tools).catch(() => null);
        if (full !== null) return full.subarray(0, size);
      }
      throw this.#problems.corrupt(`${pieceOf(image)} ${error.message}`);
    }
  }

  async #frame(image: TiffImage, packed: Uint8Array, rows: number): Promise<Samples> {
    const said = image.packing === "jpeg" ? jpegSize(packed) : jpeg2000Size(packed);
    this.#checkFrame(image, said, rows);
    const raster = decodeFrame(await this.#tools.codecs(), image, packed);
    this.#checkFrame(image, raster, rows);
    const needed = image.planes === 1 ? image.samples : 1;
    if (raster.channels !== needed || raster.signed || raster.bits > 16)
      throw this.#problems.corrupt(
        `${pieceOf(image)} has ${raster.channels} samples a pixel where it has to have ${needed}`,
      );
    const samples = cropped(raster, image, rows);
    if (samples instanceof Uint8Array && isYcbcr(image, raster) && raster.channels >= 3)
      rgbOfYcbcr(samples, raster.channels);
    return samples;
  }

  #checkFrame(image: TiffImage, size: FrameSize | null, rows: number): void {
    if (size === null) throw this.#problems.corrupt(`${pieceOf(image)} cannot be unpacked`);
    const isRight =
      size.width >= image.blockWidth &&
      size.height >= rows &&
      size.width <= image.blockWidth + FRAME_SLACK &&
      size.height <= image.blockHeight + FRAME_SLACK;
    if (!isRight)
      throw this.#problems.corrupt(
        `${pieceOf(image)} is ${size.width} × ${size.height} pixels where it has to be ` +
          `${image.blockWidth} × ${rows}`,
      );
  }
}

const FRAME_SLACK = 64; // pixels by which a writer may fill a JPEG up

const pieceOf = (image: TiffImage): string =>
  image.tiled ? "one of its tiles" : "one of its strips";

// Only the colours, and the alpha behind them.
function planesNeeded(image: TiffImage): number {
  const colours = image.palette === null ? channelsOf(image) : 1;
  return image.alpha === "none" ? colours : colours + 1;
}

function rowsOf(image: TiffImage, row: number): number {
  return image.tiled
    ? image.blockHeight
    : Math.min(image.blockHeight, image.height - row * image.blockHeight);
}

// One block of one plane, unpacked.
function bytesOf(image: TiffImage, rows: number): number {
  const isFrame = image.packing === "jpeg" || image.packing === "jpeg2000";
  if (image.colour === "ycbcr" && !isFrame)
    return dataUnitsBytes(image.blockWidth, rows, ...image.subsampling);
  const channels = image.planes === 1 ? image.samples : 1;
  return image.blockWidth * rows * channels * (image.bits / 8);
}

async function unpack(
  image: TiffImage,
  packed: Uint8Array,
  size: number,
  tools: TileTools,
): Promise<Uint8Array> {
  switch (image.packing) {
    case "packbits":
      return unpackBits(packed, size);
    case "lzw":
      return unpackLzw(packed, size);
    case "deflate":
      return unpackDeflate(packed, size, await tools.codecs());
    case "zstd":
      return unpackZstd(packed, size);
    default:
      if (packed.length < size) throw new UnpackError("is shorter than its size");
      return packed.subarray(0, size);
  }
}

// 33003 is Aperio's number for a codestream whose components are Y, Cb and Cr; other files say so in
// the boxes around it.
const isYcbcr = (image: TiffImage, raster: Raster): boolean =>
  image.packing === "jpeg2000" && (image.compression === 33003 || raster.colour === "ycbcr");

function decodeFrame(codecs: TileCodecs, image: TiffImage, packed: Uint8Array): Raster {
  if (image.packing === "jpeg2000") return codecs.jpeg2000(packed, {});
  const colour = image.colour === "ycbcr" ? "ycbcr" : image.colour === "rgb" ? "rgb" : "grey";
  return codecs.jpeg(packed, {
    colour: image.planes > 1 ? "grey" : colour,
    ...(image.jpegTables === null ? {} : { tables: image.jpegTables }),
  });
}

// The part that lies in the block. 12 bits and the like fill 16 unless the file states their range.
function cropped(raster: Raster, image: TiffImage, rows: number): Samples {
  const data = raster.data as Samples;
  const [row, from] = [image.blockWidth * raster.channels, raster.width * raster.channels];
  const out = data instanceof Uint8Array ? new Uint8Array(row * rows) : new Uint16Array(row * rows);
  const shift = raster.bits > 8 && image.range === null ? 16 - raster.bits : 0;
  for (let y = 0; y < rows; y += 1) out.set(data.subarray(y * from, y * from + row), y * row);
  if (shift > 0) for (let i = 0; i < out.length; i += 1) out[i] = (out[i] ?? 0) << shift;
  return out;
}
