// An account of the page against the server in memory, with everything that a browser would give.
import { Account } from "../public/src/account/account.ts";
import { Api, type SentRequest } from "../public/src/account/api.ts";
import { utf8Bytes } from "../public/src/account/bytes.ts";
import type { KeyStore } from "../public/src/account/key-store.ts";
import { hkdf, type HashPassword } from "../public/src/account/vault.ts";
import type { FakeServer } from "./fake_server.ts";

export const PASSWORD = "four quiet words here";

export function memoryKeyStore(): KeyStore & { held: Map<string, CryptoKey> } {
  const held = new Map<string, CryptoKey>();
  return {
    held,
    get: (userId) => Promise.resolve(held.get(userId) ?? null),
    put: (userId, key) => {
      held.set(userId, key);
      return Promise.resolve();
    },
    clear: () => {
      held.clear();
      return Promise.resolve();
    },
  };
}

// In place of Argon2id, which has tests of its own.
const quickHash: HashPassword = (password, salt) => hkdf(password, salt, utf8Bytes("a test"), 32);

export interface Visitor {
  account: Account;
  api: Api;
  keys: ReturnType<typeof memoryKeyStore>;
  sent: SentRequest[];
  changes: () => number;
}

// A browser of its own; with `fetcher` and `keys` those of another, as after a reload.
export function visitor(
  server: FakeServer,
  fetcher: typeof fetch = server.browser(),
  keys = memoryKeyStore(),
): Visitor {
  const sent: SentRequest[] = [];
  let changes = 0;
  const api = new Api({
    base: "https://insitu.example/",
    fetch: fetcher,
    onSent: (request) => sent.push(request),
    onSessionEnded: () => void account.sessionEnded(),
  });
  const onChange = () => (changes += 1);
  const account = new Account({ api, config: server.config, keys, hash: quickHash, onChange });
  return { account, api, keys, sent, changes: () => changes };
}
