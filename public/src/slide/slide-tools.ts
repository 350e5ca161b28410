// What a slide is given, and what it tells. Types only.
import type { ModelFacts, NetworkRequest, OperatingPoint } from "../messages.ts";
import type { SlideKind } from "./scale.ts";
import type { Turns } from "./turns.ts";
import type { SlideWorkerLike } from "./worker-client.ts";

export type Phase = "waiting" | "opening" | "asking" | "scanning" | "paused" | "done" | "failed";

export interface SlideModel {
  facts: ModelFacts;
  file: ArrayBuffer;
}

export interface SlideTools {
  createWorker: () => SlideWorkerLike;
  codecs: WebAssembly.Module;
  scan: WebAssembly.Module;
  model: (kind: SlideKind) => Promise<SlideModel>;
  point: (model: ModelFacts) => OperatingPoint; // in force
  workers: number;
  turns: Turns; // one scan at a time
  now: () => number; // ms
  onRequests: (requests: NetworkRequest[]) => void;
}

export interface Progress {
  share: number; // of the cells
  leftMs: number | null; // null: not known yet
}

export interface Times {
  firstBlockMs: number | null; // from the beginning of the scan
  scanMs: number | null; // of the whole map
}

export type Change = { kind: "state" } | { kind: "map" } | { kind: "block"; block: number };
