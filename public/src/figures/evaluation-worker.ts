// One evaluation on a thread of its own, so that the page stays live. Started in the frame that
// engines are started from (closed-worker.ts): it has no network.
import { lockNetwork } from "../network-lock.ts";
import { evaluateJson, type EvaluationRequest } from "./evaluation.ts";

export interface EvaluationJob {
  module: WebAssembly.Module;
  request: EvaluationRequest;
}

export type EvaluationReply = { ok: true; json: string } | { ok: false; message: string };

interface Scope {
  addEventListener(type: "message", listener: (event: { data: EvaluationJob }) => void): void;
  postMessage(reply: EvaluationReply): void;
}

lockNetwork(globalThis);
const scope = globalThis as unknown as Scope;
scope.addEventListener("message", ({ data: { module, request } }) => {
  evaluateJson(module, request).then(
    (json) => scope.postMessage({ ok: true, json }),
    (error: unknown) => scope.postMessage({ ok: false, message: String(error) }),
  );
});
