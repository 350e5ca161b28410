import assert from "node:assert/strict";
import { test } from "node:test";
import { NetworkWatch } from "../public/src/network-watch.ts";

function timing(name: string, startTime: number, transferSize = 0): PerformanceEntry {
  return {
    name,
    startTime,
    transferSize,
    entryType: "resource",
    duration: 1,
  } as unknown as PerformanceEntry;
}

function setUp(supported = true) {
  let tell: (entries: PerformanceEntry[]) => void = () => undefined;
  let held: PerformanceEntry[] = [];
  let changes = 0;
  let time = 0;
  const watch = new NetworkWatch(
    {
      now: () => time,
      supported,
      observe(onEntries) {
        tell = onEntries;
        return { takeRecords: () => held.splice(0) };
      },
    },
    () => changes++,
  );
  return {
    watch,
    tell: (...entries: PerformanceEntry[]) => tell(entries),
    hold: (...entries: PerformanceEntry[]) => (held = entries),
    setTime: (now: number) => (time = now),
    changes: () => changes,
  };
}

test("Only what began since the image came in is counted", () => {
  const { watch, tell } = setUp();
  tell(timing("http://site.test/model.onnx", 10, 2000));
  tell(timing("http://site.test/late", 60, 5));
  assert.deepEqual(
    watch.since(50)?.map(({ url }) => url),
    ["http://site.test/late"],
  );
  assert.equal(watch.since(5)?.length, 2);
  assert.equal(watch.since(100)?.length, 0);
});

test("What the browser has not told yet is asked for", () => {
  const { watch, hold } = setUp();
  hold(timing("http://site.test/late", 60));
  assert.equal(watch.since(50)?.length, 1);
  assert.equal(watch.since(50)?.length, 1, "and is not forgotten");
});

test("What the page made itself is no network request", () => {
  const { watch, tell, changes } = setUp();
  tell(timing("blob:http://site.test/1234", 60), timing("data:image/png;base64,", 61));
  assert.deepEqual(watch.since(0), []);
  assert.equal(changes(), 0);
});

test("A request changes what is shown", () => {
  const { tell, changes } = setUp();
  tell(timing("http://site.test/late", 60));
  assert.equal(changes(), 1);
});

test("Requests that a worker tells of are counted from then on", () => {
  const { watch, setTime } = setUp();
  setTime(70);
  watch.report([{ url: "http://elsewhere.test/", receivedBytes: 9 }]);
  assert.equal(watch.since(60)?.[0]?.receivedBytes, 9);
  assert.equal(watch.since(80)?.length, 0);
});

test("A browser that does not tell makes the count unknown, not zero", () => {
  const { watch } = setUp(false);
  assert.equal(watch.since(0), null);
});
