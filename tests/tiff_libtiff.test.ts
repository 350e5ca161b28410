// TIFFs as libtiff's own programs write them (Debian's libtiff-tools), with the codecs of the page, and
// their pixels as libtiff reads them.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Codecs } from "../public/src/slide/codecs.ts";
import { openSlide } from "../public/src/slide/formats/open.ts";
import type { Tools } from "../public/src/slide/formats/tools.ts";
import type { Pixels } from "../public/src/slide/source.ts";
import { makeTiff, pattern, shorts, type MadeImage } from "./make_tiff.ts";

const root = join(import.meta.dirname, "..");
const wasm = join(root, "build/wasm-simd/codecs.wasm");
const encoder = join(root, "build/asan/encode_picture");
const hasTiffcp = spawnSync("tiffcp", ["-h"]).error === undefined;
const needs = (...missing: (string | false)[]): string | false => {
  const names = missing.filter((name) => name !== false);
  return names.length > 0 ? `SKIPPED: ${names.join(", ")} not there; run make test` : false;
};
const noCodecs = !existsSync(wasm) && wasm;
const skipLibtiff = needs(!hasTiffcp && "tiffcp", noCodecs);
const skipEncoder = needs(!existsSync(encoder) && encoder, noCodecs);

const folder = mkdtempSync(join(tmpdir(), "insitu-tiff-"));
after(() => rmSync(folder, { recursive: true }));

let made: Promise<Codecs> | null = null;
const tools: Tools = {
  codecs: () => (made ??= Codecs.create(new WebAssembly.Module(readFileSync(wasm)))),
};

const [WIDTH, HEIGHT] = [300, 217];
const soft = (x: number, y: number, c: number): number =>
  Math.round(128 + 60 * Math.sin(x / 17 + c) + 50 * Math.cos(y / 13 - c * 2));

async function readFile(path: string): Promise<Pixels & { format: string }> {
  const source = await openSlide(new Blob([readFileSync(path)]), "scan.tif", tools);
  const { width = 0, height = 0 } = source.facts.levels[0] ?? {};
  return { ...(await source.read(0, { x: 0, y: 0, width, height })), format: source.facts.format };
}

function assertSame(
  read: Pixels,
  due: (pixel: number, channel: number) => number,
  what: string,
): void {
  assert.equal(read.data.length, WIDTH * HEIGHT * read.channels, what);
  for (let i = 0; i < read.data.length; i += 1) {
    const expected = due(Math.floor(i / read.channels), i % read.channels);
    if (read.data[i] !== expected) assert.fail(`${what}: ${read.data[i]} for ${expected} at ${i}`);
  }
}

const LAYOUTS = ["-s -r 16", "-s -r 304", "-t -w 64 -l 64", "-t -w 256 -l 256"];

describe("TIFFs of libtiff", { skip: skipLibtiff }, () => {
  const colour = join(folder, "colour.tif");
  const grey = join(folder, "grey.tif");
  const base: MadeImage = { width: WIDTH, height: HEIGHT, samples: 3, sample: soft };
  writeFileSync(colour, makeTiff([base]));
  writeFileSync(grey, makeTiff([{ ...base, samples: 1 }]));
  const copy = join(folder, "copy.tif");
  const read = join(folder, "read.tif");

  for (const compression of ["none", "packbits", "lzw", "lzw:2", "zip", "zip:2", "zstd", "zstd:2"])
    test(`${compression}: whatever the layout, its pixels are those that went in`, async () => {
      for (const layout of LAYOUTS)
        for (const order of ["-L", "-B"])
          for (const form of [[], ["-8"]])
            for (const planes of ["contig", "separate"])
              for (const [from, channels] of [
                [colour, 3],
                [grey, 1],
              ] as const) {
                const words = [
                  "-c",
                  compression,
                  order,
                  ...form,
                  "-p",
                  planes,
                  ...layout.split(" "),
                ];
                execFileSync("tiffcp", [...words, from, copy]);
                const pixels = await readFile(copy);
                assert.equal(pixels.channels, channels);
                const due = (pixel: number, c: number): number =>
                  soft(pixel % WIDTH, Math.floor(pixel / WIDTH), c);
                assertSame(pixels, due, words.join(" "));
              }
    });

  test("JPEG: YCbCr and RGB, with tables, give the pixels that libtiff reads", async () => {
    for (const compression of ["jpeg:85", "jpeg:r:85"])
      for (const layout of LAYOUTS)
        for (const [from, channels] of [
          [colour, 3],
          [grey, 1],
        ] as const) {
          const words = ["-c", compression, ...layout.split(" ")];
          execFileSync("tiffcp", [...words, from, copy]);
          execFileSync("tiff2rgba", ["-c", "none", "-n", copy, read]);
          const pixels = await readFile(copy);
          assert.match(pixels.format, /JPEG (tiles|strips)/);
          assert.equal(pixels.channels, channels);
          const due = await readFile(read); // always RGB
          assertSame(pixels, (pixel, c) => due.data[pixel * 3 + c] ?? -1, words.join(" "));
        }
  });

  test("libtiff reads what the tests write", async () => {
    const forms: Partial<MadeImage>[] = [
      { compression: "lzw", predictor: 2, tile: [64, 48] },
      { compression: "packbits", rowsPerStrip: 9 },
      { compression: "deflate", planar: 2 },
      { compression: "zstd", tile: [32, 32] },
    ];
    for (const form of forms)
      for (const file of [{}, { big: true }, { bigEndian: true }]) {
        writeFileSync(copy, makeTiff([{ ...base, sample: pattern, ...form }], file));
        execFileSync("tiffcp", ["-c", "none", copy, read]);
        const due = (pixel: number, c: number): number =>
          pattern(pixel % WIDTH, Math.floor(pixel / WIDTH), c);
        assertSame(await readFile(read), due, JSON.stringify([form, file]));
      }
  });
});

describe("TIFFs with JPEG 2000 tiles", { skip: skipEncoder }, () => {
  const TILE = 128;
  const encode = (
    kind: string,
    bytes: Uint8Array,
    channels: number,
    options: string[],
  ): Uint8Array => {
    const bits = bytes.length > TILE * TILE * channels ? 16 : 8;
    const words = [kind, TILE, TILE, channels, bits, ...options].map(String);
    return execFileSync(encoder, words, { input: bytes });
  };
  const image = (compression: number, more: Partial<MadeImage>): MadeImage => {
    const samples = more.samples ?? 3;
    const packed = (bytes: Uint8Array): Uint8Array => encode("jpeg2000", bytes, samples, []);
    const form = { width: WIDTH, height: HEIGHT, samples, sample: soft, packed };
    return { ...form, tile: [TILE, TILE], fields: [shorts(259, compression)], ...more };
  };
  const read = async (made: MadeImage): Promise<Pixels & { format: string }> => {
    const path = join(folder, "frames.tif");
    writeFileSync(path, makeTiff([made]));
    return readFile(path);
  };
  const at = (pixel: number): [number, number] => [pixel % WIDTH, Math.floor(pixel / WIDTH)];

  test("RGB, grey and 16 bits are lossless", async () => {
    for (const compression of [33005, 34712]) {
      const rgb = await read(image(compression, {}));
      assert.equal(rgb.format, "TIFF (JPEG 2000 tiles)");
      assertSame(rgb, (pixel, c) => soft(...at(pixel), c), "RGB");
      const grey = await read(image(compression, { samples: 1 }));
      assertSame(grey, (pixel) => soft(...at(pixel), 0), "grey");
      const sample = (x: number, y: number, c: number): number =>
        soft(x, y, c) * 256 + soft(y, x, c);
      const wide = await read(image(compression, { samples: 1, bits: 16, sample }));
      assertSame(wide, (pixel) => soft(...at(pixel), 0), "16 bits");
    }
  });

  test("Aperio's YCbCr, its colour thinned out or not, becomes RGB", async () => {
    const ycbcr = (x: number, y: number, c: number): number =>
      c === 0 ? soft(x, y, 0) : c === 1 ? 110 : 140;
    for (const options of [[], ["subsampling=2"]]) {
      const packed = (bytes: Uint8Array): Uint8Array => encode("jpeg2000", bytes, 3, options);
      const pixels = await read(image(33003, { sample: ycbcr, packed }));
      assertSame(
        pixels,
        (pixel, c) => {
          const shift = [1.402 * 12, 0.344136 * 18 - 0.714136 * 12, 1.772 * -18][c] ?? 0;
          return Math.max(0, Math.min(255, Math.round(soft(...at(pixel), 0) + shift)));
        },
        options.join(" "),
      );
    }
  });
});
