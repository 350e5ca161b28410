import assert from "node:assert/strict";
import { test } from "node:test";
import { unlessAborted } from "../public/src/slide/unless-aborted.ts";

test("What the work gives is given, and what is there already too", async () => {
  const { signal } = new AbortController();
  assert.equal(await unlessAborted(Promise.resolve(3), signal), 3);
  assert.equal(await unlessAborted(4, signal), 4);
});

test("An abort does not wait for the work", async () => {
  const stop = new AbortController();
  const waiting = unlessAborted(new Promise<number>(() => undefined), stop.signal);
  stop.abort();
  assert.equal(await waiting, null);
  assert.equal(await unlessAborted(new Promise<number>(() => undefined), stop.signal), null);
});

test("A fault of the work is passed on, but after an abort it is dropped", async () => {
  const stop = new AbortController();
  await assert.rejects(unlessAborted(Promise.reject(new Error("broken")), stop.signal), /broken/);
  let fail: (error: Error) => void = () => undefined;
  const work = new Promise<number>((_, reject) => (fail = reject));
  const waiting = unlessAborted(work, stop.signal);
  stop.abort();
  fail(new Error("too late"));
  assert.equal(await waiting, null);
});
