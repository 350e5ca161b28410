// One hash on a thread of its own, so that the page stays live. Started in the frame that engines
// are started from (closed-worker.ts): what holds a password cannot reach the network.
import { lockNetwork } from "../network-lock.ts";
import { argon2id, HashError, type HashRequest } from "./argon2.ts";
import type { Bytes } from "./bytes.ts";

export interface HashJob extends HashRequest {
  module: WebAssembly.Module;
}

export type HashReply = { ok: true; hash: Bytes } | { ok: false; code: string; message: string };

interface Scope {
  addEventListener(type: "message", listener: (event: { data: HashJob }) => void): void;
  postMessage(reply: HashReply): void;
}

lockNetwork(globalThis);
const scope = globalThis as unknown as Scope;
scope.addEventListener("message", ({ data }) => {
  argon2id(data.module, data).then(
    (hash) => scope.postMessage({ ok: true, hash }),
    (error: unknown) => {
      const code = error instanceof HashError ? error.code : "failed";
      scope.postMessage({ ok: false, code, message: String(error) });
    },
  );
});
