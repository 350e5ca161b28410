// The worker's side of the protocol and its locks, with a scope that the test made.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { serve, type WorkerScope } from "../public/src/engine-worker.ts";
import {
  MAX_IMAGE_BYTES,
  type Explanation,
  type Reading,
  type WorkerReply,
  type WorkerRequest,
} from "../public/src/messages.ts";
import { KEPT, lockNetwork } from "../public/src/network-lock.ts";
import { pgm, png, tissue } from "./made_images.ts";

const root = join(import.meta.dirname, "..");
const wasm = join(root, "build/wasm-simd/engine.wasm");
const seed = join(root, "model/seed.onnx");
const missing = [wasm, seed].filter((path) => !existsSync(path));
const skip = missing.length > 0 ? `SKIPPED: ${missing.join(", ")} not there; run make wasm` : false;

const emptyModule = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));

// Sends requests and collects the replies.
class FakeScope implements WorkerScope {
  readonly replies: WorkerReply[] = [];
  readonly transferred: ArrayBuffer[] = [];
  readonly #listeners = new Map<string, (event: { data: unknown }) => void>();
  #arrived: (() => void) | null = null;

  addEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    this.#listeners.set(type, listener);
  }

  postMessage(message: WorkerReply, transfer: ArrayBuffer[]): void {
    this.replies.push(message);
    this.transferred.push(...transfer);
    this.#arrived?.();
  }

  async ask(request: WorkerRequest): Promise<WorkerReply> {
    const before = this.replies.length;
    const arrived = new Promise<void>((resolve) => (this.#arrived = resolve));
    this.send("message", request);
    await arrived;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(this.replies.length, before + 1, "exactly one reply");
    const reply = this.replies[before];
    assert.ok(reply);
    assert.equal(reply.id, request.id);
    return reply;
  }

  send(type: string, data: unknown): void {
    this.#listeners.get(type)?.({ data });
  }
}

function served(): FakeScope {
  const scope = new FakeScope();
  serve(scope);
  return scope;
}

function classify(id: number, file: Blob, previewSide = 0, judgeAnyway = false): WorkerRequest {
  return { id, op: "classify", file, previewSide, judgeAnyway };
}

async function started(): Promise<FakeScope> {
  const scope = served();
  const model = readFileSync(seed);
  const sha256 = createHash("sha256").update(model).digest("hex");
  const module = new WebAssembly.Module(readFileSync(wasm));
  const reply = await scope.ask({
    id: 1,
    op: "start",
    module,
    model: new Uint8Array(model).buffer,
    sha256,
  });
  assert.ok(reply.ok, "the engine starts");
  return scope;
}

test("A request before the start is answered with a failure", async () => {
  const reply = await served().ask(classify(7, new Blob(["x"])));
  assert.ok(!reply.ok);
  assert.equal(reply.code, "engine_start");
});

test("A module that is no engine is a failed start, not a silent worker", async () => {
  const model = new ArrayBuffer(4);
  const reply = await served().ask({ id: 1, op: "start", module: emptyModule, model, sha256: "" });
  assert.ok(!reply.ok);
  assert.match(reply.code, /^engine_/);
});

test("A model other than the site's own is refused", { skip }, async () => {
  const module = new WebAssembly.Module(readFileSync(wasm));
  const model = new Uint8Array(readFileSync(seed)).buffer;
  const reply = await served().ask({ id: 1, op: "start", module, model, sha256: "0".repeat(64) });
  assert.ok(!reply.ok);
  assert.equal(reply.code, "model_corrupt");
  assert.match(reply.message, /nothing is read with it/);
});

test(
  "A refused image is a failure that tells why, and is read when asked again",
  { skip },
  async () => {
    const scope = await started();
    const grey = new Blob([new Uint8Array(pgm(tissue(80, 60, 1)))]);
    const refused = await scope.ask(classify(2, grey));
    assert.ok(!refused.ok);
    assert.equal(refused.code, "image_refused");
    assert.equal(refused.fatal, false);
    assert.ok(refused.gate?.reason);
    const read = await scope.ask(classify(3, grey, 0, true));
    assert.ok(read.ok);
    assert.equal((read.value as Reading).gate?.judgedAnyway, true);
  },
);

test("A map is answered with its values handed over", { skip }, async () => {
  const scope = await started();
  const file = new Blob([new Uint8Array(png(tissue(50, 50, 1)))]);
  const reply = await scope.ask({ id: 2, op: "explain", file, judgeAnyway: false });
  assert.ok(reply.ok);
  const map = reply.value as Explanation;
  assert.equal(map.values.length, map.width * map.height);
  assert.deepEqual(scope.transferred, [map.values.buffer]);
});

test(
  "An image is answered with its prediction, its hash and the state of the worker",
  { skip },
  async () => {
    const scope = await started();
    const bytes = png(tissue(50, 50, 1));
    const reply = await scope.ask(classify(2, new Blob([new Uint8Array(bytes)]), 64));
    assert.ok(reply.ok);
    const reading = reply.value as Reading;
    assert.equal(reading.sha256, createHash("sha256").update(bytes).digest("hex"));
    assert.equal(reading.preview?.width, 50);
    assert.deepEqual(scope.transferred, [reading.preview.rgba.buffer]);
    assert.ok(reply.memoryBytes > 0);
    assert.deepEqual(reply.requests, []);
  },
);

test("A file at the limit is read, one byte more is refused unread", { skip }, async () => {
  const scope = await started();
  const ofSize = (size: number): Blob => {
    const file = new Blob([]);
    let read = false;
    Object.defineProperty(file, "size", { value: size });
    file.arrayBuffer = () => {
      read = true;
      return Promise.resolve(new TextEncoder().encode("no image").buffer);
    };
    return Object.assign(file, { wasRead: () => read });
  };
  const within = await scope.ask(classify(2, ofSize(MAX_IMAGE_BYTES)));
  assert.ok(!within.ok);
  assert.equal(within.code, "image_unknown");
  const beyond = ofSize(MAX_IMAGE_BYTES + 1);
  const reply = await scope.ask(classify(3, beyond));
  assert.ok(!reply.ok);
  assert.equal(reply.code, "image_too_large");
  assert.match(reply.message, /64\.0 MB.*up to 64 MB/);
  assert.equal((beyond as unknown as { wasRead(): boolean }).wasRead(), false);
});

test("A file that has gone is its own failure, and the engine goes on", { skip }, async () => {
  const scope = await started();
  const gone = new Blob(["x"]);
  gone.arrayBuffer = () => Promise.reject(new DOMException("gone", "NotReadableError"));
  const reply = await scope.ask(classify(2, gone));
  assert.ok(!reply.ok);
  assert.equal(reply.code, "file_unreadable");
  assert.equal(reply.fatal, false);
  const next = await scope.ask(classify(3, new Blob([new Uint8Array(png(tissue(50, 50, 1)))])));
  assert.ok(next.ok);
});

test("A message that cannot be read ends the worker by an error the pool sees", () => {
  const scope = served();
  assert.throws(() => scope.send("messageerror", null), /could not be read/);
  assert.equal(scope.replies.length, 0);
});

// A global scope as a browser has it: some things its own, some inherited, some accessors.
function browserScope(): Record<string, unknown> {
  class EventTargetLike {
    addEventListener(): string {
      return "kept";
    }
  }
  class ScopeLike extends EventTargetLike {
    importScripts(): void {}
    get indexedDB(): object {
      return {};
    }
  }
  return Object.assign(new ScopeLike(), {
    fetch: () => undefined,
    XMLHttpRequest: () => undefined,
    WebSocket: () => undefined,
    EventSource: () => undefined,
    WebTransport: () => undefined,
    BroadcastChannel: () => undefined,
    caches: {},
    navigator: { sendBeacon: () => true },
    somethingOfTheFuture: () => undefined,
    PERSISTENT: 1,
    postMessage: () => "kept",
    WebAssembly,
  }) as unknown as Record<string, unknown>;
}

test("The lock leaves the language and the messages, and nothing that reaches out", () => {
  const scope = browserScope();
  lockNetwork(scope);
  for (const gone of [
    "fetch",
    "XMLHttpRequest",
    "WebSocket",
    "EventSource",
    "WebTransport",
    "BroadcastChannel",
    "caches",
    "navigator",
    "importScripts",
    "indexedDB",
    "somethingOfTheFuture",
  ]) {
    assert.equal(scope[gone], undefined, gone);
    assert.ok(!(gone in scope), gone);
  }
  assert.equal((scope["postMessage"] as () => string)(), "kept");
  assert.equal((scope["addEventListener"] as () => string)(), "kept");
  assert.equal(scope["WebAssembly"], WebAssembly);
});

test("What a browser does not let go of stops the worker, a mere number does not", () => {
  const constant = browserScope();
  Object.defineProperty(constant, "TEMPORARY", { value: 0, configurable: false });
  lockNetwork(constant);
  const stubborn = browserScope();
  Object.defineProperty(stubborn, "sendAway", { value: () => undefined, configurable: false });
  assert.throws(() => lockNetwork(stubborn), /sendAway/);
});

test("What the lock keeps can open no connection", () => {
  const reaching =
    /fetch|http|socket|event ?source|transport|beacon|import|worker|cache|database|channel/i;
  assert.deepEqual(
    [...KEPT].filter((name) => reaching.test(name)),
    [],
  );
});
