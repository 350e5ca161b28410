// The directories of a TIFF (its images, each a list of fields) as geotiff reads them, behind checks
// that geotiff does not make: it would take the memory that a field says it needs before looking
// whether the file has it, and follow a circle of directories for ever.
import { GeoTIFF } from "geotiff";
import type { FileBytes } from "./file-bytes.ts";
import { MAX_DIRECTORIES, MAX_FIELD_BYTES, MAX_FIELDS } from "./limits.ts";
import { asProblem, type Problems } from "./problems.ts";

export const TAG = {
  NewSubfileType: 254,
  ImageWidth: 256,
  ImageLength: 257,
  BitsPerSample: 258,
  Compression: 259,
  Photometric: 262,
  FillOrder: 266,
  ImageDescription: 270,
  StripOffsets: 273,
  Orientation: 274,
  SamplesPerPixel: 277,
  RowsPerStrip: 278,
  StripByteCounts: 279,
  MinSampleValue: 280,
  MaxSampleValue: 281,
  XResolution: 282,
  YResolution: 283,
  PlanarConfiguration: 284,
  ResolutionUnit: 296,
  Predictor: 317,
  ColorMap: 320,
  TileWidth: 322,
  TileLength: 323,
  TileOffsets: 324,
  TileByteCounts: 325,
  SubIFDs: 330,
  ExtraSamples: 338,
  SampleFormat: 339,
  SMinSampleValue: 340,
  SMaxSampleValue: 341,
  JPEGTables: 347,
  YCbCrSubSampling: 530,
  NdpiFormat: 65420,
} as const;

// Bytes of a value by the type of its field; those of BigTIFF included.
const TYPE_BYTES: Readonly<Record<number, number>> = {
  ...{ 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4 },
  ...{ 16: 8, 17: 8, 18: 8 },
};

// One image's fields. Everything is a copy of what the file says; nothing is checked yet.
export class Directory {
  readonly offset: number;
  readonly #value: (tag: number) => unknown;

  constructor(offset: number, value: (tag: number) => unknown) {
    this.offset = offset;
    this.#value = value;
  }

  has(tag: number): boolean {
    return this.#value(tag) !== undefined;
  }

  // All values of a numeric field; of a fraction its parts. None: the field is not there.
  numbers(tag: number): ArrayLike<number> {
    const value = this.#value(tag);
    if (typeof value === "number") return [value];
    return Array.isArray(value) || ArrayBuffer.isView(value)
      ? (value as unknown as ArrayLike<number>)
      : [];
  }

  // The first value; otherwise where the field is not there.
  number(tag: number, otherwise: number): number {
    return this.numbers(tag)[0] ?? otherwise;
  }

  // NaN where there is none, or nothing to divide by.
  fraction(tag: number): number {
    const [above, below] = [this.numbers(tag)[0], this.numbers(tag)[1]];
    if (above === undefined) return NaN;
    return below === undefined ? above : above / below;
  }

  text(tag: number): string {
    const value = this.#value(tag);
    return typeof value === "string" ? value.replace(/\0+$/, "") : "";
  }

  get isReduced(): boolean {
    return (this.number(TAG.NewSubfileType, 0) & 1) !== 0;
  }

  get isMask(): boolean {
    return (this.number(TAG.NewSubfileType, 0) & 4) !== 0;
  }
}

export class DirectoryReader {
  readonly littleEndian: boolean;
  readonly bigTiff: boolean;
  readonly #tiff: GeoTIFF;
  readonly #file: FileBytes;
  readonly #problems: Problems;
  readonly #seen = new Set<number>();
  #fieldBytes = 0; // of the directories so far

  static async open(file: FileBytes, problems: Problems): Promise<DirectoryReader> {
    const damaged = problems.corrupt("its first bytes are not those of a TIFF");
    if (file.size < 16) throw problems.truncated("within its first bytes");
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- geotiff keeps its class to itself and asks for no more than these methods
    const tiff = await asProblem(() => GeoTIFF.fromSource(file), damaged);
    return new DirectoryReader(tiff, file, problems);
  }

  private constructor(tiff: GeoTIFF, file: FileBytes, problems: Problems) {
    this.littleEndian = tiff.littleEndian;
    this.bigTiff = tiff.bigTiff;
    this.#tiff = tiff;
    this.#file = file;
    this.#problems = problems;
    // All of a directory at once: what geotiff leaves for later it reads as little-endian always.
    tiff.parser.eager = true;
  }

  // The images of the file in order, without those below others, until enough says so.
  async all(enough: (first: Directory) => boolean): Promise<Directory[]> {
    const directories: Directory[] = [];
    let offset = this.#tiff.firstIFDOffset;
    while (offset !== 0) {
      const { directory, next } = await this.#at(offset);
      directories.push(directory);
      if (directories.length === 1 && enough(directory)) break;
      offset = next;
    }
    if (directories.length === 0) throw this.#problems.corrupt("it holds no image");
    return directories;
  }

  // The images below another.
  async below(directory: Directory): Promise<Directory[]> {
    const directories: Directory[] = [];
    for (const offset of Array.from(directory.numbers(TAG.SubIFDs)))
      directories.push((await this.#at(offset)).directory);
    return directories;
  }

  async #at(offset: number): Promise<{ directory: Directory; next: number }> {
    if (this.#seen.has(offset)) throw this.#problems.corrupt("its images point in a circle");
    if (this.#seen.size >= MAX_DIRECTORIES)
      throw this.#problems.tooLarge(
        `holds more than ${MAX_DIRECTORIES} images, and InSitu looks at one section at a time`,
      );
    this.#seen.add(offset);
    await this.#check(offset);
    const fields = await asProblem(
      () => this.#tiff.parser.parseFileDirectoryAt(offset),
      this.#problems.corrupt("the description of an image cannot be read"),
    );
    const directory = new Directory(offset, (tag) => fields.getValue(tag as never));
    return { directory, next: fields.nextIFDByteOffset };
  }

  // Throws unless the directory and all values of its fields lie in the file, within the limits.
  async #check(offset: number): Promise<void> {
    const [head, entry, word] = this.bigTiff ? [8, 20, 8] : [2, 12, 4];
    const where = "the description of an image";
    const start = view(await this.#file.read(offset, head, where));
    const fields = this.bigTiff ? this.#wide(start, 0) : start.getUint16(0, this.littleEndian);
    if (fields === 0 || fields > MAX_FIELDS)
      throw this.#problems.corrupt(`the description of an image has ${fields} fields`);
    const length = fields * entry;
    const entries = view(await this.#file.read(offset + head, length + word, where));
    for (let at = 0; at < length; at += entry) {
      const bytes = TYPE_BYTES[entries.getUint16(at + 2, this.littleEndian)];
      if (bytes === undefined)
        throw this.#problems.corrupt("the description of an image has a field of no known type");
      const value = at + 4 + word;
      const size = bytes * this.#word(entries, at + 4);
      this.#fieldBytes += size;
      if (this.#fieldBytes > MAX_FIELD_BYTES)
        throw this.#problems.tooLarge("describes its images in more bytes than InSitu reads");
      if (size > word && this.#word(entries, value) + size > this.#file.size)
        throw this.#problems.truncated(`before the end of ${where}`);
    }
    const next = this.#word(entries, length);
    if (next > this.#file.size) throw this.#problems.truncated("before its last image");
  }

  #word(data: DataView, at: number): number {
    return this.bigTiff ? this.#wide(data, at) : data.getUint32(at, this.littleEndian);
  }

  #wide(data: DataView, at: number): number {
    return Number(data.getBigUint64(at, this.littleEndian));
  }
}

const view = (bytes: Uint8Array<ArrayBuffer>): DataView => new DataView(bytes.buffer);
