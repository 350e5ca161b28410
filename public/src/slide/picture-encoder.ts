// Pictures that the page has drawn become PNGs in a worker: the memory of a whole one alone takes too long
// for a task of the page.
import { EngineError } from "../messages.ts";
import type { Picture } from "./messages.ts";

// What a worker draws with; it fetches nothing. Browsers before 2023 have no OffscreenCanvas.
export type DrawingScope = Partial<Pick<typeof globalThis, "OffscreenCanvas">> &
  Pick<typeof globalThis, "ImageData">;

// To be made before network-lock.ts takes the means of drawing away.
export function pictureEncoder({
  OffscreenCanvas: Canvas,
  ImageData: CanvasPixels,
}: DrawingScope): (picture: Picture) => Promise<Blob> {
  return async ({ width, height, strips }) => {
    const canvas = Canvas && new Canvas(width, height);
    const context = canvas?.getContext("2d");
    if (canvas === undefined || !context)
      throw new EngineError("no_picture", "This browser makes no PNG of a map: use a newer one.");
    for (const { top, rows, rgba } of strips)
      context.putImageData(new CanvasPixels(rgba, width, rows), 0, top);
    return canvas.convertToBlob({ type: "image/png" });
  };
}
