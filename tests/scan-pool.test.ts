import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EngineError } from "../public/src/messages.ts";
import type { PlanRequest } from "../public/src/slide/messages.ts";
import { ProbabilityMap } from "../public/src/slide/probability-map.ts";
import type { ScanEngine, ScanPlan } from "../public/src/slide/scan-engine.ts";
import { FULL_GATE } from "../public/src/slide/scanner.ts";
import {
  blockOrder,
  CACHE_BYTES,
  MAX_SCAN_WORKERS,
  ScanPool,
  scanWorkers,
  type ScanJob,
} from "../public/src/slide/scan-pool.ts";
import type { Pixels, SlideSource } from "../public/src/slide/source.ts";
import type { SlideWorkerLike } from "../public/src/slide/worker-client.ts";
import { breathe, makeSlideWorker, nobodyAsks, type MadeSlideWorker } from "./made_slide_worker.ts";

const SIDE = 6; // blocks a side, of 2×2 cells of 10 pixels

const plan: ScanPlan = {
  columns: 2 * SIDE,
  rows: 2 * SIDE,
  stride: 10,
  patch: 10,
  scaledWidth: 20 * SIDE,
  scaledHeight: 20 * SIDE,
  magnification: 1,
  dense: false,
  strides: [],
  blocks: Array.from({ length: SIDE * SIDE }, (_, index) => {
    const [u, v] = [index % SIDE, Math.floor(index / SIDE)];
    const cells = { column: 2 * u, row: 2 * v, columns: 2, rows: 2 };
    return { x: 20 * u, y: 20 * v, width: 20, height: 20, ...cells };
  }),
};

const request: PlanRequest = {
  op: "plan",
  level: 0,
  width: plan.scaledWidth,
  height: plan.scaledHeight,
  channels: 1,
  umPerPixel: 1,
  stride: 0,
  gate: FULL_GATE,
};

// The grey at a place; a block's cells are the means of what they cover, so that a wrong rectangle
// or another block's pixels give another map.
const grey = (x: number, y: number) => (x * 7 + y * 13) % 251;

const source: SlideSource = {
  facts: {
    format: "made",
    levels: [{ width: plan.scaledWidth, height: plan.scaledHeight }],
    channels: 1,
    umPerPixel: 1,
    scaleFrom: "made",
    kind: null,
    sequential: false,
    notes: [],
  },
  read: (_, { x, y, width, height }) =>
    Promise.resolve({
      width,
      height,
      channels: 1,
      data: Uint8Array.from({ length: width * height }, (__, at) =>
        grey(x + (at % width), y + Math.floor(at / width)),
      ),
    }),
  close: () => undefined,
};

interface Faults {
  trapOnce?: number; // block
  fail?: number;
  openFails?: boolean;
  refused?: string; // the model that no engine takes
  delay?: () => number; // ms a block
}

function workers(faults: Faults = {}) {
  const made: MadeSlideWorker[] = [];
  const caches: (number | undefined)[] = []; // bytes, of each opened file
  const engines: string[] = []; // by which model, of each that was made
  const trapped = new Set<number>();
  const createWorker = (): SlideWorkerLike => {
    const engine: ScanEngine = {
      memoryBytes: 1_000_000,
      plan: () => plan,
      run: (block, pixels) => {
        if (block === faults.fail) throw new EngineError("image_corrupt", "A tile is damaged.");
        if (block === faults.trapOnce && !trapped.has(block)) {
          trapped.add(block);
          throw new EngineError("engine_trap", "The engine broke off.");
        }
        const values = Float32Array.from({ length: 4 }, (_, cell) => {
          let sum = 0;
          for (let v = 0; v < 10; v++)
            for (let u = 0; u < 10; u++)
              sum += pixels[(Math.floor(cell / 2) * 10 + v) * 20 + (cell % 2) * 10 + u] ?? NaN;
          return sum / 100 / 255;
        });
        return { values, verdicts: new Uint8Array(4) };
      },
      summary: () => {
        throw new Error("nobody asks");
      },
    };
    const worker = makeSlideWorker(
      {
        series: nobodyAsks,
        open: (_files, _name, _codecs, cacheBytes) => {
          caches.push(cacheBytes);
          return faults.openFails === true
            ? Promise.reject(new EngineError("image_corrupt", "It is cut off."))
            : Promise.resolve(source);
        },
        createEngine: ({ sha256 }) => {
          engines.push(sha256);
          return sha256 === faults.refused
            ? Promise.reject(new EngineError("engine_start", "There is no memory for it."))
            : Promise.resolve(engine);
        },
        encodePng: nobodyAsks,
        memoryBytes: () => 0,
        breathe,
      },
      faults.delay,
    );
    made.push(worker);
    return worker;
  };
  return { createWorker, made, caches, engines };
}

const codecs = {} as WebAssembly.Module; // crosses only to the made service
const model = {
  op: "model" as const,
  scan: {} as WebAssembly.Module,
  model: new ArrayBuffer(0),
  sha256: "",
};

interface Outcome {
  map: ProbabilityMap;
  order: number[];
  pool: ScanPool;
  made: MadeSlideWorker[];
}

async function scan(
  size: number,
  faults: Faults = {},
  changes: Partial<ScanJob> = {},
  opensFile = true,
): Promise<Outcome> {
  const { createWorker, made } = workers(faults);
  const file = opensFile ? { codecs, files: [new Blob()] as const, name: "made" } : null;
  const pool = new ScanPool({ createWorker, size, model, file });
  const map = new ProbabilityMap(plan, { width: plan.scaledWidth, height: plan.scaledHeight });
  const order: number[] = [];
  await pool.run({
    plan: request,
    blocks: plan.blocks.map((_, index) => index),
    read: null,
    onBlock: (block, result) => {
      order.push(block);
      map.set(block, result);
    },
    onFailed: (block, error) => map.fail(block, error.message),
    signal: new AbortController().signal,
    ...changes,
  });
  return { map, order, pool, made };
}

async function mapBy(pool: ScanPool): Promise<ProbabilityMap> {
  const map = new ProbabilityMap(plan, { width: plan.scaledWidth, height: plan.scaledHeight });
  await pool.run({
    plan: request,
    blocks: map.left,
    read: null,
    onBlock: (block, result) => map.set(block, result),
    onFailed: (block, error) => map.fail(block, error.message),
    signal: new AbortController().signal,
  });
  return map;
}

// In an order of its own each time.
function jumpy(): () => number {
  let turn = 0;
  return () => (turn++ * 7) % 5;
}

describe("the pool of a scan", () => {
  test("The map is the same whatever the number of workers and the order in which blocks end", async () => {
    const one = await scan(1);
    const many = await scan(5, { delay: jumpy() });
    assert.notDeepEqual(many.order, one.order, "the orders differ");
    assert.deepEqual(many.map.values, one.map.values);
    assert.deepEqual(many.map.verdicts, one.map.verdicts);
    assert.ok(one.map.values.every((value) => value > 0));
    one.pool.close();
    many.pool.close();
  });

  test("Pixels that one worker reads for all give the same map, each read once", async () => {
    const reads: number[] = [];
    const read = (block: number): Promise<Pixels> => {
      reads.push(block);
      const { x, y, width, height } = plan.blocks[block] ?? assert.fail();
      return source.read(0, { x, y, width, height });
    };
    const direct = await scan(2);
    const handed = await scan(3, { delay: jumpy() }, { read }, false);
    assert.deepEqual(handed.map.values, direct.map.values);
    assert.deepEqual(
      reads.toSorted((a, b) => a - b),
      plan.blocks.map((_, index) => index),
    );
    const first = reads.slice(0, 4);
    assert.deepEqual(
      first,
      first.toSorted((a, b) => a - b),
      "in order",
    );
  });

  test("A block that cannot be read leaves the rest, and says why", async () => {
    const { map } = await scan(2, { fail: 7 });
    assert.deepEqual([...map.failed], [[7, "A tile is damaged."]]);
    assert.equal(map.done.size, plan.blocks.length - 1);
    assert.equal(map.progress, 1);
    const { column, row } = plan.blocks[7] ?? assert.fail();
    assert.equal(map.verdict(column, row), 3);
    assert.ok(Number.isNaN(map.value(column, row)));
  });

  test("A worker that breaks is replaced and its block tried once more", async () => {
    const { map, made } = await scan(2, { trapOnce: 11 });
    assert.equal(map.failed.size, 0);
    assert.equal(map.done.size, plan.blocks.length);
    assert.equal(made.length, 3);
    assert.equal(made.filter(({ terminated }) => terminated).length, 1);
  });

  test("Cancelling ends all workers at once; what is done stays, and the rest can be resumed", async () => {
    const { createWorker, made } = workers();
    const file = { codecs, files: [new Blob()] as const, name: "made" };
    const pool = new ScanPool({ createWorker, size: 2, model, file });
    const map = new ProbabilityMap(plan, { width: 120, height: 120 });
    const job = (stop: AbortController, most = Infinity): ScanJob => ({
      plan: request,
      blocks: map.left,
      read: null,
      onBlock: (block, result) => {
        map.set(block, result);
        if (map.done.size >= most) stop.abort();
      },
      onFailed: () => assert.fail("nothing fails"),
      signal: stop.signal,
    });
    await assert.rejects(pool.run(job(new AbortController(), 9)), { code: "cancelled" });
    assert.equal(pool.workerCount, 0);
    assert.equal(pool.memoryBytes, 0);
    assert.ok(made.every(({ terminated }) => terminated));
    const done = map.done.size;
    assert.ok(done >= 9 && done < plan.blocks.length);
    assert.equal(map.left.length, plan.blocks.length - done);
    await pool.run(job(new AbortController()));
    assert.equal(map.left.length, 0);
    assert.deepEqual(map.values, (await scan(1)).map.values);
  });

  test("Another model is taken in by the workers that are there, with the file still open", async () => {
    const { createWorker, made, caches, engines } = workers();
    const file = { codecs, files: [new Blob()] as const, name: "made" };
    const pool = new ScanPool({ createWorker, size: 2, model, file });
    const first = await mapBy(pool);
    assert.equal(first.failed.size, 0);
    pool.readBy({ ...model, sha256: "other" });
    assert.deepEqual((await mapBy(pool)).values, first.values);
    pool.readBy({ ...model, sha256: "other" }); // is the same: nothing is asked
    assert.deepEqual((await mapBy(pool)).values, first.values);
    assert.equal(made.length, 2);
    assert.equal(caches.length, 2);
    assert.deepEqual(engines, ["", "", "other", "other"]);
    pool.close();
  });

  test("After a model that no worker takes in, the one before reads again", async () => {
    const { createWorker, made } = workers({ refused: "other" });
    const file = { codecs, files: [new Blob()] as const, name: "made" };
    const pool = new ScanPool({ createWorker, size: 2, model, file });
    const first = await mapBy(pool);
    pool.readBy({ ...model, sha256: "other" });
    const refused = await mapBy(pool);
    assert.equal(refused.done.size, 0);
    assert.deepEqual([...new Set(refused.failed.values())], ["There is no memory for it."]);
    pool.readBy(model);
    assert.deepEqual((await mapBy(pool)).values, first.values);
    assert.equal(made.filter(({ terminated }) => !terminated).length, 2);
    pool.close();
  });

  test("However many workers open the file, together they keep as many tiles", async () => {
    for (const size of [1, 8]) {
      const { createWorker, caches } = workers();
      const file = { codecs, files: [new Blob()] as const, name: "made" };
      const pool = new ScanPool({ createWorker, size, model, file });
      await pool.warm();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(caches, Array(size).fill(CACHE_BYTES / size));
      pool.close();
    }
  });

  test("Where the file opens nowhere every block says why", async () => {
    const { map } = await scan(2, { openFails: true });
    assert.equal(map.done.size, 0);
    assert.equal(map.failed.size, plan.blocks.length);
    assert.deepEqual([...new Set(map.failed.values())], ["It is cut off."]);
  });

  test("Blocks are ordered from the middle outwards, or as a file is read that only goes forward", () => {
    const outwards = blockOrder(plan, false, { column: 6, row: 6 });
    assert.deepEqual(
      outwards.slice(0, 4).toSorted((a, b) => a - b),
      [14, 15, 20, 21],
    );
    assert.deepEqual(
      blockOrder(plan, true, { column: 6, row: 6 }),
      plan.blocks.map((_, index) => index),
    );
  });
});

test("A scan has a worker a core, at most as many as memory is meant for", () => {
  assert.deepEqual([undefined, 1, 2].map(scanWorkers), [1, 1, 2]);
  assert.equal(scanWorkers(MAX_SCAN_WORKERS), MAX_SCAN_WORKERS);
  assert.equal(scanWorkers(MAX_SCAN_WORKERS + 1), MAX_SCAN_WORKERS);
});
