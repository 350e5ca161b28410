// The few functions that the WebAssembly build asks of its host: a clock, and a place for the last
// words of an abort. Nothing here can reach a file, the network or the page. Beside them what every
// file that touches its pointers needs: how a break reads, and a text in its memory.
import { EngineError } from "./messages.ts";

// Filled in by the caller once the instance exists.
export interface HostState {
  memory: WebAssembly.Memory | null;
  stderr: string; // what was written before an abort
}

type HostFunction = (...values: never[]) => number | undefined;

const WASI_SUCCESS = 0;
const WASI_BAD_DESCRIPTOR = 8;
const NANOSECONDS_PER_MILLISECOND = 1e6;
const MAX_STDERR = 2_000; // characters kept

function view(host: HostState): DataView {
  if (host.memory === null) throw new Error("the engine called its host before it was started");
  return new DataView(host.memory.buffer);
}

function clockTimeGet(host: HostState, out: number): number {
  const nanoseconds = BigInt(Math.round(performance.now() * NANOSECONDS_PER_MILLISECOND));
  view(host).setBigUint64(out >>> 0, nanoseconds, true);
  return WASI_SUCCESS;
}

type HostFunctions = Record<string, HostFunction>;

function common(host: HostState): HostFunctions {
  return {
    "wasi_snapshot_preview1.clock_time_get": (_id: number, _precision: bigint, out: number) =>
      clockTimeGet(host, out),
    "env.emscripten_notify_memory_growth": () => undefined, // every view is made afresh anyway
  };
}

// Keeps the text; vectors: an array of (pointer, length).
function fdWrite(host: HostState, vectors: number, count: number, out: number): number {
  const memory = view(host);
  let written = 0;
  for (let i = 0; i < count; i++) {
    const at = memory.getUint32(vectors + 8 * i, true);
    const length = memory.getUint32(vectors + 8 * i + 4, true);
    const text = new TextDecoder().decode(new Uint8Array(memory.buffer, at, length));
    host.stderr = (host.stderr + text).slice(-MAX_STDERR);
    written += length;
  }
  memory.setUint32(out, written, true);
  return WASI_SUCCESS;
}

// For what hostImports takes: of a module that can say why it aborts. The engine cannot, and its
// worker does without.
export function lastWords(host: HostState): HostFunctions {
  return {
    "wasi_snapshot_preview1.fd_write": (
      _descriptor: number,
      vectors: number,
      count: number,
      out: number,
    ) => fdWrite(host, vectors, count, out),
    "wasi_snapshot_preview1.fd_close": () => WASI_BAD_DESCRIPTOR,
    "wasi_snapshot_preview1.fd_seek": () => WASI_BAD_DESCRIPTOR,
    "wasi_snapshot_preview1.proc_exit": (code: number) => {
      throw new Error(`it ended itself with code ${code}`);
    },
  };
}

// What to instantiate the module with. A function that is not known here throws, with its name,
// when it is called.
export function hostImports(
  module: WebAssembly.Module,
  host: HostState,
  more: HostFunctions = {},
): WebAssembly.Imports {
  const functions = { ...common(host), ...more };
  const imports: Record<string, Record<string, HostFunction>> = {};
  for (const { module: space, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== "function") continue; // instantiation refuses it, by name
    const key = `${space}.${name}`;
    const unknown: HostFunction = () => {
      throw new Error(`the engine asked for ${key}, which this host does not offer`);
    };
    (imports[space] ??= {})[name] = functions[key] ?? unknown;
  }
  return imports;
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// What a call into WebAssembly threw, as an EngineError: what it threw of its own (a trap, an abort)
// becomes one. who: "The engine".
export function asFailure(host: HostState, who: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const said = host.stderr.trim();
  const reason = said === "" ? textOf(error) : said;
  return new EngineError("engine_trap", `${who} broke off: ${reason}.`);
}

const utf8 = new TextDecoder();

// The text at the pointer, up to its NUL.
export function textAt(memory: WebAssembly.Memory, pointer: number): string {
  const at = pointer >>> 0;
  const bytes = new Uint8Array(memory.buffer); // afresh: any call may grow the memory
  return utf8.decode(bytes.subarray(at, bytes.indexOf(0, at)));
}
