// Files beyond 4 GB, sparse on the disk, and what reading a large one does to memory.
import assert from "node:assert/strict";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileBlob } from "./file_blob.ts";
import { openTiff } from "../public/src/slide/formats/tiff.ts";
import { MAX_CACHE_BYTES } from "../public/src/slide/formats/tiff/limits.ts";
import { longs, makeTiff, NO_CODECS, pattern, TYPE, type MadeImage } from "./make_tiff.ts";

const GIGABYTE = 2 ** 30;
const folder = mkdtempSync(join(tmpdir(), "insitu-tiff-"));
after(() => rmSync(folder, { recursive: true }));

// pieces: bytes at their places in a file of that size, all else zero
function sparse(name: string, size: number, pieces: [number, Uint8Array][]): string {
  const path = join(folder, name);
  const file = openSync(path, "w");
  ftruncateSync(file, size);
  for (const [at, bytes] of pieces) writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
  return path;
}

const TILE = 256;
const ACROSS = 3;
const side = TILE * ACROSS;
const plain: MadeImage = {
  width: side,
  height: side,
  samples: 3,
  sample: pattern,
  tile: [TILE, TILE],
};

function tileBytes(column: number, row: number): Uint8Array {
  const bytes = new Uint8Array(TILE * TILE * 3);
  for (let i = 0; i < bytes.length; i += 1) {
    const [x, y] = [Math.floor(i / 3) % TILE, Math.floor(i / 3 / TILE)];
    bytes[i] = pattern(column * TILE + x, row * TILE + y, i % 3);
  }
  return bytes;
}

test("tiles and the directory of a BigTIFF of 9 GB are read where they lie, beyond 4 GB", async () => {
  const places = Array.from(
    { length: ACROSS * ACROSS },
    (_, i) => 4.5 * GIGABYTE + i * 0.4 * GIGABYTE,
  ).map(Math.floor);
  const file = makeTiff(
    [
      {
        ...plain,
        packed: () => Uint8Array.of(0),
        fields: [
          { tag: 324, type: TYPE.long8, values: places },
          longs(325, ...places.map(() => TILE * TILE * 3)),
        ],
      },
    ],
    { big: true },
  );
  const view = new DataView(file.buffer);
  const directory = Number(view.getBigUint64(8, true));
  view.setBigUint64(8, BigInt(8.5 * GIGABYTE), true);
  const path = sparse("big.tif", 9 * GIGABYTE, [
    [0, file],
    [8.5 * GIGABYTE, file.subarray(directory)],
    ...places.map((at, i): [number, Uint8Array] => [
      at,
      tileBytes(i % ACROSS, Math.floor(i / ACROSS)),
    ]),
  ]);
  const { blob, close } = fileBlob(path);
  const source = await openTiff(blob, "big.tif", NO_CODECS);
  assert.equal(source.facts.format, "BigTIFF (uncompressed tiles)");
  const { data } = await source.read(0, { x: 0, y: 0, width: side, height: side });
  for (let i = 0; i < data.length; i += 1) {
    const [x, y] = [Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
    if (data[i] !== pattern(x, y, i % 3)) assert.fail(`at ${x}, ${y}`);
  }
  close();
});

test("a single uncompressed strip of 5 GB is read by rows, also where its length does not fit its field", async () => {
  const [width, height] = [40_000, 45_000];
  const file = makeTiff([
    {
      width: 8,
      height: 8,
      samples: 3,
      sample: pattern,
      fields: [
        longs(256, width),
        longs(257, height),
        longs(278, height),
        longs(273, 4096),
        longs(279, 0xffffffff),
      ],
    },
  ]);
  const last = 4096 + (width * (height - 1) + 39_999) * 3;
  const path = sparse("strip.tif", 4096 + width * height * 3, [
    [0, file],
    [last, Uint8Array.of(1, 2, 3)],
  ]);
  const { blob, close } = fileBlob(path);
  const source = await openTiff(blob, "strip.tif", NO_CODECS);
  const { data } = await source.read(0, { x: 39_998, y: 44_998, width: 2, height: 2 });
  assert.deepEqual(Array.from(data), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
  close();
});

test("reading 300 MB of a file's pixels leaves memory flat", async () => {
  const [across, down] = [40, 40];
  const bytes = TILE * TILE * 3;
  const places = Array.from({ length: across * down }, (_, i) => GIGABYTE + i * bytes);
  const file = makeTiff(
    [
      {
        ...plain,
        width: across * TILE,
        height: down * TILE,
        packed: () => Uint8Array.of(0),
        fields: [
          { tag: 324, type: TYPE.long8, values: places },
          longs(325, ...places.map(() => bytes)),
        ],
      },
    ],
    { big: true },
  );
  const path = sparse("flat.tif", GIGABYTE + across * down * bytes, [[0, file]]);
  const { blob, close } = fileBlob(path);
  const source = await openTiff(blob, "flat.tif", NO_CODECS);
  const before = process.memoryUsage().rss;
  let most = 0;
  for (let row = 0; row < down; row += 4)
    for (let column = 0; column < across; column += 4) {
      await source.read(0, { x: column * TILE, y: row * TILE, width: 4 * TILE, height: 4 * TILE });
      most = Math.max(most, process.memoryUsage().rss - before);
    }
  close();
  const megabytes = Math.round(most / 2 ** 20);
  console.log(
    `memory grew by ${megabytes} MB; tiles kept: at most ${MAX_CACHE_BYTES / 2 ** 20} MB`,
  );
  assert.ok(megabytes < 250, `${megabytes} MB`);
});
