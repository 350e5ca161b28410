// The reader of PNGs that tests check pictures with: that it sees pixels and words wherever they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { decodePng, pngChunks, pngText } from "./decode_png.ts";
import { png, tissue } from "./made_images.ts";
import { chunk } from "./made_pictures.ts";

const picture = tissue(23, 17, 1);
const file = png(picture);

test("A PNG of known pixels is read, whichever way its rows are filtered", () => {
  const { width, height, channels, data } = decodePng(file);
  assert.deepEqual([width, height, channels], [23, 17, 3]);
  assert.deepEqual(data, picture.rgb);
  // Rows that each filter in turn takes from what is left, above and at the corner.
  const stride = 3 * 23;
  const rows = Buffer.alloc(17 * (stride + 1));
  for (let y = 0; y < 17; y++) {
    const at = (x: number, row: number) =>
      x < 0 || row < 0 ? 0 : (picture.rgb[row * stride + x] ?? 0);
    rows[y * (stride + 1)] = y % 5;
    for (let x = 0; x < stride; x++) {
      const [a, b, c] = [at(x - 3, y), at(x, y - 1), at(x - 3, y - 1)];
      const nearest = [a, b, c].toSorted(
        (one, other) => Math.abs(a + b - c - one) - Math.abs(a + b - c - other),
      )[0];
      const taken = [0, a, b, (a + b) >> 1, nearest ?? 0][y % 5] ?? 0;
      rows[y * (stride + 1) + 1 + x] = at(x, y) - taken;
    }
  }
  const header = Buffer.from(file.subarray(0, 33));
  const filtered = Buffer.concat([
    header,
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array(0)),
  ]);
  assert.deepEqual(decodePng(filtered).data, picture.rgb);
});

test("Words in a PNG are found, packed or not, and its pixels are none", () => {
  assert.equal(pngText(file), "");
  const packed = deflateSync("HIDDEN");
  for (const [type, data] of [
    ["tEXt", Buffer.from("Comment\0HIDDEN", "latin1")],
    ["zTXt", Buffer.concat([Buffer.from("Comment\0\0", "latin1"), packed])],
    ["iTXt", Buffer.from("Comment\0\0\0en\0Comment\0HIDDEN", "latin1")],
    ["iTXt", Buffer.concat([Buffer.from("Comment\0\x01\0en\0Comment\0", "latin1"), packed])],
    ["eXIf", Buffer.from("MM\0*HIDDEN", "latin1")],
    ["prIv", Buffer.from("HIDDEN", "latin1")],
  ] as const) {
    const said = Buffer.concat([file.subarray(0, 33), chunk(type, data), file.subarray(33)]);
    assert.match(pngText(said), /HIDDEN/, type);
  }
});

test("A PNG that is cut off or damaged is no PNG", () => {
  assert.throws(() => pngChunks(file.subarray(0, file.length - 12)));
  const damaged = Buffer.from(file);
  damaged[60] = (damaged[60] ?? 0) ^ 1;
  assert.throws(() => pngChunks(damaged), /is whole/);
});
