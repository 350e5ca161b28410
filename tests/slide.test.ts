// A large image as the session sees it, its worker without a thread.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelFacts, OperatingPoint } from "../public/src/messages.ts";
import type { ScanEngine, ScanPlan } from "../public/src/slide/scan-engine.ts";
import { Slide } from "../public/src/slide/slide.ts";
import type { SlideSource } from "../public/src/slide/source.ts";
import { Turns } from "../public/src/slide/turns.ts";
import { breathe, makeSlideWorker, nobodyAsks } from "./made_slide_worker.ts";
import { madeSummary } from "./made_summary.ts";

const SIDE = 200; // px, of 4×4 cells

const plan: ScanPlan = {
  ...{ columns: 4, rows: 4, stride: 50, patch: 50, scaledWidth: SIDE, scaledHeight: SIDE },
  ...{ magnification: 1, dense: false, strides: [] },
  blocks: [{ x: 0, y: 0, width: SIDE, height: SIDE, column: 0, row: 0, columns: 4, rows: 4 }],
};

const source: SlideSource = {
  facts: {
    ...{ format: "made", levels: [{ width: SIDE, height: SIDE }], channels: 3, umPerPixel: 4 },
    ...{ scaleFrom: "made", kind: "histology", sequential: false, notes: [] },
  },
  read: (_, { width, height }) =>
    Promise.resolve({ width, height, channels: 3, data: new Uint8Array(width * height * 3) }),
  close: () => undefined,
};

function scanned() {
  const point = { threshold: 0.5 };
  const engine: ScanEngine = {
    memoryBytes: 1_000_000,
    plan: () => plan,
    run: () => ({ values: new Float32Array(16).fill(0.9), verdicts: new Uint8Array(16) }),
    summary: (_values, _verdicts, threshold) => madeSummary(threshold),
  };
  const createWorker = () =>
    makeSlideWorker({
      ...{ series: nobodyAsks, open: () => Promise.resolve(source), breathe },
      createEngine: () => Promise.resolve(engine),
      encodePng: nobodyAsks,
      memoryBytes: () => 0,
    });
  const facts = { id: "made", sha256: "made", umPerPixel: 4 } as ModelFacts;
  const told: string[] = [];
  const slide = new Slide(
    [new Blob()],
    "made",
    {
      ...{ createWorker, codecs: {}, scan: {} },
      ...{ workers: 1, turns: new Turns(), now: () => performance.now() },
      model: () => Promise.resolve({ facts, file: new ArrayBuffer(0) }),
      point: () => point as OperatingPoint,
      onRequests: () => undefined,
    },
    (state, error) => told.push(error === undefined ? state : `${state}: ${error.message}`),
  );
  return { slide, point, told };
}

const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await breathe();
};

test("A large image that another takes the place of while it is judged anew is judged when it is seen again", async () => {
  for (let tasks = 0; tasks < 8; tasks++) {
    const { slide, point, told } = scanned();
    slide.shown = true;
    await slide.begin();
    assert.deepEqual([slide.phase, slide.summary?.threshold], ["done", 0.5]);
    point.threshold = 0.3;
    slide.judgeAgain();
    for (let task = 0; task < tasks; task++) await breathe();
    slide.shown = false; // its worker ends, with what it was asked
    await settled();
    assert.equal(slide.phase, "done", `after ${tasks}: ${told.join(", ")}`);
    assert.equal(slide.error, null);
    slide.shown = true;
    await settled();
    assert.equal(slide.summary?.threshold, 0.3, `after ${tasks}`);
    point.threshold = 0.4;
    slide.judgeAgain();
    for (let task = 0; task < tasks; task++) await breathe();
    slide.shown = false;
    slide.shown = true; // at once
    await settled();
    assert.deepEqual([slide.phase, slide.summary.threshold], ["done", 0.4], `after ${tasks}`);
  }
});
