// Whole files as scanners and their converters write them, with the codecs of the page: SVS of JPEG and
// of JPEG 2000, OME-TIFF with its pyramid below the first plane; in each byte order and both sizes.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Codecs } from "../public/src/slide/codecs.ts";
import { openTiff } from "../public/src/slide/formats/tiff.ts";
import type { Tools } from "../public/src/slide/formats/tools.ts";
import type { SlideSource } from "../public/src/slide/source.ts";
import { encoded, encoderIsMissing } from "./made_pictures.ts";
import { blobOf, makeTiff, shorts, TYPE, type Field, type MadeImage } from "./make_tiff.ts";

const wasm = join(import.meta.dirname, "../build/wasm-simd/codecs.wasm");
const skip = existsSync(wasm) ? encoderIsMissing : `SKIPPED: ${wasm} not there; run make wasm`;

let made: Promise<Codecs> | null = null;
const tools: Tools = {
  codecs: () => (made ??= Codecs.create(new WebAssembly.Module(readFileSync(wasm)))),
};

const [WIDTH, HEIGHT, TILE] = [300, 217, 64];
const LEFT_OUT = 6; // the second tile of the second row, which was not scanned
const soft = (x: number, y: number, c: number): number =>
  Math.round(128 + 60 * Math.sin(x / 40 + c) + 50 * Math.cos(y / 33 - c * 2));
// Y, Cb, Cr of it, as JFIF has them
function ycbcr(x: number, y: number, c: number): number {
  const [r, g, b] = [soft(x, y, 0), soft(x, y, 1), soft(x, y, 2)];
  const luma = 0.299 * r + 0.587 * g + 0.114 * b;
  return Math.round(c === 0 ? luma : c === 1 ? 128 + (b - luma) / 1.772 : 128 + (r - luma) / 1.402);
}

interface Form {
  name: string;
  compression: number;
  photometric: number;
  sample?: MadeImage["sample"]; // what is encoded
  encode: (tile: Uint8Array) => Uint8Array;
  fields?: Field[];
  most: number; // by which its pixels differ on average; of other colours it would be 20 and more
}

const tileOf = (data: Uint8Array) => ({ width: TILE, height: TILE, channels: 3, bits: 8, data });
const jpeg = (options: Record<string, number>) => (data: Uint8Array) =>
  encoded("jpeg", tileOf(data), options);
const jpeg2000 = (options: Record<string, number>) => (data: Uint8Array) =>
  encoded("jpeg2000", tileOf(data), options);
const tables = (options: Record<string, number>): Field => {
  const stream = encoded("jpeg", tileOf(new Uint8Array(TILE * TILE * 3)), {
    ...options,
    tables: 1,
  });
  return { tag: 347, type: TYPE.undefined, values: [...stream] };
};

const forms = (): Form[] => [
  {
    name: "JPEG of YCbCr 4:2:0 with common tables",
    compression: 7,
    photometric: 6,
    encode: jpeg({ subsampling: 2, tables: 2 }),
    fields: [tables({ subsampling: 2 }), shorts(530, 2, 2)],
    most: 3,
  },
  {
    name: "JPEG of RGB with common tables",
    compression: 7,
    photometric: 2,
    encode: jpeg({ rgb: 1, tables: 2 }),
    fields: [tables({ rgb: 1 })],
    most: 2,
  },
  {
    name: "JPEG of YCbCr, each tile with its own tables",
    compression: 7,
    photometric: 6,
    encode: jpeg({}),
    most: 2,
  },
  {
    name: "JPEG 2000 of YCbCr (33003)",
    compression: 33003,
    photometric: 2,
    sample: ycbcr,
    encode: jpeg2000({ subsampling: 2 }),
    most: 4,
  },
  {
    name: "JPEG 2000 of RGB (33005)",
    compression: 33005,
    photometric: 2,
    encode: jpeg2000({}),
    most: 0,
  },
];

function level(form: Form, factor: number, more: Partial<MadeImage> = {}): MadeImage {
  const { sample = soft, encode, compression, photometric, fields = [] } = form;
  return {
    width: Math.floor(WIDTH / factor),
    height: Math.floor(HEIGHT / factor),
    samples: 3,
    sample: (x, y, c) => sample(x * factor, y * factor, c),
    tile: [TILE, TILE],
    photometric,
    packed: (bytes, index) =>
      factor === 1 && index === LEFT_OUT ? new Uint8Array(0) : encode(bytes),
    fields: [shorts(259, compression), ...fields],
    ...more,
  };
}

const isLeftOut = (x: number, y: number): boolean =>
  Math.floor(y / TILE) * Math.ceil(WIDTH / TILE) + Math.floor(x / TILE) === LEFT_OUT;

async function assertLevels(source: SlideSource, { name, most }: Form): Promise<void> {
  for (const [index, factor] of [1, 2, 4].entries()) {
    const size = source.facts.levels[index];
    assert.deepEqual(size, {
      width: Math.floor(WIDTH / factor),
      height: Math.floor(HEIGHT / factor),
    });
    const { data, channels } = await source.read(index, { x: 0, y: 0, ...size });
    assert.equal(channels, 3);
    let sum = 0;
    for (const [i, value] of data.entries()) {
      const pixel = Math.floor(i / 3);
      const [x, y] = [pixel % size.width, Math.floor(pixel / size.width)];
      const isWhite = factor === 1 && isLeftOut(x, y);
      const due = isWhite ? 255 : soft(x * factor, y * factor, i % 3);
      if (isWhite) assert.equal(value, 255, `${name}: what was not scanned is white`);
      sum += Math.abs(value - due);
    }
    const mean = sum / data.length;
    assert.ok(mean <= most, `${name}, level ${index}: ${mean} off`);
  }
}

const FILES = [{}, { bigEndian: true }, { big: true }, { big: true, bigEndian: true }];
const APERIO = "Aperio Image Library v12.0.15\r\n300x217 (64x64)|AppMag = 20|MPP = 0.5";
const OME =
  '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">' +
  '<Pixels ID="Pixels:0" SizeX="300" SizeY="217" SizeC="3" SizeZ="1" SizeT="1" PhysicalSizeX="0.5"/>' +
  "</Image></OME>";

describe("files of scanners", { skip }, () => {
  test("An SVS, whatever its tiles are packed by, gives all levels and its scale, and white where nothing was scanned", async () => {
    for (const form of forms())
      for (const file of FILES) {
        const description = APERIO;
        const beside = { sample: () => 9, description: "Aperio v1\r\nlabel 60x50", fields: [] };
        const { packed: _, tile: __, ...plain } = level(form, 1);
        const images = [
          level(form, 1, { description }),
          { ...plain, ...beside, photometric: 2, width: 60, height: 50 },
          level(form, 2, { description }),
          level(form, 4, { description }),
        ];
        const source = await openTiff(blobOf(makeTiff(images, file)), "scan.svs", tools);
        assert.match(source.facts.format, /^SVS \(JPEG( 2000)? tiles, scanned at 20×\)$/);
        assert.deepEqual([source.facts.umPerPixel, source.facts.kind], [0.5, "histology"]);
        await assertLevels(source, form);
      }
  });

  test("An OME-TIFF whose pyramid lies below its plane gives the same of each packing", async () => {
    for (const form of forms())
      for (const file of FILES) {
        const below = [2, 4].map((factor) => level(form, factor, { reduced: true }));
        const image = level(form, 1, { description: OME, below });
        const source = await openTiff(blobOf(makeTiff([image], file)), "scan.ome.tif", tools);
        assert.match(source.facts.format, /^OME-TIFF \(JPEG( 2000)? tiles\)$/);
        assert.equal(source.facts.umPerPixel, 0.5);
        await assertLevels(source, form);
      }
  });
});
