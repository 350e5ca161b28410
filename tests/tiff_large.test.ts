// Files beyond 4 GB, and what reading a large one does to memory.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openTiff } from "../public/src/slide/formats/tiff.ts";
import { MAX_CACHE_BYTES } from "../public/src/slide/formats/tiff/limits.ts";
import {
  FAR_TILES,
  fileBlob,
  GIGABYTE,
  TILE,
  tiledAt,
  writeFarTiff,
  writeSparse,
} from "./large_tiff.ts";
import { longs, makeTiff, INFLATE_ONLY, pattern } from "./make_tiff.ts";

const folder = mkdtempSync(join(tmpdir(), "insitu-tiff-"));
after(() => rmSync(folder, { recursive: true }));

test("tiles and the directory of a BigTIFF of 9 GB are read where they lie, beyond 4 GB", async () => {
  const path = join(folder, "far.tif");
  writeFarTiff(path);
  const { blob, close } = fileBlob(path);
  const source = await openTiff(blob, "far.tif", INFLATE_ONLY);
  assert.equal(source.facts.format, "BigTIFF (uncompressed tiles)");
  const side = FAR_TILES * TILE;
  const { data } = await source.read(0, { x: 0, y: 0, width: side, height: side });
  for (let i = 0; i < data.length; i += 1) {
    const [x, y] = [Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
    if (data[i] !== pattern(x, y, i % 3)) assert.fail(`at ${x}, ${y}`);
  }
  close();
});

test("a single uncompressed strip of 5 GB is read by rows, its length beyond its field", async () => {
  const [width, height] = [40_000, 45_000];
  const START = 4096;
  const fields = [
    longs(256, width),
    longs(257, height),
    longs(278, height),
    longs(273, START),
    longs(279, 0xffffffff),
  ];
  const file = makeTiff([{ width: 8, height: 8, samples: 3, sample: pattern, fields }]);
  const size = START + width * height * 3;
  const path = join(folder, "strip.tif");
  writeSparse(path, size, [
    [0, file],
    [size - 3, Uint8Array.of(1, 2, 3)],
  ]);
  const { blob, close } = fileBlob(path);
  const source = await openTiff(blob, "strip.tif", INFLATE_ONLY);
  const { data } = await source.read(0, { x: width - 2, y: height - 2, width: 2, height: 2 });
  assert.deepEqual(Array.from(data), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
  close();
});

test("tiles that were just read are not read again, others than the last ones are", async () => {
  const across = 20; // 75 MiB of tiles
  const bytes = TILE * TILE * 3;
  const places = Array.from({ length: across * across }, (_, i) => GIGABYTE + i * bytes);
  const path = join(folder, "kept.tif");
  writeSparse(path, GIGABYTE + places.length * bytes, [[0, tiledAt(across, across, places)]]);
  const { blob, read, close } = fileBlob(path);
  const source = await openTiff(blob, "kept.tif", INFLATE_ONLY);
  assert.ok(read.bytes < 16 * 1024, `${read.bytes} bytes were read to open it`);
  const tiles = async (count: number): Promise<number> => {
    const before = read.bytes;
    for (let i = 0; i < count; i += 1) {
      const [x, y] = [(i % across) * TILE, Math.floor(i / across) * TILE];
      await source.read(0, { x, y, width: TILE, height: TILE });
    }
    return (read.bytes - before) / bytes;
  };
  const most = Math.floor(MAX_CACHE_BYTES / bytes);
  assert.equal(await tiles(most), most);
  assert.equal(await tiles(most), 0);
  assert.equal(await tiles(most + 1), 1);
  assert.equal(await tiles(most + 1), most + 1); // each was let go of just before
  source.close();
  assert.equal(await tiles(1), 1);
  close();
});

test("no more tiles are kept than who opens the file allows", async () => {
  const bytes = TILE * TILE * 3;
  const places = Array.from({ length: 9 }, (_, i) => GIGABYTE + i * bytes);
  const path = join(folder, "few.tif");
  writeSparse(path, GIGABYTE + places.length * bytes, [[0, tiledAt(3, 3, places)]]);
  const { blob, read, close } = fileBlob(path);
  const source = await openTiff(blob, "few.tif", { ...INFLATE_ONLY, cacheBytes: 6 * bytes });
  const rows = async (height: number): Promise<number> => {
    const before = read.bytes;
    await source.read(0, { x: 0, y: 0, width: 3 * TILE, height: height * TILE });
    return (read.bytes - before) / bytes;
  };
  assert.deepEqual([await rows(2), await rows(2)], [6, 0]);
  assert.deepEqual([await rows(3), await rows(3)], [3, 9]);
  close();
});

// INSITU_TIFF_TILES=108: tiles across and down; so many are 2.1 GB.
const side = Number(process.env["INSITU_TIFF_TILES"] ?? 40);

test("memory stays flat while all pixels of a large file are read", async () => {
  const bytes = TILE * TILE * 3;
  const places = Array.from({ length: side * side }, (_, i) => GIGABYTE + i * bytes);
  const path = join(folder, "flat.tif");
  const size = GIGABYTE + side * side * bytes;
  writeSparse(path, size, [[0, tiledAt(side, side, places)]]);
  const { blob, close } = fileBlob(path);
  const source = await openTiff(blob, "flat.tif", INFLATE_ONLY);
  const before = process.memoryUsage().rss;
  const started = performance.now();
  let most = 0;
  const part = { width: 4 * TILE, height: 4 * TILE };
  for (let y = 0; y < side * TILE; y += part.height) {
    for (let x = 0; x < side * TILE; x += part.width) {
      await source.read(0, { x, y, ...part });
      most = Math.max(most, process.memoryUsage().rss - before);
    }
  }
  close();
  const megabytes = Math.round(most / 2 ** 20);
  console.log(
    `${(size / GIGABYTE - 1).toFixed(2)} GB of pixels read in ` +
      `${((performance.now() - started) / 1000).toFixed(1)} s: memory grew by ${megabytes} MB, ` +
      `of which tiles kept are at most ${MAX_CACHE_BYTES / 2 ** 20} MB`,
  );
  assert.ok(megabytes < 300, `${megabytes} MB`);
});
