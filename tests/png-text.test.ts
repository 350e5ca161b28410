import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withText } from "../public/src/slide/export/png-text.ts";
import { decodePng, pngChunks } from "./decode_png.ts";
import { png } from "./made_images.ts";
import { section } from "./made_section.ts";

const picture = png(section({ width: 40, height: 30 }));

describe("words in a PNG", () => {
  test("They are one chunk behind the header, as UTF-8, and the picture stays as it is", async () => {
    for (const text of ["", '{"scale":"4 µm"}', "Ünïcödé ".repeat(1000)]) {
      const blob = withText(new Blob([Uint8Array.from(picture)]), "Comment", text);
      assert.equal(blob.type, "image/png");
      const file = Buffer.from(await blob.arrayBuffer());
      const [header, words, ...rest] = pngChunks(file); // which checks their sums
      assert.deepEqual([header, ...rest], pngChunks(picture));
      assert.equal(words?.type, "iTXt");
      assert.equal(words.data.toString("utf8"), `Comment\0\0\0\0\0${text}`);
      assert.deepEqual(decodePng(file), decodePng(picture));
    }
  });
});
