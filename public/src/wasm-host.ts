// The few functions that the WebAssembly build asks of its host: a clock, and a place for the last
// words of an abort. Nothing here can reach a file, the network or the page. Beside them what every
// file that touches its pointers needs: how a break reads, and a text in its memory.
import { EngineError } from "./messages.ts";

type HostFunction = (...values: never[]) => number | undefined;

const WASI_SUCCESS = 0;
const WASI_BAD_DESCRIPTOR = 8;
const MAX_LAST_WORDS = 2_000; // characters kept

type HostFunctions = Record<string, HostFunction>;

const COMMON: HostFunctions = {
  "env.now_ms": () => performance.now(),
  "env.emscripten_notify_memory_growth": () => undefined, // every view is made afresh anyway
};

// Of a module that can say why it aborts: codecs.wasm. The engine cannot.
export interface LastWords {
  memory: WebAssembly.Memory | null; // filled in by the caller once the instance exists
  said: string; // what was written before an abort
}

// Keeps the text; vectors: an array of (pointer, length).
function fdWrite(host: LastWords, vectors: number, count: number, out: number): number {
  if (host.memory === null) throw new Error("it called its host before it was started");
  const memory = new DataView(host.memory.buffer);
  let written = 0;
  for (let i = 0; i < count; i++) {
    const at = memory.getUint32(vectors + 8 * i, true);
    const length = memory.getUint32(vectors + 8 * i + 4, true);
    const text = new TextDecoder().decode(new Uint8Array(memory.buffer, at, length));
    host.said = (host.said + text).slice(-MAX_LAST_WORDS);
    written += length;
  }
  memory.setUint32(out, written, true);
  return WASI_SUCCESS;
}

// For hostImports.
export function lastWordsImports(host: LastWords): HostFunctions {
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
  more: HostFunctions = {},
): WebAssembly.Imports {
  const functions = { ...COMMON, ...more };
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
// becomes one. who: "The engine". said: its last words, where it has any.
export function asFailure(who: string, error: unknown, said = ""): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError("engine_trap", `${who} broke off: ${said.trim() || textOf(error)}.`);
}

const utf8 = new TextDecoder();

// The text at the pointer, up to its NUL.
export function textAt(memory: WebAssembly.Memory, pointer: number): string {
  const at = pointer >>> 0;
  const bytes = new Uint8Array(memory.buffer); // afresh: any call may grow the memory
  return utf8.decode(bytes.subarray(at, bytes.indexOf(0, at)));
}
