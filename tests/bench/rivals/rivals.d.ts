// As much of the rivals' packages as the bench calls. They are not installed where the project is only
// built or tested, so the compiler takes their types from here.
declare module "flatbuffers" {
  export class Builder {
    constructor(size: number);
    bb: { setPosition(position: number): void; bytes(): Uint8Array };
    space: number;
    startObject(fields: number): void;
    endObject(): number;
    startVector(elementSize: number, count: number, alignment: number): void;
    endVector(): number;
    addInt32(value: number): void;
    addOffset(offset: number): void;
    addFieldInt8(field: number, value: number, unset: number): void;
    addFieldInt32(field: number, value: number, unset: number): void;
    addFieldFloat32(field: number, value: number, unset: number): void;
    addFieldOffset(field: number, offset: number, unset: number): void;
    createString(text: string): number;
    finish(root: number, identifier: string): void;
    asUint8Array(): Uint8Array;
  }
}

declare module "@tensorflow/tfjs-core" {
  export interface Tensor {
    readonly shape: number[];
    dataSync(): Float32Array;
    dispose(): void;
  }
  type Pair = [number, number];
  type Pads = "same" | "valid" | [Pair, Pair, Pair, Pair];
  type Activation = "linear" | "relu" | "relu6";
  interface ConvolutionOptions {
    x: Tensor;
    filter: Tensor;
    strides: Pair;
    pad: Pads;
    bias: Tensor;
    activation: Activation;
  }
  export const fused: {
    conv2d(options: ConvolutionOptions): Tensor;
    depthwiseConv2d(options: ConvolutionOptions): Tensor;
    matMul(options: { a: Tensor; b: Tensor; bias: Tensor; activation: Activation }): Tensor;
  };
  export function tensor(values: Float32Array, shape: number[]): Tensor;
  export function tidy<T>(run: () => T): T;
  export function maxPool(x: Tensor, kernel: Pair, strides: Pair, pad: "same" | "valid"): Tensor;
  export function mean(x: Tensor, axes: number[]): Tensor;
  export function add(a: Tensor, b: Tensor): Tensor;
  export function relu(x: Tensor): Tensor;
  export function relu6(x: Tensor): Tensor;
  export function concat(tensors: Tensor[], axis: number): Tensor;
  export function reshape(x: Tensor, shape: number[]): Tensor;
  export function softmax(x: Tensor): Tensor;
  export function setBackend(name: string): Promise<boolean>;
  export function ready(): Promise<void>;
  export function env(): { set(flag: string, value: boolean): void };
}

declare module "@tensorflow/tfjs-backend-wasm" {
  export function setWasmPaths(prefix: string | Record<string, string>): void;
  export function setThreadsCount(count: number): void;
  export function getThreadsCount(): number;
}

declare module "@litertjs/core" {
  export class Tensor {
    constructor(values: Float32Array, shape: number[]);
    toTypedArray(): Float32Array;
    delete(): void;
  }
  export interface CompiledModel {
    run(input: Tensor): Promise<Tensor[]>;
  }
  export interface LiteRt {
    getThreadCount(): number;
  }
  export function loadLiteRt(path: string, options?: { threads?: boolean }): Promise<LiteRt>;
  export function loadAndCompile(
    model: string | Uint8Array,
    options: { accelerator: "wasm"; cpuOptions?: { numThreads: number } },
  ): Promise<CompiledModel>;
}
