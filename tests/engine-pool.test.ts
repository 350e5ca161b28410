// The pool with a worker that answers when the test says so.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import {
  EnginePool,
  MAX_IN_FLIGHT,
  MAX_SMALL_FILE_BYTES,
  MAX_WORKERS,
  poolSize,
  type PoolOptions,
} from "../public/src/engine-pool.ts";
import {
  EngineError,
  type GateFacts,
  type NetworkRequest,
  type Reading,
  type WorkerReply,
  type WorkerRequest,
} from "../public/src/messages.ts";

const MEGABYTE = 1024 * 1024;

class FakeWorker extends EventTarget {
  readonly requests: WorkerRequest[] = [];
  readonly #unanswered: WorkerRequest[] = [];
  terminated = false;

  postMessage(request: WorkerRequest): void {
    this.requests.push(request);
    this.#unanswered.push(request);
  }

  terminate(): void {
    this.terminated = true;
  }

  get last(): WorkerRequest {
    const request = this.requests.at(-1);
    assert.ok(request, "the worker was asked for nothing");
    return request;
  }

  // Answers the oldest request, as a worker does that was never idle.
  succeed(
    value: unknown = { id: "seed" },
    memoryBytes = MEGABYTE,
    requests: NetworkRequest[] = [],
  ) {
    this.#reply({ id: this.#next(), ok: true, value: value as Reading, memoryBytes, requests });
  }

  fail(code: string, fatal = false, gate: GateFacts | null = null): void {
    const id = this.#next();
    const state = { memoryBytes: MEGABYTE, requests: [] };
    this.#reply({ id, ok: false, code, message: `because of ${code}`, gate, fatal, ...state });
  }

  break(message: string): void {
    this.dispatchEvent(Object.assign(new Event("error", { cancelable: true }), { message }));
  }

  #next(): number {
    const request = this.#unanswered.shift();
    assert.ok(request, "the worker was asked for nothing");
    return request.id;
  }

  #reply(data: WorkerReply): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

const emptyModule = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));

function setUp(context: TestContext, more: Partial<PoolOptions> = {}) {
  const workers: FakeWorker[] = [];
  const pool = new EnginePool({
    createWorker: () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    module: emptyModule,
    model: new ArrayBuffer(4),
    sha256: "00",
    size: 2,
    ...more,
  });
  context.after(() => pool.close());
  const at = (index: number): FakeWorker => {
    const worker = workers[index];
    assert.ok(worker, `there is no worker ${index}`);
    return worker;
  };
  return { pool, workers, at };
}

const file = new Blob(["image"]);
const large = new Blob([new Uint8Array(MAX_SMALL_FILE_BYTES + 1)]);
const plain = { previewSide: 0 };

// Lets promises that are settled already run what waits on them.
const settled = () => new Promise((resolve) => setImmediate(resolve));

function rejectsWith(promise: Promise<unknown>, code: string, words = /./): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof EngineError);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  });
}

test("The pool has as many workers as cores, at least one and at most eight", () => {
  assert.equal(poolSize(undefined), 1);
  assert.equal(poolSize(0), 1);
  assert.equal(poolSize(3), 3);
  assert.equal(poolSize(MAX_WORKERS), 8);
  assert.equal(poolSize(64), 8);
});

test("No worker starts before there is work, and no more than the work needs", (context) => {
  const { pool, workers } = setUp(context, { size: 4 });
  assert.equal(workers.length, 0);
  void pool.classify(file, plain).catch(() => undefined);
  assert.equal(workers.length, 1);
  void pool.classify(file, plain).catch(() => undefined);
  assert.equal(workers.length, 2);
});

test("Warming starts one worker and tells what the model says of itself", async (context) => {
  const { pool, workers, at } = setUp(context);
  const model = pool.warm();
  void pool.warm();
  assert.equal(workers.length, 1);
  const start = at(0).last;
  assert.equal(start.op, "start");
  at(0).succeed({ id: "seed" });
  assert.deepEqual(await model, { id: "seed" });
});

test("A large file has its worker to itself, and the next is taken in the queue's order", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 1 });
  const order: string[] = [];
  const begin = (name: string) =>
    pool.classify(large, { previewSide: 0, onStart: () => order.push(name) });
  const first = begin("first");
  const second = begin("second");
  at(0).succeed();
  assert.deepEqual(order, ["first"]);
  assert.equal(at(0).requests.length, 2);
  at(0).succeed("answer 1");
  assert.deepEqual(order, ["first", "second"]);
  at(0).succeed("answer 2");
  assert.equal(await first, "answer 1");
  assert.equal(await second, "answer 2");
  assert.equal(workers.length, 1);
});

test("Small files are handed to a worker ahead of their turn, so many and no more", async (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  const whole = new Blob([new Uint8Array(MAX_SMALL_FILE_BYTES)]);
  const started: number[] = [];
  const all = Array.from({ length: MAX_IN_FLIGHT + 2 }, (_, index) =>
    pool.classify(whole, { ...plain, onStart: () => started.push(index) }),
  );
  at(0).succeed();
  assert.equal(at(0).requests.length, 1 + MAX_IN_FLIGHT);
  for (const [index, one] of all.entries()) {
    assert.equal(started.at(-1), index); // told when it is its turn
    at(0).succeed(`answer ${index}`);
    assert.equal(await one, `answer ${index}`);
  }
  assert.deepEqual(started, [...all.keys()]);
});

test("Files are spread over the workers before any has two, and none while one starts", (context) => {
  const { pool, workers, at } = setUp(context, { size: 2 });
  const ask = () => void pool.classify(file, plain).catch(() => undefined);
  ask();
  at(0).succeed();
  ask();
  ask();
  assert.equal(workers.length, 2);
  assert.equal(at(0).requests.length, 2);
  at(1).succeed();
  assert.equal(at(1).requests.length, 2);
  assert.equal(at(0).requests.length, 3);
});

test("What shares a worker with a file that is cancelled is read by the next worker", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 1 });
  const stop = new AbortController();
  const first = pool.classify(file, { ...plain, signal: stop.signal });
  const others = [pool.classify(file, plain), pool.classify(file, plain)];
  at(0).succeed();
  stop.abort();
  await rejectsWith(first, "cancelled");
  assert.ok(at(0).terminated);
  await settled();
  assert.equal(workers.length, 2);
  at(1).succeed();
  at(1).succeed("answer 1");
  at(1).succeed("answer 2");
  assert.deepEqual(await Promise.all(others), ["answer 1", "answer 2"]);
});

test("A file that is cancelled while it waits at a worker costs no worker and is not told to be read", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 1 });
  const stop = new AbortController();
  let told = false;
  const first = pool.classify(file, plain);
  const second = pool.classify(file, {
    ...plain,
    signal: stop.signal,
    onStart: () => (told = true),
  });
  const third = pool.classify(file, plain);
  at(0).succeed();
  stop.abort();
  await rejectsWith(second, "cancelled");
  await settled();
  at(0).succeed("answer 1");
  at(0).succeed("of what was cancelled");
  at(0).succeed("answer 3");
  assert.deepEqual(await Promise.all([first, third]), ["answer 1", "answer 3"]);
  assert.equal(told, false);
  assert.equal(workers.length, 1);
});

test("A file that was cancelled at a worker that breaks is read by no other", async (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  const stop = new AbortController();
  const first = pool.classify(file, plain);
  const second = pool.classify(file, { ...plain, signal: stop.signal });
  at(0).succeed();
  stop.abort();
  await rejectsWith(second, "cancelled");
  at(0).break("out of memory");
  at(1).succeed();
  at(1).succeed("answer 1");
  assert.equal(await first, "answer 1");
  assert.equal(at(1).requests.length, 2, "the start and the first file");
});

test("After a trap what shared the worker is read by another, in its order", async (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  const bad = pool.classify(file, plain);
  const good = [pool.classify(file, plain), pool.classify(file, plain)];
  at(0).succeed();
  at(0).fail("engine_trap", true);
  await rejectsWith(bad, "engine_trap");
  at(1).succeed();
  at(1).succeed("answer 1");
  at(1).succeed("answer 2");
  assert.deepEqual(await Promise.all(good), ["answer 1", "answer 2"]);
});

test("Where a worker breaks with several files, each is tried by itself and one is to blame", async (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  const good = pool.classify(file, plain);
  const bad = pool.classify(file, plain);
  at(0).succeed();
  assert.equal(at(0).requests.length, 3);
  at(0).break("out of memory");
  at(1).succeed();
  assert.equal(at(1).requests.length, 2);
  at(1).succeed("answer");
  assert.equal(await good, "answer");
  at(1).break("out of memory");
  await rejectsWith(bad, "engine_trap", /out of memory/);
});

test("An explanation shares its worker with no file", (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  void pool.explain(file).catch(() => undefined);
  void pool.classify(file, plain).catch(() => undefined);
  at(0).succeed();
  assert.equal(at(0).requests.length, 2);
  at(0).succeed({ width: 1, height: 1 });
  assert.equal(at(0).last.op, "classify");
  void pool.explain(file).catch(() => undefined);
  assert.equal(at(0).requests.length, 3);
});

test("Cancelling a queued file takes it out and leaves the worker alone", async (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  const running = pool.classify(large, plain);
  at(0).succeed();
  const stop = new AbortController();
  const queued = pool.classify(file, { ...plain, signal: stop.signal });
  stop.abort();
  await rejectsWith(queued, "cancelled");
  at(0).succeed("answer");
  assert.equal(await running, "answer");
  assert.equal(at(0).requests.length, 2);
  assert.ok(!at(0).terminated);
});

test("Cancelling a running file terminates its worker and replaces it", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 1 });
  const stop = new AbortController();
  const running = pool.classify(file, { ...plain, signal: stop.signal });
  at(0).succeed();
  const next = pool.classify(file, plain);
  stop.abort();
  await rejectsWith(running, "cancelled");
  assert.ok(at(0).terminated);
  assert.equal(workers.length, 2);
  at(1).succeed();
  at(1).succeed("answer");
  assert.equal(await next, "answer");
});

test("One signal cancels everything and leaves one warm worker", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 2 });
  const stop = new AbortController();
  const all = Array.from({ length: 50 }, () =>
    pool.classify(file, { ...plain, signal: stop.signal }),
  );
  at(0).succeed();
  at(1).succeed();
  stop.abort();
  for (const one of all) await rejectsWith(one, "cancelled");
  assert.ok(at(0).terminated && at(1).terminated);
  await settled();
  assert.equal(workers.length, 3);
  assert.equal(pool.workerCount, 1);
});

test("A signal that is aborted already costs no worker", async (context) => {
  const { pool, workers } = setUp(context);
  await rejectsWith(pool.classify(file, { ...plain, signal: AbortSignal.abort() }), "cancelled");
  assert.equal(workers.length, 0);
});

test("An answer that comes after its file was cancelled reaches nobody", async (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  const stop = new AbortController();
  const running = pool.classify(file, { ...plain, signal: stop.signal });
  at(0).succeed();
  stop.abort();
  await rejectsWith(running, "cancelled");
  const next = pool.classify(file, plain);
  at(0).succeed("the answer of the cancelled file");
  at(1).succeed();
  at(1).succeed("its own answer");
  assert.equal(await next, "its own answer");
});

test("An unreadable image is its own failure: the worker goes on", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 1 });
  const bad = pool.classify(file, plain);
  const good = pool.classify(file, plain);
  at(0).succeed();
  at(0).fail("image_truncated");
  await rejectsWith(bad, "image_truncated", /because of image_truncated/);
  at(0).succeed("answer");
  assert.equal(await good, "answer");
  assert.equal(workers.length, 1);
});

test("After a trap the worker is discarded and the next request starts another", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 1 });
  const bad = pool.classify(file, plain);
  at(0).succeed();
  at(0).fail("engine_trap", true);
  await rejectsWith(bad, "engine_trap");
  assert.ok(at(0).terminated);
  assert.equal(pool.workerCount, 0);
  const good = pool.classify(file, plain);
  assert.equal(workers.length, 2);
  at(1).succeed();
  at(1).succeed("answer");
  assert.equal(await good, "answer");
});

test("An error event rejects what waits on that worker and leaves the others alone", async (context) => {
  const { pool, at } = setUp(context, { size: 2 });
  const bad = pool.classify(file, plain);
  const good = pool.classify(file, plain);
  at(0).succeed();
  at(1).succeed();
  at(0).break("out of memory");
  await rejectsWith(bad, "engine_trap", /out of memory/);
  at(1).succeed("answer");
  assert.equal(await good, "answer");
});

test("A reply that cannot be read rejects the request", async (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  const bad = pool.classify(file, plain);
  at(0).succeed();
  at(0).dispatchEvent(new Event("messageerror"));
  await rejectsWith(bad, "engine_trap", /could not be read/);
});

test("A model that cannot be used closes the pool: everything is rejected with the reason", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 2 });
  const model = pool.warm();
  const waiting = [pool.classify(file, plain), pool.classify(file, plain)];
  at(0).fail("model_corrupt");
  await rejectsWith(model, "model_corrupt");
  for (const one of waiting) await rejectsWith(one, "model_corrupt", /because of model_corrupt/);
  const before = workers.length;
  await rejectsWith(pool.classify(file, plain), "model_corrupt");
  await rejectsWith(pool.warm(), "model_corrupt");
  assert.equal(workers.length, before);
  assert.ok(workers.every((worker) => worker.terminated));
});

test("A wrong known answer on a later worker ends what the earlier ones read", async (context) => {
  const { pool, at } = setUp(context, { size: 2 });
  const running = pool.classify(file, plain);
  at(0).succeed();
  const queued = pool.classify(file, plain);
  at(1).fail("known_answer");
  await rejectsWith(running, "known_answer");
  await rejectsWith(queued, "known_answer");
});

test("A worker whose script fails closes the pool and says what to do", async (context) => {
  const { pool, at } = setUp(context);
  const waiting = pool.classify(file, plain);
  at(0).break("SyntaxError");
  await rejectsWith(waiting, "engine_start", /SyntaxError.*Reload the page/);
});

test("A browser that makes no worker closes the pool", async (context) => {
  const { pool } = setUp(context, {
    createWorker: () => {
      throw new Error("no workers here");
    },
  });
  await rejectsWith(pool.classify(file, plain), "engine_start", /no workers here/);
});

test("Too little memory for one more worker leaves the ones that run", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 3 });
  const first = pool.classify(file, plain);
  at(0).succeed();
  const second = pool.classify(file, plain);
  at(1).fail("out_of_memory");
  at(0).succeed("answer 1");
  at(0).succeed("answer 2");
  assert.equal(await first, "answer 1");
  assert.equal(await second, "answer 2");
  void pool.classify(file, plain).catch(() => undefined);
  void pool.classify(file, plain).catch(() => undefined);
  assert.equal(workers.length, 2);
});

test("A worker that grew to the memory limit stays, one beyond it is replaced when it is idle", async (context) => {
  const { pool, workers, at } = setUp(context, { size: 1, maxIdleMemoryBytes: 100 });
  const first = pool.classify(file, plain);
  at(0).succeed({ id: "seed" }, 1000); // the model alone: a new worker would have no less
  at(0).succeed("answer", 1100);
  assert.equal(await first, "answer");
  assert.ok(!at(0).terminated);
  const second = pool.classify(file, plain);
  at(0).succeed("answer", 1101);
  assert.equal(await second, "answer");
  assert.ok(at(0).terminated);
  assert.equal(workers.length, 2);
});

test("Idle workers stop after a while, all but one", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { pool, at } = setUp(context, { size: 2, idleMs: 1000 });
  const both = [pool.classify(file, plain), pool.classify(file, plain)];
  at(0).succeed();
  at(1).succeed();
  at(0).succeed("answer");
  at(1).succeed("answer");
  await Promise.all(both);
  context.mock.timers.tick(999);
  assert.equal(pool.workerCount, 2);
  context.mock.timers.tick(1);
  assert.equal(pool.workerCount, 1);
});

test("Work ends the wait of an idle worker", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { pool, at } = setUp(context, { size: 2, idleMs: 1000 });
  const both = [pool.classify(file, plain), pool.classify(file, plain)];
  at(0).succeed();
  at(1).succeed();
  at(0).succeed("answer");
  at(1).succeed("answer");
  await Promise.all(both);
  void pool.classify(file, plain).catch(() => undefined);
  context.mock.timers.tick(2000);
  assert.ok(!at(0).terminated);
  assert.ok(at(1).terminated);
});

test("Network requests that a worker made itself are passed on", async (context) => {
  const seen: NetworkRequest[] = [];
  const { pool, at } = setUp(context, { onRequests: (requests) => seen.push(...requests) });
  const model = pool.warm();
  at(0).succeed({ id: "seed" }, MEGABYTE, [{ url: "http://elsewhere.test/", receivedBytes: 5 }]);
  await model;
  assert.deepEqual(seen, [{ url: "http://elsewhere.test/", receivedBytes: 5 }]);
});

test("A closed pool ends its workers and rejects what waits", async (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  const running = pool.classify(file, plain);
  const queued = pool.classify(file, plain);
  pool.close();
  await rejectsWith(running, "pool_closed");
  await rejectsWith(queued, "pool_closed");
  assert.ok(at(0).terminated);
});

test("A refused image is rejected in words with what the gate said", async (context) => {
  const { pool, at } = setUp(context);
  const reading = pool.classify(file, plain);
  at(0).succeed();
  const gate: GateFacts = {
    kind: "other",
    accepted: false,
    reason: "photograph",
    score: 0.1,
    judgedAnyway: false,
  };
  at(0).fail("image_refused", false, gate);
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof EngineError);
    assert.equal(error.code, "image_refused");
    assert.deepEqual(error.gate, gate);
    assert.match(error.message, /looks like a photograph/);
    return true;
  });
});

test("Judging anyway and explaining are asked of the worker as they were asked of the pool", async (context) => {
  const { pool, at } = setUp(context, { size: 1 });
  const reading = pool.classify(file, { previewSide: 8, judgeAnyway: true });
  at(0).succeed();
  await settled();
  const { op, judgeAnyway } = at(0).last as { op: string; judgeAnyway: boolean };
  assert.deepEqual([op, judgeAnyway], ["classify", true]);
  at(0).succeed({ probabilities: [1, 0] });
  assert.deepEqual(await reading, { probabilities: [1, 0] });
  const map = pool.explain(file);
  await settled();
  assert.deepEqual(at(0).last, { id: at(0).last.id, op: "explain", file, judgeAnyway: false });
  at(0).succeed({ width: 1, height: 1 });
  assert.deepEqual(await map, { width: 1, height: 1 });
});
