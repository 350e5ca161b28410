// What the worker that sums a map up is told of it, and when.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError } from "../public/src/messages.ts";
import type { ModelRequest, PlanRequest } from "../public/src/slide/messages.ts";
import { OpenedFile, PART_CELLS, type Summed } from "../public/src/slide/opened-file.ts";
import { ProbabilityMap, type Point } from "../public/src/slide/probability-map.ts";
import type { ScanEngine, ScanPlan } from "../public/src/slide/scan-engine.ts";
import { FULL_GATE, type ScanSummary } from "../public/src/slide/scanner.ts";
import type { Level, SlideSource } from "../public/src/slide/source.ts";
import { VERDICT } from "../public/src/slide/verdicts.ts";
import { breathe, makeSlideWorker, nobodyAsks, type MadeSlideWorker } from "./made_slide_worker.ts";

const FINEST: Level = { width: 3_600, height: 2_800 };

// Of the image by squares of so many pixels, in two blocks.
function planOf(stride: number): ScanPlan {
  const [columns, rows] = [FINEST.width / stride, FINEST.height / stride];
  const block = (row: number) => ({
    ...{ x: 0, y: row * stride, width: FINEST.width, height: (rows / 2) * stride },
    ...{ column: 0, row, columns, rows: rows / 2 },
  });
  return {
    ...{ columns, rows, stride, patch: stride, strides: [], magnification: 1, dense: false },
    ...{ scaledWidth: FINEST.width, scaledHeight: FINEST.height },
    blocks: [block(0), block(rows / 2)],
  };
}

const FINE = 4; // its map takes several parts
const COARSE = 100;
const REFUSED = 3; // by the engine

// Each cell's value and verdict tell where it is.
function mapOf(stride: number, blocks = [0, 1]): ProbabilityMap {
  const plan = planOf(stride);
  const map = new ProbabilityMap(plan, FINEST);
  for (const index of blocks) {
    const cells = (plan.columns * plan.rows) / 2;
    const first = index * cells;
    map.set(index, {
      values: Float32Array.from({ length: cells }, (_, at) => first + at),
      verdicts: Uint8Array.from({ length: cells }, (_, at) => (first + at) % 2),
    });
  }
  return map;
}

const request = (stride: number): PlanRequest => ({
  ...{ op: "plan", level: 0, ...FINEST, channels: 3, umPerPixel: 1, stride, gate: FULL_GATE },
});

const model: ModelRequest = {
  ...{ op: "model", scan: {}, model: new ArrayBuffer(0), sha256: "made" },
};

const summed = (map: ProbabilityMap, threshold: number, regions: Point[][] = []): Summed => ({
  ...{ map, request: request(map.plan.stride), model, regions, threshold },
});

interface Asked {
  stride: number; // of the plan that was in force
  values: Float32Array;
  verdicts: Uint8Array;
}

function open() {
  const made: MadeSlideWorker[] = [];
  const asked: Asked[] = [];
  const source: SlideSource = {
    facts: {
      ...{ format: "made", levels: [FINEST], channels: 3, umPerPixel: 1, scaleFrom: "made" },
      ...{ kind: null, sequential: false, notes: [] },
    },
    read: nobodyAsks,
    close: () => undefined,
  };
  const createEngine = (): Promise<ScanEngine> => {
    let planned = 0;
    return Promise.resolve({
      memoryBytes: 1_000_000,
      plan: (_, stride) => {
        if (stride === REFUSED)
          throw new EngineError("invalid_argument", "No map has this stride.");
        return planOf((planned = stride));
      },
      run: () => {
        throw new Error("nobody asks");
      },
      summary: (values, verdicts, threshold) => {
        const { columns, rows } = planOf(planned);
        if (values.length !== columns * rows || verdicts.length !== values.length)
          throw new EngineError("invalid_argument", "The map is not of the size that was planned.");
        asked.push({ stride: planned, values: values.slice(), verdicts: verdicts.slice() });
        return { threshold } as ScanSummary;
      },
    });
  };
  const createWorker = () => {
    const worker = makeSlideWorker({
      ...{ series: nobodyAsks, open: () => Promise.resolve(source), createEngine, breathe },
      encodePng: ({ strips }) => Promise.resolve(new Blob(strips.map(({ rgba }) => rgba))),
      memoryBytes: () => 0,
    });
    made.push(worker);
    return worker;
  };
  const codecs = {} as WebAssembly.Module;
  const onRequests = () => undefined;
  const files = [new Blob()] as const;
  const opened = new OpenedFile({ files, name: "made", codecs, createWorker, onRequests });
  const told = () => made.flatMap(({ messages }) => messages.filter(({ op }) => op === "cells"));
  return { opened, asked, made, told };
}

test("What the page has drawn goes to the worker, its pixels without a copy, and is a file there", async () => {
  const { opened } = open();
  const strips = [0, 1].map((top) => ({
    ...{ top, rows: 1 },
    rgba: Uint8ClampedArray.from({ length: 8 }, (_, at) => 10 * top + at),
  }));
  const sent = strips.flatMap(({ rgba }) => [...rgba]);
  const png = await opened.png({ width: 2, height: 2, strips });
  assert.deepEqual([...new Uint8Array(await png.arrayBuffer())], sent);
  for (const { rgba } of strips) assert.equal(rgba.length, 0);
});

test("A map is summed up as it is, though it goes to the worker in parts that do not block the page", async () => {
  const { opened, asked, told } = open();
  const map = mapOf(FINE);
  assert.ok(map.values.length > 9 * PART_CELLS && map.values.length % PART_CELLS > 0);
  const { threshold } = await opened.summary(summed(map, 0.25));
  assert.equal(threshold, 0.25);
  assert.deepEqual(
    asked.map(({ values, verdicts }) => ({ values, verdicts })),
    [{ values: map.values, verdicts: map.verdicts }],
  );
  assert.equal(told().length, Math.ceil(map.values.length / PART_CELLS));
  for (const message of told())
    assert.ok("verdicts" in message && message.verdicts.length <= PART_CELLS);
  assert.equal(map.values.length, map.values.buffer.byteLength / 4, "the page still has its own");
});

test("Cells go to the worker once: neither another threshold nor regions send them again, another block does", async () => {
  const { opened, asked, told } = open();
  const map = mapOf(COARSE, [0]);
  const corner = [
    { x: -1, y: -1 },
    { x: 250, y: -1 },
    { x: 250, y: 151 },
    { x: -1, y: 151 },
  ]; // four cells
  await opened.summary(summed(map, 0.5));
  await opened.summary(summed(map, 0.25));
  await opened.summary(summed(map, 0.25, [corner]));
  await opened.summary(summed(map, 0.25));
  assert.equal(told().length, 1);
  const inside = asked[2]?.verdicts.map((verdict) => Number(verdict !== VERDICT.outside));
  const cells = [...(inside ?? [])].flatMap((is, at) => (is === 1 ? [at] : []));
  assert.deepEqual(cells, [0, 1, 36, 37], "middles that are in the region");
  assert.deepEqual(asked[3]?.verdicts, asked[0]?.verdicts, "the region is gone");
  const half = map.verdicts.length / 2;
  const outside = new Uint8Array(half).fill(VERDICT.outside);
  assert.deepEqual(asked[0]?.verdicts.subarray(half), outside, "what is not read yet");
  map.fail(1, "a tile is damaged");
  await opened.summary(summed(map, 0.25));
  assert.deepEqual(asked[4]?.verdicts.subarray(half), outside, "what could not be read");
  map.set(1, { values: new Float32Array(half), verdicts: new Uint8Array(half) });
  await opened.summary(summed(map, 0.25));
  assert.equal(told().length, 3);
  assert.deepEqual(asked[5]?.verdicts, map.verdicts);
});

test("Maps that are summed up or planned at a time do not meet in the worker", async () => {
  const { opened, asked } = open();
  const [fine, coarse] = [mapOf(FINE), mapOf(COARSE)];
  const [first, plan, second, third] = await Promise.all([
    opened.summary(summed(fine, 0.1)),
    opened.plan(request(COARSE), model),
    opened.summary(summed(coarse, 0.2)),
    opened.summary(summed(fine, 0.3)),
  ]);
  assert.deepEqual(
    asked.map(({ stride }) => stride),
    [FINE, COARSE, FINE],
  );
  assert.deepEqual(asked[1]?.values, coarse.values);
  assert.deepEqual(asked[2]?.values, fine.values);
  assert.equal(plan.stride, COARSE);
  assert.deepEqual(
    [first, second, third].map(({ threshold }) => threshold),
    [0.1, 0.2, 0.3],
  );
});

test("A worker that was let go while it was told of a map leaves the next one to be told all of it", async () => {
  const { opened, asked, made, told } = open();
  const map = mapOf(FINE);
  const broken = opened.summary(summed(map, 0.5));
  while (told().length < 2) await breathe();
  opened.letGo();
  await assert.rejects(broken, { code: "cancelled" });
  await opened.summary(summed(map, 0.5));
  assert.equal(made.length, 2);
  assert.deepEqual(asked[0]?.values, map.values);
});

test("Where one of them fails the next still has its turn", async () => {
  const { opened, asked } = open();
  const wrong = { ...summed(mapOf(COARSE), 0.5), request: request(REFUSED) };
  const [refused, next] = await Promise.allSettled([
    opened.summary(wrong),
    opened.summary(summed(mapOf(COARSE), 0.5)),
  ]);
  assert.deepEqual([refused.status, next.status], ["rejected", "fulfilled"]);
  assert.equal(asked[0]?.stride, COARSE);
});
