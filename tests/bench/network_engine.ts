// network_bench.wasm of some build, with a network in it.
import { readFileSync } from "node:fs";
import { hostImports } from "../../public/src/wasm-host.ts";

const WARM_UP_MS = 300;

export interface BenchEngine {
  memory: WebAssembly.Memory;
  _initialize(): void;
  bench_alloc(size: number): number;
  bench_load(model: number, size: number, batch: number): number;
  bench_run(batch: number, times: number): number;
  bench_profile(times: number): number;
  bench_step_name(step: number): number;
  bench_step_ms(step: number): number;
  bench_step_multiply_adds(step: number): number;
}

export async function start(path: string, model: Uint8Array, batch: number): Promise<BenchEngine> {
  const module = await WebAssembly.compile(readFileSync(path));
  const instance = await WebAssembly.instantiate(module, hostImports(module));
  const engine = instance.exports as unknown as BenchEngine;
  engine._initialize();
  const at = engine.bench_alloc(model.length);
  new Uint8Array(engine.memory.buffer).set(model, at);
  const status = engine.bench_load(at, model.length, batch);
  if (status !== 0) throw new Error(`${path} does not load the network (${status})`);
  return engine;
}

// V8 optimises a function only after it has run for a while.
export function warmUp(engine: BenchEngine, batch: number): void {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) engine.bench_run(batch, 1);
}
