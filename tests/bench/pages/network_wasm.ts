// network_bench.wasm: our engine without images around it (tests/bench/network_bench.h).
import { hostImports, textAt } from "../../../public/src/wasm-host.ts";
import type { PeakKernel } from "./protocol.ts";

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  bench_alloc(size: number): number;
  bench_load(model: number, size: number, batch: number): number;
  bench_input(): number;
  bench_output(): number;
  bench_output_count(): number;
  bench_run(batch: number, times: number): number;
  bench_profile(times: number): number;
  bench_step_name(step: number): number;
  bench_step_ms(step: number): number;
  bench_step_multiply_adds(step: number): number;
  peak_operations(): number;
  peak_madd(rounds: number): number;
  peak_multiply_and_add(rounds: number): number;
}

export interface ProfiledStep {
  name: string;
  ms: number;
  multiplyAdds: number; // of one item
}

export class NetworkWasm {
  readonly #wasm: Exports;
  readonly #batch: number;

  private constructor(wasm: Exports, batch: number) {
    this.#wasm = wasm;
    this.#batch = batch;
  }

  static async create(
    module: WebAssembly.Module,
    model: Uint8Array,
    batch: number,
  ): Promise<NetworkWasm> {
    const instance = await WebAssembly.instantiate(module, hostImports(module));
    const wasm = instance.exports as unknown as Exports;
    wasm._initialize();
    const at = wasm.bench_alloc(model.length) >>> 0;
    if (at === 0) throw new Error("no memory for the model");
    new Uint8Array(wasm.memory.buffer).set(model, at);
    const status = wasm.bench_load(at, model.length, batch);
    if (status !== 0) throw new Error(`the engine does not load the network (${status})`);
    return new NetworkWasm(wasm, batch);
  }

  // input: (batch, height, width, channels). Returns (batch, classes).
  run(input: Float32Array): Float32Array<ArrayBuffer> {
    const wasm = this.#wasm;
    new Float32Array(wasm.memory.buffer, wasm.bench_input() >>> 0, input.length).set(input);
    if (Number.isNaN(wasm.bench_run(this.#batch, 1))) throw new Error("the run failed");
    const count = wasm.bench_output_count();
    return new Float32Array(wasm.memory.buffer, wasm.bench_output() >>> 0, count).slice();
  }

  // On the numbers that it began with.
  repeat(times: number): void {
    if (Number.isNaN(this.#wasm.bench_run(this.#batch, times))) throw new Error("the run failed");
  }

  // The milliseconds are those of all runs profiled so far.
  profile(times: number): ProfiledStep[] {
    const wasm = this.#wasm;
    const steps = wasm.bench_profile(times);
    if (steps < 0) throw new Error("the run failed");
    return Array.from({ length: steps }, (_, step) => ({
      name: textAt(wasm.memory, wasm.bench_step_name(step)),
      ms: wasm.bench_step_ms(step),
      multiplyAdds: wasm.bench_step_multiply_adds(step),
    }));
  }

  // Floating-point operations a millisecond of the kernel, in about so many milliseconds; 0 where
  // the build does not have it.
  peak(kernel: PeakKernel, ms: number): number {
    const ROUNDS = 1_000_000; // a millisecond and more, which the clock of a page can tell
    const wasm = this.#wasm;
    const call = (rounds: number) =>
      kernel === "madd" ? wasm.peak_madd(rounds) : wasm.peak_multiply_and_add(rounds);
    if (call(1) === 0) return 0;
    let best = 0;
    const start = performance.now();
    while (performance.now() - start < ms) {
      const before = performance.now();
      call(ROUNDS);
      const rate = (ROUNDS * wasm.peak_operations()) / (performance.now() - before);
      best = Math.max(best, rate);
    }
    return best;
  }
}
