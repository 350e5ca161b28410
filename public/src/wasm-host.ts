// The few functions that every WebAssembly build asks of its host. Nothing here can reach a file, the
// network or the page. Beside them what every file that touches its pointers needs: how a break reads,
// and a text in its memory.
import { EngineError, textOf } from "./messages.ts";

type HostFunction = (...values: never[]) => number | undefined;

export type HostFunctions = Record<string, HostFunction>;

const COMMON: HostFunctions = {
  "env.now_ms": () => performance.now(),
  "env.emscripten_notify_memory_growth": () => undefined, // every view is made afresh anyway
};

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
