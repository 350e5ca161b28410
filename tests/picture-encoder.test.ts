// A picture of strips as a PNG, on made canvases; on the browser's own: tests/page/slide_picture.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureEncoder, type DrawingScope } from "../public/src/slide/picture-encoder.ts";

const PICTURE = {
  width: 2,
  height: 3,
  strips: [
    { top: 0, rows: 2, rgba: new Uint8ClampedArray(16).fill(1) },
    { top: 2, rows: 1, rgba: new Uint8ClampedArray(8).fill(2) },
  ],
};

function scope(): { scope: DrawingScope; put: [from: number, rows: number, top: number][] } {
  const put: [number, number, number][] = [];
  const ImageData = function (data: Uint8ClampedArray, _width: number, height: number) {
    return { data, height };
  };
  const OffscreenCanvas = function (width: number, height: number) {
    const putImageData = (pixels: ReturnType<typeof ImageData>, _left: number, top: number) =>
      put.push([pixels.data[0] ?? 0, pixels.height, top]);
    const convertToBlob = ({ type }: { type: string }) =>
      Promise.resolve(new Blob([`${width} × ${height}`], { type }));
    return { getContext: () => ({ putImageData }), convertToBlob };
  };
  return { scope: { ImageData, OffscreenCanvas } as unknown as DrawingScope, put };
}

test("Each strip of a picture is put at its place, also when the means of drawing are gone since", async () => {
  const made = scope();
  const encode = pictureEncoder(made.scope);
  Object.assign(made.scope, { ImageData: undefined, OffscreenCanvas: undefined });
  const png = await encode(PICTURE);
  assert.equal(await png.text(), "2 × 3");
  assert.equal(png.type, "image/png");
  assert.deepEqual(made.put, [
    [1, 2, 0],
    [2, 1, 2],
  ]);
});

test("A browser that draws nothing in a worker is told of", async () => {
  const { ImageData } = scope().scope;
  await assert.rejects(pictureEncoder({ ImageData })(PICTURE), {
    code: "no_picture",
    message: "This browser makes no PNG of a map: use a newer one.",
  });
});
