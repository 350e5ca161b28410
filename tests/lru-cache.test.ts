// What is kept of decoded tiles and frames.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LruCache } from "../public/src/slide/formats/lru-cache.ts";

describe("What was decoded", () => {
  const frame = (size: number) => () => Promise.resolve(new Uint8Array(size));

  test("is kept up to so many bytes of all files together, that used last", async () => {
    const cache = new LruCache(100);
    const decoded: string[] = [];
    const get = (key: string, size = 40) =>
      cache.get(key, size, () => {
        decoded.push(key);
        return frame(size)();
      });
    for (const key of ["0 1", "1 1", "0 1", "0 2", "0 1", "1 1"]) await get(key);
    assert.deepEqual(decoded, ["0 1", "1 1", "0 2", "1 1"]);
    await get("2 1", 1000); // larger than all: kept by itself until the next one
    await get("2 1", 1000);
    await get("0 1");
    assert.deepEqual(decoded.slice(4), ["2 1", "0 1"]);
  });

  test("is kept where it fills the bytes just so, and not where it is one more", async () => {
    for (const [size, times] of [
      [50, 2],
      [51, 3],
    ] as const) {
      const cache = new LruCache(100);
      let made = 0;
      const get = (key: string) =>
        cache.get(key, size, () => {
          made += 1;
          return frame(size)();
        });
      for (const key of ["0", "1", "0"]) await get(key);
      assert.equal(made, times);
    }
  });

  test("is given to all who ask while it is decoded", async () => {
    const cache = new LruCache<Uint8Array>(100);
    const first = cache.get("0", 4, frame(4));
    const second = cache.get("0", 4, () => assert.fail("it is being decoded"));
    assert.equal(await first, await second);
  });

  test("is forgotten where that failed, and tried anew", async () => {
    const cache = new LruCache<Uint8Array>(100);
    await assert.rejects(cache.get("0", 4, () => Promise.reject(new Error("no"))));
    assert.equal((await cache.get("0", 4, frame(4))).length, 4);
  });

  test("is decoded anew after all was let go", async () => {
    const cache = new LruCache<Uint8Array>(100);
    const before = await cache.get("0", 4, frame(4));
    cache.clear();
    assert.notEqual(await cache.get("0", 4, frame(4)), before);
  });
});
