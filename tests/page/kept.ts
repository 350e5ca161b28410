// What a page keeps in the browser beyond its two small storages: IndexedDB, the caches of its requests,
// its private files.
import type { Page } from "playwright-core";

// All of it in words; bytes as Latin-1.
export function kept(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const words = (bytes: ArrayBuffer | ArrayBufferView) => {
      const all = ArrayBuffer.isView(bytes)
        ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        : new Uint8Array(bytes);
      return new TextDecoder("latin1").decode(all);
    };
    const said = async (value: unknown): Promise<string> => {
      if (value instanceof Blob) return `${value.type} ${words(await value.arrayBuffer())}`;
      if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return words(value);
      if (value instanceof Map) return said([...(value as Map<unknown, unknown>)]);
      if (value instanceof Set) return said([...(value as Set<unknown>)]);
      if (typeof value !== "object" || value === null) return String(value);
      const parts = Object.entries(value).map(
        async ([name, part]) => `${name} ${await said(part)}`,
      );
      return (await Promise.all(parts)).join("\n");
    };
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(new Error(String(request.error)));
      });
    const all: string[] = [];
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      all.push(name);
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([
          done(objects.getAllKeys()),
          done<unknown[]>(objects.getAll()),
        ]);
        all.push(store, await said(keys), await said(values));
      }
      database.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      all.push(name);
      for (const request of await cache.keys()) {
        const response = await cache.match(request);
        all.push(request.url, words((await response?.arrayBuffer()) ?? new ArrayBuffer(0)));
      }
    }
    const folders = [await navigator.storage.getDirectory()];
    for (const folder of folders) {
      for await (const [name, entry] of folder.entries()) {
        all.push(name);
        if (entry instanceof FileSystemDirectoryHandle) folders.push(entry);
        else if (entry instanceof FileSystemFileHandle) all.push(await said(await entry.getFile()));
      }
    }
    return all.join("\n");
  });
}
