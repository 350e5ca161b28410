// What the bench asks of a page, and what a page gives: one engine with one network, on the page's own
// thread and whatever threads the engine starts.
import type { ProfiledStep } from "./network_wasm.ts";

export interface LoadRequest {
  network: string;
  batch: number;
  threads: number;
  build: "relaxed" | "simd"; // of our engine
}

export interface Loaded {
  threads: number | null; // as the engine itself says; null where it does not
}

export interface Slice {
  runs: number;
  ms: number; // that these took together
}

export interface BenchPage {
  load(request: LoadRequest): Promise<Loaded>;
  output(): Promise<number[]>; // of the input that all engines are given
  run(ms: number): Promise<Slice>;
}

export type PeakKernel = "madd" | "multiplyAndAdd";

// What the page of our engine offers beside that, on one thread.
export interface OwnPage {
  peak(kernel: PeakKernel, ms: number): number; // as NetworkWasm has it
  profile(ms: number): ProfiledStep[]; // in one run, averaged over those of about so many milliseconds
}

// A network ready to run.
export interface Ready extends Loaded {
  run(): Promise<Float32Array>; // (batch, classes), of the input it was given when it was made
}

// input: (batch, height, width, channels)
export type Load = (request: LoadRequest, input: Float32Array, shape: ImageShape) => Promise<Ready>;

export type ImageShape = readonly [height: number, width: number, channels: number];

// What lies beside a network's files, NAME.json: its layers, with where their weights are in NAME.bin.
export interface LayerFile {
  input: string;
  output: string;
  image: ImageShape;
  classes: number;
  layers: StoredLayer[];
}

export interface StoredWeights {
  shape: number[];
  offset: number; // values of NAME.bin
}

export interface StoredLayer {
  kind: string;
  inputs: string[];
  output: string;
  activation: "none" | "relu" | "relu6";
  shape: number[]; // of the output, of one item
  window?: {
    kernel: [number, number];
    stride: [number, number];
    pads: [number, number, number, number]; // top, left, bottom, right
    padding: "same" | "valid" | "explicit";
  };
  weights?: StoredWeights;
  bias?: StoredWeights;
}
