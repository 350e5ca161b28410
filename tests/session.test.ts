// The list of images, with a reader that answers when the test says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClassifyOptions } from "../public/src/engine-pool.ts";
import { Judge, ownPoint } from "../public/src/judgement.ts";
import { EngineError } from "../public/src/messages.ts";
import { MAX_IMAGES, Session, type IncomingFile, type Read } from "../public/src/session.ts";
import { model, readingOf } from "./readings.ts";

interface Asked {
  file: Blob;
  options: ClassifyOptions;
  resolve: (positive: boolean) => void;
  reject: (error: unknown) => void;
}

function setUp() {
  const asked: Asked[] = [];
  const changed: string[] = [];
  let time = 0;
  const session = new Session(
    () => time,
    (entry) => entry !== null && changed.push(`${entry.name} ${entry.state}`),
  );
  const reader = {
    classify: (file: Blob, options: ClassifyOptions) =>
      new Promise<Read>((resolve, reject) => {
        options.signal?.addEventListener("abort", () =>
          reject(new EngineError("cancelled", "Cancelled.")),
        );
        asked.push({
          file,
          options,
          resolve: (positive) => resolve({ reading: readingOf(positive), model }),
          reject,
        });
      }),
  };
  const ask = (index: number): Asked => {
    const request = asked[index];
    assert.ok(request, `nothing was asked ${index + 1} times`);
    return request;
  };
  const states = () => session.entries.map((entry) => entry.state).join(" ");
  return { session, reader, asked, ask, changed, states, wait: (ms: number) => (time += ms) };
}

const point = ownPoint(model);

function files(...names: string[]): IncomingFile[] {
  return names.map((name) => ({ name, file: new Blob([name]) }));
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("Images that come before the engine wait for it", async () => {
  const { session, reader, asked, ask, states } = setUp();
  session.add(files("a", "b"));
  assert.equal(states(), "waiting waiting");
  assert.equal(asked.length, 0);
  session.start(reader);
  assert.equal(asked.length, 2);
  ask(0).options.onStart?.();
  assert.equal(states(), "reading waiting");
  ask(0).resolve(true);
  await settled();
  assert.equal(states(), "done waiting");
});

test("The first of what came in is selected", () => {
  const { session } = setUp();
  session.add(files("a", "b"));
  assert.equal(session.selected?.name, "a");
  session.add(files("c", "d"));
  assert.equal(session.selected.name, "c");
  session.add([]);
  assert.equal(session.selected.name, "c");
});

test("An answer is bound to its file and timed from when it left the queue", async () => {
  const { session, reader, ask, wait } = setUp();
  session.start(reader);
  session.add(files("a"));
  wait(100);
  ask(0).options.onStart?.();
  wait(7);
  ask(0).resolve(true);
  await settled();
  const [entry] = session.entries;
  assert.equal(await ask(0).file.text(), "a");
  assert.equal(entry?.answeredMs, 7);
  assert.equal(entry.cameAt, 0);
  assert.equal(entry.reading?.isPositive, true);
});

test("A file that fails keeps its sentence and the others go on", async () => {
  const { session, reader, ask, states } = setUp();
  session.start(reader);
  session.add(files("bad", "good"));
  ask(0).reject(new EngineError("image_unknown", "Not an image."));
  ask(1).resolve(false);
  await settled();
  assert.equal(states(), "failed done");
  assert.equal(session.entries[0]?.error?.message, "Not an image.");
  assert.deepEqual(session.counts(new Judge()), {
    total: 2,
    settled: 2,
    pending: 0,
    positive: 0,
    uncertain: 0,
    failed: 1,
    cancelled: 0,
    asking: 0,
  });
});

test("Something thrown that is no EngineError still becomes a sentence", async () => {
  const { session, reader, ask } = setUp();
  session.start(reader);
  session.add(files("a"));
  ask(0).reject(new TypeError("x is not a function"));
  await settled();
  assert.match(session.entries[0]?.error?.message ?? "", /x is not a function.*Reload/);
});

test("When nothing can be read, what waits fails and so does what comes later", async () => {
  const { session, states } = setUp();
  session.add(files("a"));
  session.fail(new EngineError("model_corrupt", "The model was changed."));
  session.add(files("b"));
  await settled();
  assert.equal(states(), "failed failed");
  assert.equal(session.entries[1]?.error?.code, "model_corrupt");
});

test("Cancelling stops what waits and what is read, and keeps what is done", async () => {
  const { session, reader, ask, states } = setUp();
  session.start(reader);
  session.add(files("a", "b", "c"));
  ask(0).resolve(true);
  await settled();
  ask(1).options.onStart?.();
  session.cancel();
  await settled();
  assert.equal(states(), "done cancelled cancelled");
  assert.ok(ask(1).options.signal?.aborted && ask(2).options.signal?.aborted);
  assert.equal(session.counts(new Judge()).cancelled, 2);
});

test("What was cancelled can be read after all", async () => {
  const { session, reader, asked, ask, states } = setUp();
  session.start(reader);
  session.add(files("a", "b"));
  session.cancel();
  session.resume();
  assert.equal(states(), "waiting waiting");
  assert.equal(asked.length, 4);
  ask(2).resolve(true);
  ask(3).resolve(false);
  await settled();
  assert.equal(states(), "done done");
});

test("Removing an image stops its reading and selects its neighbour", async () => {
  const { session, reader, ask } = setUp();
  session.start(reader);
  session.add(files("a", "b", "c"));
  session.move(1);
  assert.equal(session.selected?.name, "b");
  session.remove(session.selected);
  assert.ok(ask(1).options.signal?.aborted);
  assert.equal(session.selected.name, "c");
  session.remove(session.selected);
  assert.equal(session.selected.name, "a");
  session.remove(session.selected);
  assert.equal(session.selected, null);
  await settled();
  assert.equal(session.entries.length, 0);
});

test("Moving stays within the list", () => {
  const { session } = setUp();
  session.move(1);
  session.add(files("a", "b", "c"));
  session.move(-1);
  assert.equal(session.selected?.name, "a");
  session.move(Infinity);
  assert.equal(session.selected.name, "c");
  session.move(1);
  assert.equal(session.selected.name, "c");
  session.move(-Infinity);
  assert.equal(session.selected.name, "a");
});

test("Clearing leaves nothing, and a late answer changes nothing", async () => {
  const { session, reader, ask } = setUp();
  session.start(reader);
  session.add(files("a"));
  session.clear();
  ask(0).resolve(true);
  await settled();
  assert.equal(session.entries.length, 0);
  assert.equal(session.selected, null);
});

test(`The list takes ${MAX_IMAGES} images and says how many it left out`, () => {
  const { session } = setUp();
  const many = files(...Array.from({ length: MAX_IMAGES }, (_, index) => String(index)));
  assert.equal(session.add(many), 0);
  assert.equal(session.add(files("one more")), 1);
  assert.equal(session.entries.length, MAX_IMAGES);
});

test("What was read in this visit is read anew, what was kept and what failed stays", async () => {
  const { session, reader, asked, ask, states } = setUp();
  session.start(reader);
  session.add(files("a", "b", "c"));
  ask(0).resolve(true);
  ask(1).resolve(true);
  ask(2).reject(new EngineError("image_unknown", "Not an image."));
  await settled();
  session.addRead({ name: "kept", file: new Blob([]) }, { reading: readingOf(true), model }, point);
  session.readAnew(({ name }) => name !== "b");
  assert.equal(states(), "waiting done failed done");
  assert.equal(session.entries[0]?.reading, null);
  assert.equal(asked.length, 4);
  ask(3).resolve(false);
  await settled();
  assert.equal(states(), "done done failed done");
});

test("A refused image is read when somebody asks for it, and only a refused one", async () => {
  const { session, reader, asked, ask, states } = setUp();
  session.start(reader);
  session.add(files("refused", "broken"));
  ask(0).reject(new EngineError("image_refused", "A photograph."));
  ask(1).reject(new EngineError("image_unknown", "Not an image."));
  await settled();
  const [refused, broken] = session.entries;
  assert.ok(refused && broken);
  assert.equal(ask(0).options.judgeAnyway, false);
  session.readAnyway(broken);
  session.readAnyway(refused);
  assert.equal(asked.length, 3);
  assert.equal(ask(2).options.judgeAnyway, true);
  ask(2).resolve(true);
  await settled();
  assert.equal(states(), "done failed");
  assert.equal(refused.error, null);
});
