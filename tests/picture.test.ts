// PNG and JPEG by strips through the real codecs.wasm, up to 400 megapixels.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, describe, test } from "node:test";
import { EngineError } from "../public/src/messages.ts";
import { Codecs, type StripKind } from "../public/src/slide/codecs.ts";
import { halved, heldReduction, HELD_PIXELS } from "../public/src/slide/formats/picture-levels.ts";
import { openPicture } from "../public/src/slide/formats/picture.ts";
import type { Pixels, SlideSource } from "../public/src/slide/source.ts";
import { png } from "./made_images.ts";
import {
  chunk,
  encoded,
  encoderIsMissing,
  exifBlock,
  madeStrips,
  pixelOf,
  same,
  samples,
  stripJpeg,
  stripPng,
  type Samples,
  type Strips,
} from "./made_pictures.ts";

const root = join(import.meta.dirname, "..");
const path = join(root, "build/wasm-simd/codecs.wasm");
const skip = existsSync(path) ? encoderIsMissing : `SKIPPED: ${path} not there; run make wasm`;

const MAX_MEMORY = 600_000_000; // of the whole page
const SIDE = 20_000; // 400 megapixels

let module: Promise<WebAssembly.Module> | null = null;
const tools = {
  codecs: async () => Codecs.create(await (module ??= WebAssembly.compile(readFileSync(path)))),
};
const open = (blob: Blob) => openPicture(blob, "picture", tools);
const all = { x: 0, y: 0, width: 1e6, height: 1e6 };

function fails(code: string, words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof EngineError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    assert.match(error.message, /[.]$/, "a whole sentence");
    return true;
  };
}

const pngOf = ({ width, height, data }: Samples) =>
  new Blob([new Uint8Array(png({ width, height, rgb: Uint8Array.from(data) }))]);

// All rows that a decoder gives, its file pushed in parts of this many bytes.
async function strips(kind: StripKind, blob: Blob, reduce: number, step: number) {
  const decoder = (await tools.codecs()).stripDecoder(kind, reduce, blob.size);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const rows: Uint8Array[] = [];
  for (let at = 0; !decoder.finished; at += step) {
    if (at >= bytes.length) decoder.end();
    else decoder.push(bytes.subarray(at, at + step));
    for (let band = decoder.next(); band !== null; band = decoder.next()) {
      rows.push(band.data.slice());
    }
  }
  const header = decoder.header;
  return { header, data: new Uint8Array(Buffer.concat(rows)) };
}

// The mean of each square, as the decoder of a PNG is to make it.
function boxes({ width, height, channels, data }: Samples, side: number): Uint8Array {
  const [columns, rows] = [Math.ceil(width / side), Math.ceil(height / side)];
  const sums = new Float64Array(columns * rows * channels);
  const counts = new Float64Array(sums.length);
  data.forEach((value: number, index: number) => {
    const pixel = Math.floor(index / channels);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const at = Math.floor(y / side) * columns + Math.floor(x / side);
    const to = at * channels + (index % channels);
    sums[to] = (sums[to] ?? 0) + value;
    counts[to] = (counts[to] ?? 0) + 1;
  });
  return Uint8Array.from(sums, (sum, at) =>
    Math.floor((sum + (counts[at] ?? 1) / 2) / (counts[at] ?? 1)),
  );
}

describe("the strip decoder", { skip }, () => {
  test("a PNG comes exactly, in whatever parts its bytes come", async () => {
    const known = samples(211, 130, 3, 8);
    for (const step of [1, 7, 1000, 4_000_000]) {
      const { header, data } = await strips("png", pngOf(known), 1, step);
      assert.equal(header?.fullWidth, 211);
      same(data, known.data);
    }
  });

  test("a PNG is reduced by the means of squares, whole at the edges or not", async () => {
    const known = samples(211, 130, 3, 8);
    for (const reduce of [2, 4, 8, 64, 256]) {
      const { header, data } = await strips("png", pngOf(known), reduce, 5000);
      assert.equal(header?.width, Math.ceil(211 / reduce));
      same(data, boxes(known, reduce), `by ${reduce}`);
    }
  });

  test("a JPEG comes as it does when it is decoded at once, in whatever parts", async () => {
    const known = samples(211, 130, 3, 8);
    for (const options of [{}, { progressive: 1 }, { subsampling: 2 }, { restart: 1 }]) {
      const file = encoded("jpeg", known, options);
      const codecs = await tools.codecs();
      for (const reduce of [1, 2, 4, 8] as const) {
        const whole = codecs.jpeg(file, { reduce });
        for (const step of [1, 100, 4_000_000]) {
          const { data } = await strips("jpeg", new Blob([file]), reduce, step);
          same(data, whole.data);
        }
      }
      const { header, data } = await strips("jpeg", new Blob([file]), 32, 1000);
      assert.deepEqual([header?.width, header?.height], [7, 5]);
      assert.equal(data.length, 7 * 5 * 3);
    }
  });

  test("a reduction that is no power of two, or too large, is refused", async () => {
    const codecs = await tools.codecs();
    for (const reduce of [0, -1, 3, 512]) {
      assert.throws(
        () => codecs.stripDecoder("png", reduce, 100),
        fails("invalid_argument", /power/),
      );
    }
  });
});

describe("openPicture", { skip }, () => {
  test("a small picture is held, with levels that halve it, and is read in any order", async () => {
    const known = samples(1300, 700, 3, 8);
    const source = await open(pngOf(known));
    const { levels, sequential, umPerPixel, channels, format } = source.facts;
    assert.deepEqual(levels, [
      { width: 1300, height: 700 },
      { width: 650, height: 350 },
      { width: 325, height: 175 },
    ]);
    assert.deepEqual([sequential, umPerPixel, channels, format], [false, null, 3, "PNG"]);
    same((await source.read(0, all)).data, known.data);
    const { width, height } = known;
    const plane = { width, height, channels: 3 as const, data: Uint8Array.from(known.data) };
    same((await source.read(1, all)).data, halved(plane).data);
    same(halved(plane).data, boxes(known, 2));
    const part = await source.read(0, { x: 1290, y: -5, width: 50, height: 10 });
    assert.deepEqual([part.width, part.height], [10, 5]);
    assert.deepEqual([...part.data.subarray(0, 3)], [...known.data.subarray(1290 * 3, 1291 * 3)]);
    const outside = await source.read(0, { x: 2000, y: 0, width: 5, height: 5 });
    assert.deepEqual([outside.width, outside.data.length], [0, 0]);
    await assert.rejects(source.read(9, all), RangeError);
  });

  test("the orientation of EXIF is applied, as the engine applies it", async () => {
    const known = { ...samples(3, 2, 1, 8), data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    const upright: Record<number, string> = {
      1: "3x2 1,2,3,4,5,6",
      2: "3x2 3,2,1,6,5,4",
      3: "3x2 6,5,4,3,2,1",
      4: "3x2 4,5,6,1,2,3",
      5: "2x3 1,4,2,5,3,6",
      6: "2x3 4,1,5,2,6,3",
      7: "2x3 6,3,5,2,4,1",
      8: "2x3 3,6,2,5,1,4",
    };
    const rgb = Uint8Array.from({ length: 18 }, (_, i) => known.data[Math.floor(i / 3)] ?? 0);
    const plain = png({ width: 3, height: 2, rgb });
    const head = plain.subarray(0, 33);
    for (const [orientation, expected] of Object.entries(upright)) {
      const exif = chunk("eXIf", exifBlock(Number(orientation)));
      for (const parts of [
        [head, exif, plain.subarray(33)],
        [plain.subarray(0, -12), exif, plain.subarray(-12)], // after the pixels
      ]) {
        const source = await open(new Blob(parts.map((part) => new Uint8Array(part))));
        const { width, height, data } = await source.read(0, all);
        const [level] = source.facts.levels;
        assert.deepEqual([level?.width, level?.height], [width, height]);
        assert.equal(`${width}x${height} ${data.filter((_, i) => i % 3 === 0).join()}`, expected);
      }
    }
  });

  test("a part of a turned picture is the part of the picture turned", async () => {
    const known = samples(40, 30, 3, 8);
    const jpeg = Buffer.from(encoded("jpeg", known));
    const body = Buffer.concat([Buffer.from("Exif\0\0"), exifBlock(6)]);
    const length = Buffer.from([0xff, 0xe1, 0, body.length + 2]);
    const file = Buffer.concat([jpeg.subarray(0, 2), length, body, jpeg.subarray(2)]);
    const source = await open(new Blob([new Uint8Array(file)]));
    const whole = await source.read(0, all);
    assert.deepEqual([whole.width, whole.height], [30, 40]);
    const part = await source.read(0, { x: 3, y: 5, width: 20, height: 30 });
    for (let y = 0; y < 30; y++) {
      const from = ((y + 5) * 30 + 3) * 3;
      const row = part.data.subarray(y * 60, y * 60 + 60);
      same(row, whole.data.subarray(from, from + 60));
    }
  });

  test("one that is cut off says how much is missing", async () => {
    const known = samples(400, 300, 3, 8);
    const jpeg = new Blob([encoded("jpeg", known)]);
    for (const blob of [pngOf(known), jpeg]) {
      const half = blob.slice(0, blob.size / 2);
      await assert.rejects(open(half), fails("image_truncated", /after (4|5|6)\d % of its rows/));
      await assert.rejects(open(blob.slice(0, 20)), fails("image_truncated", /before its first/));
    }
    const noEnd = pngOf(known).slice(0, -12);
    await assert.rejects(open(noEnd), fails("image_truncated", /after its last row/));
    await assert.rejects(open(new Blob([])), fails("image_empty", /empty/));
    await assert.rejects(open(new Blob(["text"])), fails("image_unknown", /neither/));
  });

  test("one that is damaged or lies about its size is refused before memory is taken", async () => {
    const whole = Buffer.from(await pngOf(samples(400, 300, 3, 8)).arrayBuffer());
    const damaged = Buffer.from(whole);
    damaged[whole.length >> 1] = (damaged[whole.length >> 1] ?? 0) ^ 255;
    await assert.rejects(open(new Blob([new Uint8Array(damaged)])), fails("image_corrupt", /./));
    const withHead = (width: number, height: number, interlace = 0) => {
      const head = Buffer.from(whole.subarray(16, 29));
      head.writeUInt32BE(width, 0);
      head.writeUInt32BE(height, 4);
      head[12] = interlace;
      const rest = whole.subarray(33);
      const parts = [whole.subarray(0, 8), chunk("IHDR", head), rest];
      return new Blob(parts.map((part) => new Uint8Array(part)));
    };
    const refused = (blob: Blob, code: string, words: RegExp) =>
      assert.rejects(open(blob), fails(code, words));
    await refused(withHead(20_001, 20_000), "image_too_large", /400 million/);
    await refused(withHead(131_073, 1), "image_too_large", /131072 on a side/);
    await refused(withHead(20_000, 20_000), "image_corrupt", /less than its size/);
    const padding = new Uint8Array(2_000_000);
    const large = new Blob([withHead(20_000, 20_000, 1), padding]);
    await refused(large, "image_too_large", /interlaced/);
  });

  test("a progressive JPEG is read while its coefficients can be held, and not beyond", async () => {
    const known = samples(64, 64, 3, 8);
    const sized = (width: number, height: number) => {
      const file = Buffer.from(encoded("jpeg", known, { progressive: 1 }));
      const at = file.indexOf(Buffer.from([0xff, 0xc2]));
      file.writeUInt16BE(height, at + 5);
      file.writeUInt16BE(width, at + 7);
      return new Blob([new Uint8Array(file), new Uint8Array(400_000)]);
    };
    await assert.rejects(open(sized(7_000, 6_400)), fails("image_too_large", /progressive/));
    await assert.rejects(open(sized(6_000, 6_000)), fails("image_truncated", /./));
  });

  test("what is held is the finest level of 64 megapixels or less", () => {
    assert.equal(HELD_PIXELS, 64_000_000);
    assert.equal(heldReduction({ width: 8000, height: 8000 }), 1);
    assert.equal(heldReduction({ width: 8001, height: 8000 }), 2);
    assert.equal(heldReduction({ width: SIDE, height: SIDE }), 4);
  });
});

describe("a picture that is not held whole", { skip }, () => {
  const made = madeStrips(10_000, 8_000, 8);
  const exact = (pixels: Pixels, x: number, y: number, at: Strips) => {
    for (const [column, row] of [
      [0, 0],
      [pixels.width - 1, pixels.height - 1],
    ] as const) {
      const from = (row * pixels.width + column) * 3;
      const found = [...pixels.data.subarray(from, from + 3)];
      assert.deepEqual(found, pixelOf(at, x + column, y + row));
    }
  };

  test("rows come forward and, by starting anew, backward", async () => {
    const source: SlideSource = await open(stripPng(made));
    assert.equal(source.facts.sequential, true);
    for (const [x, y] of [
      [0, 0],
      [9_000, 100],
      [500, 3_000],
      [9_900, 3_000], // the same rows again
      [0, 3_050],
      [0, 10], // back
      [9_900, 7_900],
    ] as const) {
      exact(await source.read(0, { x, y, width: 100, height: 100 }), x, y, made);
    }
    const coarse = await source.read(1, { x: 0, y: 0, width: 64, height: 64 });
    assert.deepEqual([coarse.width, coarse.height], [64, 64]);
  });

  test("a read is given up when its signal says so, and the next one goes on", async () => {
    const source = await open(stripPng(made));
    const stop = new AbortController();
    const far = { x: 0, y: 7_900, width: 10, height: 10 };
    const reading = source.read(0, far, stop.signal);
    stop.abort(new EngineError("cancelled", "Stopped."));
    await assert.rejects(reading, fails("cancelled", /Stopped/));
    exact(await source.read(0, far), 0, 7_900, made);
    source.close();
    await assert.rejects(source.read(0, far), fails("cancelled", /closed/));
  });

  test("more rows at once than may be held are refused", async () => {
    const source = await open(stripPng(made));
    const rows = Math.floor(128_000_000 / 30_000);
    exact(await source.read(0, { x: 5, y: 0, width: 1, height: rows }), 5, 0, made);
    const more = source.read(0, { x: 0, y: 0, width: 1, height: rows + 1 });
    await assert.rejects(more, fails("image_too_large", /4266 rows/));
  });

  test("one that is stored on its side is refused with what to do", async () => {
    const blob = stripPng(made, [chunk("eXIf", exifBlock(6))]);
    await assert.rejects(open(blob), fails("image_too_large", /turned/));
    const mirrored = await open(stripPng(made, [chunk("eXIf", exifBlock(2))]));
    const { data } = await mirrored.read(0, { x: 0, y: 0, width: 1, height: 1 });
    assert.deepEqual([...data], pixelOf(made, 9_999, 0));
  });
});

describe("400 megapixels", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "insitu-picture-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const made = madeStrips(SIDE, SIDE, 8);

  for (const [kind, make, tolerance] of [
    ["PNG", stripPng, 0],
    ["JPEG", (strips: Strips) => stripJpeg(strips, { quality: 75 }), 40],
  ] as const) {
    test(`a ${kind} of 400 megapixels is opened and read in ${MAX_MEMORY / 1e6} MB`, async (t) => {
      const file = join(folder, kind);
      const blob = make(made);
      await pipeline(Readable.from(blob.stream()), createWriteStream(file));
      const [x, y] = [19_500, 6_000];
      const words = [join(root, "tests/open_picture.ts"), file, String(x), String(y), "300"];
      const run = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", ...words]);
      assert.equal(run.status, 0, String(run.stderr));
      const told = JSON.parse(String(run.stdout)) as Record<string, number> & { first: number[] };
      t.diagnostic(`${blob.size} bytes: ${JSON.stringify(told)}`);
      const expected = pixelOf(made, x, y);
      told.first.forEach((value, c) => {
        assert.ok(
          Math.abs(value - (expected[c] ?? 0)) <= tolerance,
          `${told.first.join()} ${expected.join()}`,
        );
      });
      assert.ok((told["memoryBytes"] ?? Infinity) < MAX_MEMORY, `${told["memoryBytes"]}`);
      rmSync(file);
    });
  }
});
