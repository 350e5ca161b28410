// JPEG and JPEG 2000 in a TIFF: what reaches the codec, and what becomes of what it gives. The codec here
// reads streams of a header and bare samples; the real ones have tests of their own.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TileCodecs, TileTools } from "../public/src/slide/formats/tools.ts";
import type { Raster } from "../public/src/slide/codecs.ts";
import { openTiff } from "../public/src/slide/formats/tiff.ts";
import { blobOf, makeTiff, pattern, shorts, TYPE, type MadeImage } from "./make_tiff.ts";

const both = (value: number): number[] => [value >> 8, value & 255];

// SOI and SOF0 with so many channels, then samples
function jpegStream(
  width: number,
  height: number,
  channels: number,
  samples: Uint8Array,
): Uint8Array {
  const frame = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 11, 8];
  return Uint8Array.of(...frame, ...both(height), ...both(width), channels, ...samples);
}
const JPEG_HEAD = 18;

// SOC and SIZ, whose image begins at 8, 8
function codestream(
  width: number,
  height: number,
  channels: number,
  samples: Uint8Array,
): Uint8Array {
  const words = [width + 8, height + 8, 8, 8].flatMap((value) => [0, 0, ...both(value)]);
  return Uint8Array.of(0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0, ...words, channels, ...samples);
}
const CODESTREAM_HEAD = 25;

interface Asked {
  kind: string;
  colour?: string;
  tables?: Uint8Array | undefined;
}

function bareCodecs(asked: Asked[], change: Partial<Raster> = {}): TileTools {
  const raster = (bytes: Uint8Array, head: number, width: number, height: number): Raster => {
    const channels = bytes[head - 1] ?? 0;
    const data = bytes.slice(head);
    return { width, height, channels, bits: 8, signed: false, colour: null, data, ...change };
  };
  const codecs: TileCodecs = {
    inflate: () => assert.fail("nothing is packed by Deflate"),
    jpeg(bytes, options) {
      asked.push({ kind: "jpeg", ...options });
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      return raster(bytes, JPEG_HEAD, view.getUint16(15), view.getUint16(13));
    },
    jpeg2000(bytes) {
      asked.push({ kind: "jpeg2000" });
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      return raster(bytes, CODESTREAM_HEAD, view.getUint32(8) - 8, view.getUint32(12) - 8);
    },
  };
  return { codecs: () => Promise.resolve(codecs) };
}

const tiled: MadeImage = { width: 40, height: 30, samples: 3, sample: pattern, tile: [16, 16] };
const jpeg = (more: Partial<MadeImage> = {}, width = 16, height = 16): MadeImage => {
  const channels = more.planar === 2 ? 1 : (more.samples ?? 3);
  const packed = (bytes: Uint8Array): Uint8Array => jpegStream(width, height, channels, bytes);
  return { ...tiled, packed, ...more, fields: [shorts(259, 7), ...(more.fields ?? [])] };
};
const jpeg2000 = (compression: number, more: Partial<MadeImage> = {}): MadeImage => {
  const packed = (bytes: Uint8Array): Uint8Array => codestream(16, 16, 3, bytes);
  return { ...tiled, packed, fields: [shorts(259, compression)], ...more };
};

async function read(image: MadeImage, tools: TileTools): Promise<Uint8Array> {
  const source = await openTiff(blobOf(makeTiff([image])), "scan.svs", tools);
  return (await source.read(0, { x: 0, y: 0, width: 40, height: 30 })).data;
}

function patternBytes(channels: number): Uint8Array {
  return Uint8Array.from({ length: 40 * 30 * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return pattern(pixel % 40, Math.floor(pixel / 40), i % channels);
  });
}

describe("JPEG tiles", () => {
  test("their colours are what the TIFF says, and its tables go with each", async () => {
    const tables = [0xff, 0xd8, 0xff, 0xd9];
    const field = { tag: 347, type: TYPE.undefined, values: tables };
    for (const [photometric, samples, colour] of [
      [6, 3, "ycbcr"],
      [2, 3, "rgb"],
      [1, 1, "grey"],
    ] as const) {
      const asked: Asked[] = [];
      const image = jpeg({ photometric, samples, fields: [shorts(262, photometric), field] });
      assert.deepEqual(await read(image, bareCodecs(asked)), patternBytes(samples));
      assert.equal(asked.length, 6);
      for (const each of asked) {
        assert.equal(each.colour, colour);
        assert.deepEqual(Array.from(each.tables ?? []), tables);
      }
    }
  });

  test("planes that lie apart are put together", async () => {
    const asked: Asked[] = [];
    assert.deepEqual(await read(jpeg({ planar: 2 }), bareCodecs(asked)), patternBytes(3));
    assert.deepEqual([...new Set(asked.map(({ colour }) => colour))], ["grey"]);
  });

  test("a strip that the codec's rows go beyond is cut", async () => {
    const strips = jpeg({ rowsPerStrip: 16, fullStrips: true }, 40, 16);
    delete strips.tile;
    assert.deepEqual(await read(strips, bareCodecs([])), patternBytes(3));
  });

  test("one that says it is of another size is refused before it is decoded", async () => {
    for (const [width, height] of [
      [15, 16],
      [16, 15],
      [81, 16],
      [65535, 65535],
    ] as const) {
      const asked: Asked[] = [];
      await assert.rejects(read(jpeg({}, width, height), bareCodecs(asked)), {
        code: "image_corrupt",
        message:
          /^scan\.svs is damaged: one of its tiles is \d+ × \d+ pixels where it has to be 16 × 16\./,
      });
      assert.deepEqual(asked, []);
    }
  });

  test("one that is none, and one of other channels, are refused", async () => {
    const none = { ...jpeg(), packed: () => Uint8Array.of(1, 2, 3, 4) };
    await assert.rejects(read(none, bareCodecs([])), /cannot be unpacked/);
    await assert.rejects(read(jpeg(), bareCodecs([], { channels: 4 })), /has 4 samples a pixel/);
    await assert.rejects(read(jpeg(), bareCodecs([], { signed: true })), { code: "image_corrupt" });
  });
});

describe("JPEG 2000 tiles", () => {
  test("RGB comes as it is decoded, YCbCr of Aperio's kind becomes RGB", async () => {
    for (const compression of [33005, 34712])
      assert.deepEqual(await read(jpeg2000(compression), bareCodecs([])), patternBytes(3));
    const grey = { sample: (_x: number, _y: number, c: number) => (c === 0 ? 90 : 128) };
    assert.deepEqual(new Set(await read(jpeg2000(33003, grey), bareCodecs([]))), new Set([90]));
    const red = { sample: (_x: number, _y: number, c: number) => [76, 85, 255][c] ?? 0 };
    const [r = 0, g = 0, b = 0] = await read(jpeg2000(33003, red), bareCodecs([]));
    assert.deepEqual([r, g, b], [254, 0, 0]);
  });

  test("12 bits are shown by their own upper 8", async () => {
    const data = Uint16Array.from({ length: 16 * 16 * 3 }, () => 0xabc);
    const read12 = await read(jpeg2000(33005, { bits: 16 }), bareCodecs([], { bits: 12, data }));
    assert.deepEqual(new Set(read12), new Set([0xab]));
  });
});
