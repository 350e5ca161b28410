// That what a page keeps is found wherever it is: tests of silence would else see nothing.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { kept } from "./kept.ts";
import { launch, serveBare, skip, visit } from "./harness.ts";

describe("what a page keeps in the browser", { skip, timeout: 120_000 }, () => {
  test("is found in databases, caches and private files, and is empty of a page that keeps nothing", async () => {
    const [browser, served] = await Promise.all([launch(), serveBare()]);
    try {
      const { page } = await visit(browser, served.url, { ready: false });
      assert.equal(await kept(page), "");
      await page.evaluate(async () => {
        await new Promise<void>((resolve, reject) => {
          const request = indexedDB.open("made", 1);
          request.onupgradeneeded = () => request.result.createObjectStore("store");
          request.onerror = () => reject(new Error("no database"));
          request.onsuccess = () => {
            const transaction = request.result.transaction("store", "readwrite");
            const store = transaction.objectStore("store");
            const bytes = new TextEncoder().encode("IN BYTES");
            store.put(
              { deep: [{ text: "IN A RECORD" }, bytes, new Blob(["IN A BLOB"])] },
              "IN A KEY",
            );
            transaction.oncomplete = () => {
              request.result.close();
              resolve();
            };
          };
        });
        const cache = await caches.open("IN A CACHE'S NAME");
        await cache.put("/IN-AN-ADDRESS", new Response("IN A RESPONSE"));
        const folder = await (
          await navigator.storage.getDirectory()
        ).getDirectoryHandle("IN A FOLDER", { create: true });
        const file = await folder.getFileHandle("IN A FILE'S NAME", { create: true });
        const writer = await file.createWritable();
        await writer.write("IN A FILE.");
        await writer.close();
      });
      const found = await kept(page);
      for (const words of [
        "IN BYTES",
        "IN A RECORD",
        "IN A BLOB",
        "IN A KEY",
        "IN A CACHE'S NAME",
        "IN-AN-ADDRESS",
        "IN A RESPONSE",
        "IN A FOLDER",
        "IN A FILE'S NAME",
        "IN A FILE.",
      ])
        assert.ok(found.includes(words), `${words} is not in:\n${found}`);
    } finally {
      await browser.close();
      await served.close();
    }
  });
});
