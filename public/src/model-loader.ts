// Fetches what the workers are given: the engine, the model and the workers' own script. After this
// the page needs the network no more.
import { EngineError } from "./messages.ts";

export interface LoadedEngine {
  module: WebAssembly.Module;
  first: SiteModel;
  model: ArrayBuffer; // the first one's
  workerSource: string;
}

export type EngineKind = "simd" | "relaxed";

// (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt))
const SIMD_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

// (module (func (result v128) i32.const 0 i8x16.splat i32.const 0 i8x16.splat i8x16.relaxed_swizzle))
const RELAXED_SIMD_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 0, 253, 15,
  65, 0, 253, 15, 253, 128, 2, 11,
]);

export function chooseEngine(
  validates: (bytes: Uint8Array<ArrayBuffer>) => boolean = (bytes) => WebAssembly.validate(bytes),
): EngineKind {
  if (validates(RELAXED_SIMD_MODULE)) return "relaxed";
  if (validates(SIMD_MODULE)) return "simd";
  throw new EngineError(
    "no_simd",
    "This browser lacks WebAssembly SIMD, which InSitu needs. Use Chrome or Edge 95, Firefox 100, " +
      "Safari 16.4 or a newer one.",
  );
}

interface FetchOptions {
  integrity?: string; // refused by the browser itself if the file differs
  signal: AbortSignal | undefined;
}

async function fetchFile(url: URL, what: string, options: FetchOptions): Promise<Response> {
  const advice = "Check the connection and reload the page; nothing is read without it.";
  let response: Response;
  try {
    response = await fetch(url, { ...options, signal: options.signal ?? null });
  } catch {
    throw new EngineError("download", `${what} did not arrive whole and unchanged. ${advice}`);
  }
  if (!response.ok) {
    throw new EngineError(
      "download",
      `${what} is not where it should be: the server answered ${response.status}. ${advice}`,
    );
  }
  return response;
}

// The engine compares the model's SHA-256 with the one that the site was built with; here only its
// length is checked.
export async function readBody(
  body: ReadableStream<Uint8Array>,
  bytes: number,
  onProgress: (received: number) => void,
): Promise<ArrayBuffer> {
  const incomplete = new EngineError(
    "download",
    "The model did not arrive whole. Check the connection and reload the page; nothing is read without it.",
  );
  const whole = new Uint8Array(bytes);
  const reader = body.getReader();
  let received = 0;
  for (;;) {
    const part = await reader.read().catch(() => null);
    if (part === null) throw incomplete;
    if (part.done) break;
    if (received + part.value.length > bytes) throw incomplete;
    whole.set(part.value, received);
    received += part.value.length;
    onProgress(received);
  }
  if (received !== bytes) throw incomplete;
  return whole.buffer;
}

// From what the browser kept of the last time, where the server names its type; a plain one may not.
// What is checked by its integrity arrives whole first.
async function compile(response: Response): Promise<WebAssembly.Module> {
  const type = response.headers.get("content-type");
  try {
    if (type === "application/wasm") return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    throw new EngineError(
      "engine_start",
      `The engine could not be prepared: ${String(error)}. Use a current version of Chrome, Edge, ` +
        "Firefox or Safari.",
    );
  }
}

export interface ModelProgress {
  signal?: AbortSignal;
  onProgress?: (received: number) => void; // bytes
}

// entry: of the site's catalogue. base: where the page's own script lies, and all files beside it.
export async function loadModel(
  entry: SiteModel,
  base: string,
  { signal, onProgress = () => undefined }: ModelProgress = {},
): Promise<ArrayBuffer> {
  const { body } = await fetchFile(new URL(entry.file, base), "The model", { signal });
  if (body === null) throw new EngineError("download", "The model arrived empty. Reload the page.");
  return readBody(body, entry.bytes, onProgress);
}

// With the site's first model. onProgress: bytes of it; not called once the promise has settled, and
// a file that failed ends the fetching of the others.
export async function loadEngine(
  catalog: SiteCatalog,
  base: string,
  onProgress: (received: number, total: number) => void,
): Promise<LoadedEngine> {
  const engine = catalog.engines[chooseEngine()];
  const first = catalog.models[0];
  if (first === undefined)
    throw new EngineError("download", "This site was built without a model.");
  const at = (file: string) => new URL(file, base);
  const stop = new AbortController();
  const { signal } = stop;
  const report = (received: number) => {
    if (!signal.aborted) onProgress(received, first.bytes);
  };
  try {
    const [module, model, workerSource] = await Promise.all([
      fetchFile(at(engine.file), "The engine", { integrity: engine.integrity, signal }).then(
        compile,
      ),
      loadModel(first, base, { signal, onProgress: report }),
      fetchFile(at(catalog.worker.file), "The engine's script", {
        integrity: catalog.worker.integrity,
        signal,
      }).then((response) => response.text()),
    ]);
    return { module, first, model, workerSource };
  } finally {
    stop.abort();
  }
}
