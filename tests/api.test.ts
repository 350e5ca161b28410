// The API's client: what it sends, and what becomes of answers that are none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, ApiError, type SentRequest } from "../public/src/account/api.ts";
import { RequestLedger } from "../public/src/account/request-ledger.ts";
import { failureSentence } from "../public/src/account/wording.ts";

interface Sent {
  url: string;
  init: RequestInit;
}

function answering(answer: () => Response | Promise<Response>) {
  const asked: Sent[] = [];
  const counted: SentRequest[] = [];
  let ended = 0;
  const api = new Api({
    base: "https://insitu.example/",
    fetch: (url, init = {}) => {
      asked.push({ url: url as string, init });
      return Promise.resolve().then(answer);
    },
    onSent: (request) => counted.push(request),
    onSessionEnded: () => (ended += 1),
  });
  return { api, asked, counted, ended: () => ended };
}

const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ code, status, detail: "In the server's words." }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });

async function failureOf(doing: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await doing.then(
    () => assert.fail("it did not fail"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError);
  return error;
}

test("Requests are JSON, same-origin, never cached, never redirected", async () => {
  const { api, asked } = answering(() => Response.json({}));
  await api.prelogin("a");
  const [{ url, init } = assert.fail()] = asked;
  assert.equal(url, "https://insitu.example/api/prelogin");
  assert.equal(init.method, "POST");
  assert.deepEqual(init.headers, { "content-type": "application/json" });
  assert.equal(init.body, '{"username":"a"}');
  assert.equal(init.credentials, "same-origin");
  assert.equal(init.cache, "no-store");
  assert.equal(init.redirect, "error");
});

test("A body goes as bytes with its digest", async () => {
  const { api, asked, counted } = answering(() => new Response(null, { status: 201 }));
  await api.putBody("an-id", new Uint8Array([1, 2, 3]), new AbortController().signal);
  const headers = asked[0]?.init.headers as Record<string, string>;
  assert.equal(headers["content-type"], "application/octet-stream");
  assert.match(headers["content-digest"] ?? "", /^sha-256=:[A-Za-z0-9+/]{43}=:$/);
  assert.deepEqual(counted, [{ url: "https://insitu.example/api/objects/an-id/body", bytes: 3 }]);
});

test("A problem becomes its code, and every code a sentence that says what to do", async () => {
  for (const [status, code, sentence] of [
    [401, "invalid_credentials", /user name or the password is wrong.*Check/],
    [409, "username_taken", /Choose another one/],
    [403, "registration_closed", /Ask whoever runs it/],
    [410, "ticket_expired", /Start again/],
    [507, "quota_exceeded", /Delete kept images/],
    [503, "unavailable", /Nothing was lost here; try again/],
    [422, "something_new", /^In the server's words\.$/],
  ] as const) {
    const { api } = answering(() => problem(status, code));
    const error = await failureOf(api.prelogin("a"));
    assert.equal(error.code, code);
    assert.equal(error.status, status);
    assert.match(failureSentence(error), sentence);
  }
});

test("Where the server says how long to wait, the person hears it", async () => {
  for (const [seconds, sentence] of [
    ["1", /Try again in 1 second\./],
    ["45", /Try again in 45 seconds\./],
    ["840", /Try again in 14 minutes\./],
    ["soon", /Wait a moment/],
  ] as const) {
    const { api } = answering(() => problem(429, "too_many_attempts", { "retry-after": seconds }));
    assert.match(failureSentence(await failureOf(api.prelogin("a"))), sentence);
  }
});

test("No answer is offline, and something that is no InSitu server is told as such", async () => {
  const offline = answering(() => Promise.reject(new TypeError("Failed to fetch")));
  assert.equal((await failureOf(offline.api.session())).code, "offline");
  const html = answering(() => new Response("<html>", { status: 200 }));
  assert.equal((await failureOf(html.api.session())).code, "bad_answer");
  const proxy = answering(() => new Response("<html>Bad gateway", { status: 502 }));
  const error = await failureOf(proxy.api.session());
  assert.equal(error.code, "bad_answer");
  assert.equal(error.status, 502);
});

test("A request that the person stopped is cancelled, not offline", async () => {
  const { api } = answering(() => Promise.reject(new DOMException("aborted", "AbortError")));
  const stop = new AbortController();
  stop.abort();
  const error = await failureOf(api.putBody("an-id", new Uint8Array(1), stop.signal));
  assert.equal(error.code, "cancelled");
});

test("A 401 ends the session where one is needed, and not where a password was wrong", async () => {
  const { api, ended } = answering(() => problem(401, "invalid_credentials"));
  await failureOf(api.login({ username: "a", password: "b" }));
  await failureOf(api.secondFactor("t", "1"));
  await failureOf(api.reauthenticate({ password: "b" }));
  await failureOf(api.confirmTotp("1"));
  assert.equal(ended(), 0);
  await failureOf(api.sessions());
  await failureOf(api.object("an-id"));
  assert.equal(ended(), 2);
});

test("Ids and cursors cannot leave their place in the address", async () => {
  const { api, asked } = answering(() => Response.json({}));
  await api.endSession("../../x?y");
  await api.objects("a&limit=9#");
  assert.equal(asked[0]?.url, "https://insitu.example/api/sessions/..%2F..%2Fx%3Fy");
  assert.equal(asked[1]?.url, "https://insitu.example/api/objects?cursor=a%26limit%3D9%23");
});

test("Only requests that were really made are explained, each once", () => {
  let now = 1_000;
  const own = ["https://insitu.example/account-1.js"];
  const ledger = new RequestLedger(own, () => now);
  const url = "https://insitu.example/api/session";
  const seen = (address: string) => ({ url: address, receivedBytes: 1 });
  ledger.add({ url, bytes: 10 });
  now = 5_000;
  ledger.add({ url, bytes: 32 });
  const all = [seen(url), seen(url), seen(url), seen(own[0] ?? ""), seen("https://else.example/")];
  const since = (moment: number) => {
    const { rest, count, bytes } = ledger.explain(all, moment);
    return [rest.map((request) => request.url), count, bytes];
  };
  assert.deepEqual(since(0), [[url, "https://else.example/"], 3, 42]);
  assert.deepEqual(since(4_000), [[url, url, "https://else.example/"], 2, 32]);
  assert.deepEqual(ledger.explain([], 0), { rest: [], count: 0, bytes: 0 });
});
