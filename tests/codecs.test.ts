// The real codecs.wasm: known pixels in, the same pixels out; limits, damage, traps.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { deflateSync } from "node:zlib";
import { EngineError } from "../public/src/messages.ts";
import { Codecs, MAX_PUSH_BYTES, type Raster } from "../public/src/slide/codecs.ts";
import { encoded, encoderIsMissing, same, samples, type Samples } from "./made_pictures.ts";
import { wasmThatTraps } from "./made_engine.ts";

const root = join(import.meta.dirname, "..");
const path = join(root, "build/wasm-simd/codecs.wasm");
const skip = existsSync(path) ? encoderIsMissing : `SKIPPED: ${path} not there; run make wasm`;

const wasm = () => readFileSync(path);
const load = async () => Codecs.create(await WebAssembly.compile(wasm()));

function fails(code: string, words = /./) {
  return (error: unknown) => {
    assert.ok(error instanceof EngineError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    assert.match(error.message, /[.]$/, "a whole sentence");
    return true;
  };
}

// Mean distance of the samples.
function distance(raster: Raster, known: Samples): number {
  assert.equal(raster.data.length, known.data.length);
  let sum = 0;
  raster.data.forEach((value, index) => (sum += Math.abs(value - (known.data[index] ?? 0))));
  return sum / known.data.length;
}

const describeRaster = ({ width, height, channels, bits, signed, colour }: Raster) =>
  [width, height, channels, bits, signed, colour] as const;

// The size in the frame header of a JPEG or JPEG-LS changed.
function withSize(bytes: Uint8Array, marker: number, width: number, height: number): Uint8Array {
  const lying = Buffer.from(bytes);
  const at = lying.indexOf(Buffer.from([0xff, marker]));
  lying.writeUInt16BE(height, at + 5);
  lying.writeUInt16BE(width, at + 7);
  return new Uint8Array(lying);
}

describe("Deflate", { skip }, () => {
  const known = samples(256, 256, 3, 8).data as Uint8Array;

  test("what zlib packed comes as it was, at each of its levels", async () => {
    const codecs = await load();
    for (const level of [0, 1, 6, 9]) {
      const packed = new Uint8Array(deflateSync(known, { level }));
      same(codecs.inflate(packed, known.length), known);
    }
    assert.equal(codecs.inflate(new Uint8Array(deflateSync(new Uint8Array(0))), 0).length, 0);
  });

  test("what unpacks to another size is refused, and a bomb takes no memory", async () => {
    const codecs = await load();
    const packed = new Uint8Array(deflateSync(known));
    const size = known.length;
    assert.throws(() => codecs.inflate(packed, size - 1), fails("image_too_large", /to more/));
    assert.throws(() => codecs.inflate(packed, size + 1), fails("image_truncated", /to less/));
    const damaged = packed.slice().fill(0xff, 100, 200);
    assert.throws(() => codecs.inflate(damaged, size), fails("image_corrupt", /cannot/));
    const before = codecs.memoryBytes;
    const bomb = new Uint8Array(deflateSync(Buffer.alloc(2 ** 28)));
    assert.throws(() => codecs.inflate(bomb, size), fails("image_too_large"));
    assert.ok(codecs.memoryBytes - before < 2 ** 20 + bomb.length);
  });
});

describe("JPEG", { skip }, () => {
  test("grey and colour, baseline and progressive, come as they were within the loss", async () => {
    const codecs = await load();
    for (const [channels, colour] of [
      [1, "grey"],
      [3, "rgb"],
    ] as const) {
      for (const progressive of [0, 1]) {
        const known = samples(97, 61, channels, 8);
        const raster = codecs.jpeg(encoded("jpeg", known, { progressive, quality: 98 }));
        assert.deepEqual(describeRaster(raster), [97, 61, channels, 8, false, colour]);
        assert.ok(distance(raster, known) < 2.5, `${distance(raster, known)}`);
      }
    }
  });

  test("an abbreviated stream is read with the tables of its TIFF, and not without", async () => {
    const codecs = await load();
    const known = samples(64, 48, 3, 8);
    const tables = encoded("jpeg", known, { tables: 1 });
    const stream = encoded("jpeg", known, { tables: 2 });
    const whole = codecs.jpeg(encoded("jpeg", known));
    same(codecs.jpeg(stream, { tables }).data, whole.data);
    assert.throws(() => codecs.jpeg(stream), fails("image_corrupt", /table/));
  });

  test("three components are what the caller says they are", async () => {
    const codecs = await load();
    const known = samples(64, 48, 3, 8);
    const unmarked = encoded("jpeg", known, { rgb: 1, quality: 100 });
    assert.ok(distance(codecs.jpeg(unmarked, { colour: "rgb" }), known) < 1);
    assert.ok(distance(codecs.jpeg(unmarked, { colour: "ycbcr" }), known) > 20);
    const usual = encoded("jpeg", known);
    const grey = codecs.jpeg(usual, { colour: "grey" });
    assert.deepEqual(describeRaster(grey), [64, 48, 1, 8, false, "grey"]);
    const rgb = codecs.jpeg(usual).data;
    const luma = 0.299 * (rgb[0] ?? 0) + 0.587 * (rgb[1] ?? 0) + 0.114 * (rgb[2] ?? 0);
    assert.ok(Math.abs((grey.data[0] ?? 0) - luma) < 3);
  });

  test("it is reduced by 2, 4 and 8, sides rounded up", async () => {
    const codecs = await load();
    const flat = { ...samples(97, 61, 3, 8), data: new Uint8Array(97 * 61 * 3).fill(120) };
    const file = encoded("jpeg", flat, { quality: 98 });
    for (const reduce of [2, 4, 8] as const) {
      const raster = codecs.jpeg(file, { reduce });
      assert.equal(raster.width, Math.ceil(97 / reduce));
      assert.equal(raster.height, Math.ceil(61 / reduce));
      assert.ok(raster.data.every((value) => Math.abs(value - 120) <= 1));
    }
    const reduce = 3 as 2;
    assert.throws(() => codecs.jpeg(file, { reduce }), fails("invalid_argument"));
  });

  test("one that is cut off, damaged, or of another kind is refused with the reason", async () => {
    const codecs = await load();
    for (const progressive of [0, 1]) {
      const file = encoded("jpeg", samples(97, 61, 3, 8), { progressive });
      for (const share of [0.05, 0.5, 0.9]) {
        const cut = file.subarray(0, file.length * share);
        assert.throws(() => codecs.jpeg(cut), fails("image_truncated", /ends before/));
      }
    }
    assert.throws(() => codecs.jpeg(new Uint8Array()), fails("image_empty"));
    assert.throws(() => codecs.jpeg(Uint8Array.of(1, 2, 3, 4)), fails("image_corrupt", /begin/));
    const cmyk = encoded("jpeg", samples(16, 16, 4, 8));
    assert.throws(() => codecs.jpeg(cmyk), fails("image_unknown", /4 channels/));
    const twelve = Buffer.from(encoded("jpeg", samples(16, 16, 1, 8)));
    const frame = twelve.indexOf(Buffer.from([0xff, 0xc0]));
    twelve[frame + 4] = 12;
    assert.throws(() => codecs.jpeg(twelve), fails("image_unknown", /12 bits/));
    twelve[frame + 4] = 8;
    twelve[frame + 1] = 0xc3;
    assert.throws(() => codecs.jpeg(twelve), fails("image_unknown", /lossless/));
  });

  test("one that claims to be large takes no memory", async () => {
    const codecs = await load();
    const file = encoded("jpeg", samples(16, 16, 3, 8));
    const before = codecs.memoryBytes;
    const huge = withSize(file, 0xc0, 65_000, 65_000);
    assert.throws(() => codecs.jpeg(huge), fails("image_too_large", /65000 x 65000/));
    const empty = withSize(file, 0xc0, 7_000, 7_000);
    assert.throws(() => codecs.jpeg(empty), fails("image_corrupt", /less than its size/));
    assert.equal(codecs.memoryBytes, before);
  });
});

describe("JPEG 2000", { skip }, () => {
  test("8 to 16 bits, one to four channels, codestream and JP2, come exactly", async () => {
    const codecs = await load();
    for (const kind of ["jpeg2000", "jp2"] as const) {
      for (const [channels, bits] of [
        [1, 8],
        [3, 8],
        [4, 8],
        [1, 12],
        [1, 16],
        [3, 16],
      ] as const) {
        const known = samples(75, 50, channels, bits);
        const raster = codecs.jpeg2000(encoded(kind, known));
        const colour = kind === "jpeg2000" ? null : channels === 1 ? "grey" : "rgb";
        assert.deepEqual(describeRaster(raster), [75, 50, channels, bits, false, colour]);
        same(raster.data, known.data);
      }
    }
  });

  test("signed samples come as signed numbers", async () => {
    const codecs = await load();
    const values = Int16Array.from({ length: 64 * 64 }, (_, index) => (index % 4096) - 2048);
    const known = { width: 64, height: 64, channels: 1, bits: 12, data: new Uint16Array(values) };
    const raster = codecs.jpeg2000(encoded("jpeg2000", known, { signed: 1 }));
    assert.equal(raster.signed, true);
    same(raster.data, values);
  });

  test("tiles inside, fewer resolutions, and channels of half the size", async () => {
    const codecs = await load();
    const known = samples(150, 99, 3, 8);
    const tiled = encoded("jpeg2000", known, { tile: 64 });
    same(codecs.jpeg2000(tiled).data, known.data);
    for (const reduce of [1, 2]) {
      const raster = codecs.jpeg2000(tiled, { reduce });
      assert.equal(raster.width, Math.ceil(150 / 2 ** reduce));
      assert.equal(raster.height, Math.ceil(99 / 2 ** reduce));
    }
    assert.throws(
      () => codecs.jpeg2000(tiled, { reduce: 3 }),
      fails("invalid_argument", /3 resolutions/),
    );
    const halves = codecs.jpeg2000(encoded("jp2", known, { sycc: 1, subsampling: 2 }));
    assert.deepEqual(describeRaster(halves), [150, 99, 3, 8, false, "ycbcr"]);
    const at = (x: number, y: number, c: number) => (y * 150 + x) * 3 + c;
    for (const [x, y] of [
      [0, 0],
      [149, 98],
      [77, 51],
    ] as const) {
      assert.equal(halves.data[at(x, y, 0)], known.data[at(x, y, 0)]);
      assert.equal(halves.data[at(x, y, 1)], known.data[at(x & ~1, y & ~1, 1)]);
    }
  });

  test("one that is cut off, lies, or is of another kind is refused with the reason", async () => {
    const codecs = await load();
    const file = encoded("jpeg2000", samples(150, 99, 3, 8));
    for (const share of [0.001, 0.005, 0.3, 0.9]) {
      const cut = file.subarray(0, Math.ceil(file.length * share));
      assert.throws(() => codecs.jpeg2000(cut), fails("image_truncated"), `${share}`);
    }
    const jp2 = encoded("jp2", samples(150, 99, 3, 8));
    assert.throws(() => codecs.jpeg2000(jp2.subarray(0, 40)), fails("image_truncated"));
    const change = (value: number, ...places: number[]) => {
      const changed = Buffer.from(file);
      for (const at of places) changed.writeUInt32BE(value, at);
      return changed;
    };
    const [width, height, tileWidth, tileHeight] = [8, 12, 24, 28];
    const before = codecs.memoryBytes;
    const huge = change(60_000, width, height, tileWidth, tileHeight);
    assert.throws(() => codecs.jpeg2000(huge), fails("image_too_large", /60000 x 60000/));
    assert.throws(() => codecs.jpeg2000(change(0, height)), fails("image_corrupt"));
    assert.throws(
      () => codecs.jpeg2000(change(1, tileWidth, tileHeight)),
      fails("image_too_large", /tiles/),
    );
    assert.equal(codecs.memoryBytes, before);
    const cap = Buffer.from([0xff, 0x50, 0, 8, 0, 2, 0, 0, 0, 0]);
    const siz = 4 + file.subarray(4).findIndex((_, at) => file[at + 4] === 0xff);
    const ht = Buffer.concat([file.subarray(0, siz), cap, file.subarray(siz)]);
    assert.throws(() => codecs.jpeg2000(ht), fails("image_unknown", /HTJ2K/));
  });
});

describe("JPEG-LS", { skip }, () => {
  test("2 to 16 bits, grey and colour, interleaved in any way, come exactly", async () => {
    const codecs = await load();
    for (const [channels, bits, interleave] of [
      [1, 2, 0],
      [1, 8, 0],
      [1, 12, 0],
      [1, 16, 0],
      [3, 8, 0],
      [3, 8, 1],
      [3, 8, 2],
      [3, 12, 0],
      [3, 12, 2],
    ] as const) {
      const known = samples(83, 44, channels, bits);
      const raster = codecs.jpegLs(encoded("jpegls", known, { interleave }));
      assert.equal(raster.bits, bits);
      same(raster.data, known.data);
    }
  });

  test("near lossless is as near as it says", async () => {
    const known = samples(83, 44, 1, 8);
    const raster = (await load()).jpegLs(encoded("jpegls", known, { near: 3 }));
    raster.data.forEach((value, index) => {
      assert.ok(Math.abs(value - (known.data[index] ?? 0)) <= 3);
    });
  });

  test("one that is cut off or lies is refused with the reason", async () => {
    const codecs = await load();
    const file = encoded("jpegls", samples(83, 44, 1, 12));
    for (const share of [0.02, 0.5, 0.95]) {
      const cut = file.subarray(0, file.length * share);
      assert.throws(() => codecs.jpegLs(cut), fails("image_truncated"), `${share}`);
    }
    const before = codecs.memoryBytes;
    const huge = withSize(file, 0xf7, 65_000, 65_000);
    assert.throws(() => codecs.jpegLs(huge), fails("image_too_large"));
    assert.equal(codecs.memoryBytes, before);
    assert.throws(() => codecs.jpegLs(Uint8Array.of(9, 9, 9)), fails("image_corrupt"));
  });
});

describe("the instance", { skip }, () => {
  test("a trap discards it, and the next call has a new one", async () => {
    const file = encoded("jpegls", samples(83, 44, 1, 12));
    const broken = wasmThatTraps(new Uint8Array(wasm()), "insitu_decode_jpegls", 1, 777);
    const codecs = await Codecs.create(await WebAssembly.compile(broken));
    assert.throws(() => codecs.jpegLs(new Uint8Array(777)), fails("engine_trap", /broke off/));
    assert.equal(codecs.memoryBytes, 0);
    assert.equal(codecs.jpegLs(file).width, 83);
  });

  test("ten thousand decodings, good and bad, do not make it grow", async () => {
    const codecs = await load();
    const jpeg = encoded("jpeg", samples(32, 32, 3, 8));
    const j2k = encoded("jpeg2000", samples(32, 32, 3, 8));
    const cut = j2k.subarray(0, j2k.length / 2);
    const round = () => {
      codecs.jpeg(jpeg);
      codecs.jpeg2000(j2k);
      assert.throws(() => codecs.jpeg2000(cut));
      assert.throws(() => codecs.jpeg(jpeg.subarray(0, 200)));
    };
    for (let i = 0; i < 100; i++) round();
    const before = codecs.memoryBytes;
    for (let i = 0; i < 2_400; i++) round();
    assert.equal(codecs.memoryBytes, before);
  });

  test("no import of the file can reach anything but a clock and its last words", async () => {
    const imports = WebAssembly.Module.imports(await WebAssembly.compile(wasm()));
    const known = ["fd_write", "fd_close", "fd_seek", "proc_exit"];
    known.push("emscripten_notify_memory_growth");
    assert.deepEqual(
      imports.filter(({ name }) => !known.includes(name)),
      [],
    );
  });

  test("the page pushes as many bytes at once as the codecs take", () => {
    const limits = readFileSync(join(root, "shared/codecs/limits.h"), "utf8");
    const [, factor, shift] = /kMaxPushBytes = size_t\{(\d+)\} << (\d+)/.exec(limits) ?? [];
    assert.equal(MAX_PUSH_BYTES, Number(factor) * 2 ** Number(shift));
  });
});
