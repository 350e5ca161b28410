// How long a tile of a TIFF that is packed by Deflate takes to be unpacked by codecs.wasm, beside
// fflate, which the page had for it before:
//   node tests/bench/deflate.ts [SIDE of a tile, 256]
// Prints milliseconds a tile and their ratio as the median and the range over the rounds; in a round
// both unpack the same tiles, one right after the other, so that what else the machine does meets both.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { Unzlib } from "fflate";
import { Codecs } from "../../public/src/slide/codecs.ts";
import { tissue } from "../made_images.ts";
import { spreadText } from "./versus/statistics.ts";

const side = Number(process.argv[2] ?? 256);
const TILES = 20; // a round
const ROUNDS = 9;
const PIECE = 16_384; // bytes

const root = join(import.meta.dirname, "../..");
const wasm = await WebAssembly.compile(readFileSync(join(root, "build/wasm-simd/codecs.wasm")));
const codecs = await Codecs.create(wasm);
const tiles = Array.from({ length: TILES }, (_, seed) => {
  const plain = Uint8Array.from(tissue(side, side, seed).rgb);
  return { plain, packed: new Uint8Array(deflateSync(plain)) };
});

// By pieces, so that nothing much is unpacked beyond the tile.
function byFflate(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let to = 0;
  const unzlib = new Unzlib((chunk) => {
    out.set(chunk, to);
    to += chunk.length;
  });
  for (let from = 0; from < packed.length; from += PIECE)
    unzlib.push(packed.subarray(from, from + PIECE), from + PIECE >= packed.length);
  return out;
}

type Unpack = (packed: Uint8Array, size: number) => Uint8Array;
const WAYS: [string, Unpack][] = [
  ["fflate", byFflate],
  ["codecs.wasm", (packed, size) => codecs.inflate(packed, size)],
];

function milliseconds(unpack: Unpack): number {
  const started = performance.now();
  for (const { packed, plain } of tiles) unpack(packed, plain.length);
  return (performance.now() - started) / TILES;
}

for (const [name, unpack] of WAYS)
  for (const { packed, plain } of tiles)
    assert.ok(Buffer.from(unpack(packed, plain.length)).equals(plain), `${name} is right`);
const rounds = Array.from({ length: ROUNDS }, () => WAYS.map(([, unpack]) => milliseconds(unpack)));
const share =
  tiles.reduce((sum, { packed, plain }) => sum + packed.length / plain.length, 0) / TILES;
console.log(`Tiles of ${side} × ${side} RGB, packed to ${(share * 100).toFixed(0)} %:`);
WAYS.forEach(([name], way) =>
  console.log(`  ${name}: ${spreadText(rounds.map((round) => round[way] ?? NaN))} ms a tile`),
);
console.log(
  `  fflate / codecs.wasm: ${spreadText(rounds.map(([before = NaN, now = NaN]) => before / now))}`,
);
