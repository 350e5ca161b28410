// What crosses between the page and the slide part's workers. Types only.
import type { NetworkRequest } from "../messages.ts";
import type { DicomIdentity } from "./formats/dicom-identity.ts";
import type { Point } from "./probability-map.ts";
import type { ScanGate, ScanSummary } from "./scanner.ts";
import type { ScanBlockResult, ScanPlan } from "./scan-engine.ts";
import type { Pixels, Rectangle, SlideFacts, SlideFiles } from "./source.ts";

export interface StartRequest {
  op: "start";
  codecs: WebAssembly.Module | null; // null: this worker opens no file
}

export interface OpenRequest {
  op: "open";
  files: SlideFiles; // read by slices
  name: string;
  cacheBytes?: number; // of decoded tiles that are kept; as the format has it where not said
}

// Which of the files are one slide; no file need be open for it.
export interface SeriesRequest {
  op: "series";
  files: readonly Blob[];
}

// The engine of a scan, with its model; another one replaces it.
export interface ModelRequest {
  op: "model";
  scan: WebAssembly.Module;
  model: ArrayBuffer;
  sha256: string;
}

export interface PlanRequest {
  op: "plan";
  level: number; // of the file, the one that is read
  width: number; // of that level, pixels
  height: number;
  channels: 1 | 3;
  umPerPixel: number; // of that level
  stride: number; // pixels at model scale, 0: the patch side
  gate: ScanGate;
}

// A part of level 0, drawn at so many pixels, for the screen.
export interface TileRequest {
  op: "tile";
  rectangle: Rectangle;
  width: number;
  height: number;
}

// The pixels of a block, for another worker.
export interface ReadRequest {
  op: "read";
  level: number;
  rectangle: Rectangle; // of that level
}

export interface RunRequest {
  op: "run";
  block: number;
  pixels: Pixels | null; // null: the worker reads them itself
}

// Some cells of the map that was planned, for summaries; kept by the worker until another is planned.
export interface CellsRequest {
  op: "cells";
  from: number; // row * columns + column of the first
  values: Float32Array<ArrayBuffer>;
  verdicts: Uint8Array<ArrayBuffer>;
}

export interface SummaryRequest {
  op: "summary";
  threshold: number;
  regions: Point[][]; // what lies outside of them counts as such; none: all is looked at
}

// Whose image it is, for an export to DICOM that the person asks for.
export interface IdentityRequest {
  op: "identity";
}

// Rows of a picture from one side to the other.
export interface PictureStrip {
  top: number;
  rows: number;
  rgba: Uint8ClampedArray<ArrayBuffer>; // (rows, width, 4), sRGB
}

export interface Picture {
  width: number;
  height: number;
  strips: PictureStrip[]; // all of it
}

// A picture that the page has drawn, as a PNG.
export interface PngRequest {
  op: "png";
  picture: Picture;
}

export type SlideRequest =
  | IdentityRequest
  | PngRequest
  | SeriesRequest
  | StartRequest
  | OpenRequest
  | ModelRequest
  | PlanRequest
  | TileRequest
  | ReadRequest
  | RunRequest
  | CellsRequest
  | SummaryRequest;

export interface Tile {
  width: number;
  height: number;
  rgba: Uint8ClampedArray<ArrayBuffer>;
  isGrey: boolean; // no pixel of it has a colour
}

export interface SlideAnswers {
  identity: DicomIdentity | null; // null: the file is no DICOM
  series: number[][]; // of numbers of the files
  start: null;
  open: SlideFacts;
  model: null;
  plan: ScanPlan;
  tile: Tile;
  read: Pixels;
  run: ScanBlockResult;
  cells: null;
  summary: ScanSummary;
  png: Blob;
}

export type SlideMessage = (SlideRequest & { id: number }) | { op: "forget"; id: number };

export interface SlideWorkerState {
  memoryBytes: number; // of its WebAssembly memories
  requests: NetworkRequest[]; // there should be none
}

export type SlideReply = SlideWorkerState & { id: number } & (
    | { ok: true; value: SlideAnswers[keyof SlideAnswers] }
    // fatal: discard the worker
    | { ok: false; code: string; message: string; fatal: boolean }
  );
