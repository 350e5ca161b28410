import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError } from "../public/src/messages.ts";
import { chooseEngine, loadEngine, readBody } from "../public/src/model-loader.ts";

function body(...parts: number[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const length of parts) controller.enqueue(new Uint8Array(length).fill(length));
      controller.close();
    },
  });
}

const isDownloadError = (error: unknown) => {
  assert.ok(error instanceof EngineError);
  assert.equal(error.code, "download");
  assert.match(error.message, /did not arrive whole.*reload/);
  return true;
};

test("The relaxed build is chosen where it runs, else the plain one", () => {
  assert.equal(
    chooseEngine(() => true),
    "relaxed",
  );
  let asked = 0;
  assert.equal(
    chooseEngine(() => asked++ > 0),
    "simd",
  );
});

test("Both feature tests are valid modules in an engine that has both", () => {
  const all: boolean[] = [];
  try {
    chooseEngine((bytes) => {
      all.push(WebAssembly.validate(bytes));
      return false;
    });
  } catch {
    // said that nothing runs, as asked
  }
  assert.deepEqual(all, [true, true]);
});

test("A browser without SIMD is told which one to use", () => {
  assert.throws(
    () => chooseEngine(() => false),
    (error) =>
      error instanceof EngineError && error.code === "no_simd" && /Firefox/.test(error.message),
  );
});

test("A body is put together and its progress told", async () => {
  const told: number[] = [];
  const whole = await readBody(body(2, 3), 5, (received) => told.push(received));
  assert.deepEqual([...new Uint8Array(whole)], [2, 2, 3, 3, 3]);
  assert.deepEqual(told, [2, 5]);
});

test("A body that is too short, too long or breaks off is refused", async () => {
  const nothing = () => undefined;
  await assert.rejects(readBody(body(2, 2), 5, nothing), isDownloadError);
  await assert.rejects(readBody(body(2, 4), 5, nothing), isDownloadError);
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error(new Error("connection lost")),
  });
  await assert.rejects(readBody(broken, 5, nothing), isDownloadError);
});

test("When one file fails, the others are given up and no progress is told any more", async (t) => {
  const told: number[] = [];
  let more: ((bytes: Uint8Array) => void) | undefined;
  let modelSignal: AbortSignal | null | undefined;
  t.mock.method(globalThis, "fetch", (url: URL, options: RequestInit) => {
    if (url.pathname.endsWith(".wasm")) {
      return new Promise((_resolve, reject) => setTimeout(() => reject(new TypeError("differs"))));
    }
    if (!url.pathname.endsWith(".onnx")) return Promise.resolve(new Response(""));
    modelSignal = options.signal;
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      controller.enqueue(new Uint8Array(1));
      more = (bytes) => controller.enqueue(bytes);
    };
    return Promise.resolve(new Response(new ReadableStream({ start })));
  });
  const file = { file: "engine.wasm", bytes: 1, integrity: "" };
  const catalog = {
    engines: { simd: file, relaxed: file },
    worker: { ...file, file: "worker.js" },
    models: [{ file: "seed.onnx", bytes: 3, sha256: "" }],
  } as unknown as SiteCatalog;
  const loading = loadEngine(catalog, "http://site/", (received) => told.push(received));
  await assert.rejects(loading, isDownloadError);
  more?.(new Uint8Array(2));
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(told, [1]);
  assert.equal(modelSignal?.aborted, true);
});
