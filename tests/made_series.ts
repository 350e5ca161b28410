// A slide in DICOM as scanners write it: a file for each level and for what lies beside the section.
import {
  dicomFile,
  element,
  replaced,
  SERIES_UID,
  wholeSlide,
  type DicomElement,
} from "./make_dicom.ts";

export interface MadeLevel {
  readonly width: number;
  readonly height: number;
  readonly tile: number;
  readonly umPerPixel: number;
  readonly at: (x: number, y: number, channel: number) => number; // its samples
  readonly series?: string;
  readonly flavour?: string; // VOLUME
  readonly number?: number; // in the series
  readonly also?: readonly DicomElement[];
}

export function levelFile(of: MadeLevel): Uint8Array<ArrayBuffer> {
  const { width, height, tile, at } = of;
  const tiles: Uint8Array[] = [];
  for (let top = 0; top < height; top += tile)
    for (let left = 0; left < width; left += tile)
      tiles.push(
        Uint8Array.from({ length: 3 * tile * tile }, (_, i) => {
          const pixel = Math.floor(i / 3);
          const [x, y] = [left + (pixel % tile), top + Math.floor(pixel / tile)];
          return x < width && y < height ? at(x, y, i % 3) : 0;
        }),
      );
  const spacing = (of.umPerPixel / 1000).toFixed(7);
  const elements = wholeSlide({ width, height, tile, spacingMm: `${spacing}\\${spacing}` }, tiles);
  return dicomFile(
    replaced(
      elements,
      element(0x00080008, "CS", `ORIGINAL\\PRIMARY\\${of.flavour ?? "VOLUME"}\\NONE`),
      element(0x0020000e, "UI", of.series ?? SERIES_UID),
      element(0x00200013, "IS", String(of.number ?? 1)),
      element(0x00200052, "UI", "2.25.1003"),
      ...(of.also ?? []),
    ),
  );
}
