// What codecs.wasm asks of its host beside the others: a place for what it says before it aborts.
import type { HostFunctions } from "../wasm-host.ts";

const WASI_SUCCESS = 0;
const WASI_BAD_DESCRIPTOR = 8;
const MAX_LAST_WORDS = 2_000; // characters kept

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
