// Where the user key lies while a person is signed in: in this browser's IndexedDB, as a CryptoKey
// that can be used but never read out. Removed when they sign out or the session is found ended.

const DATABASE = "insitu";
const STORE = "keys";

export interface KeyStore {
  get(userId: string): Promise<CryptoKey | null>;
  put(userId: string, key: CryptoKey): Promise<void>;
  clear(): Promise<void>;
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () =>
      reject(request.error ?? new Error("the browser's storage failed")),
    );
  });
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(STORE));
  const database = await settled(opening);
  const transaction = database.transaction(STORE, mode);
  const close = () => database.close();
  transaction.addEventListener("complete", close);
  transaction.addEventListener("abort", close);
  return transaction.objectStore(STORE);
}

// A browser may forbid IndexedDB (private windows of some): the key then lasts as long as the page.
export function browserKeyStore(): KeyStore {
  const memory = new Map<string, CryptoKey>();
  return {
    async get(userId) {
      const held = memory.get(userId);
      if (held !== undefined) return held;
      try {
        const found: unknown = await settled((await store("readonly")).get(userId));
        return found instanceof CryptoKey ? found : null;
      } catch {
        return null;
      }
    },
    async put(userId, key) {
      memory.set(userId, key);
      try {
        await settled((await store("readwrite")).put(key, userId));
      } catch {
        // Nothing to do: see above.
      }
    },
    async clear() {
      memory.clear();
      try {
        await settled((await store("readwrite")).clear());
      } catch {
        // There is no storage, so nothing lies in it.
      }
    },
  };
}
