// An opened file of any format: what it says of itself, and its pixels by rectangles. Made in a worker
// by formats/open.ts; nothing else of the page knows a format.

// Of one picture: a file, or those of a DICOM series that are its levels, the finest first.
export type SlideFiles = readonly [Blob, ...Blob[]];

export interface Level {
  readonly width: number; // pixels
  readonly height: number;
}

export interface Rectangle {
  readonly x: number; // pixels of a level
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

// data: (height, width, channels) u8, sRGB, upright, over white; of a film: after its VOI transform,
// the brightest the densest.
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array<ArrayBuffer>;
}

export interface SlideFacts {
  readonly format: string; // for a person: "SVS (JPEG 2000 tiles)"
  readonly levels: readonly Level[]; // the finest first, at least one
  readonly channels: 1 | 3;
  readonly umPerPixel: number | null; // of level 0; null: the file does not say
  readonly scaleFrom: string | null; // where it says so: "aperio.MPP", "Imager Pixel Spacing (0018,1164)"
  readonly kind: "histology" | "mammogram" | null; // as the file says, by its modality
  readonly sequential: boolean; // reading goes forward only (PNG, JPEG): one reader, rows in order
  readonly notes: readonly string[]; // sentences that a person has to be told with every result
}

export interface SlideSource {
  readonly facts: SlideFacts;
  // The part of the rectangle that lies in the level. Rejects with an EngineError that says what is
  // wrong with the file and what to do, or with the signal's reason.
  read(level: number, rectangle: Rectangle, signal?: AbortSignal): Promise<Pixels>;
  close(): void;
}
