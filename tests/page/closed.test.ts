// Nothing leaves, on any server; and what is damaged does not predict.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { png, tissue } from "../made_images.ts";
import {
  drop,
  launch,
  progressOf,
  readAnswer,
  serveBare,
  serveInsitu,
  server,
  skip,
  visibleText,
  visit,
  type Served,
} from "./harness.ts";

const patch = { name: "patch.png", bytes: png(tissue(50, 50, 1)) };

// Through the debugger: the locked worker has not even the eval that Playwright would use.
async function evaluateInWorker(page: Page, expression: string): Promise<unknown> {
  const CALL = 1;
  const session = await page.context().newCDPSession(page);
  const attached = new Promise<string>((resolve) => {
    session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      if (targetInfo.type === "worker") resolve(sessionId);
    });
  });
  const answered = new Promise<unknown>((resolve, reject) => {
    session.on("Target.receivedMessageFromTarget", ({ message }) => {
      const reply = JSON.parse(message) as {
        id?: number;
        result?: { result?: { value?: unknown } };
      };
      if (reply.id !== CALL) return; // an event
      if (reply.result?.result === undefined) reject(new Error(message));
      else resolve(reply.result.result.value);
    });
  });
  const attach = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false };
  await session.send("Target.setAutoAttach", attach);
  const call = {
    id: CALL,
    method: "Runtime.evaluate",
    params: { expression, returnByValue: true },
  };
  const sessionId = await attached;
  await session.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify(call) });
  const value = await answered;
  await session.detach();
  return value;
}

describe("closed", { skip, timeout: 300_000 }, () => {
  let browser: Browser;

  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  async function readsWithoutRequests(served: Served): Promise<void> {
    const { page, requests, complaints, close } = await visit(browser, served.url);
    const engines = requests.filter((url) => /engine-(simd|relaxed)-/.test(url));
    assert.match(engines.join(" "), /^\S+engine-relaxed-\S+$/, "one engine, the faster one");
    const [before, servedBefore] = [requests.length, served.requests.length];
    await drop(page, [patch, { ...patch, name: "again.png" }, { ...patch, name: "third.png" }]);
    await progressOf(page, "3 images read");
    const answer = await readAnswer(page);
    assert.equal(requests.length, before, requests.slice(before).join(" "));
    assert.equal(served.requests.length, servedBefore);
    assert.match(answer, /This image was read on this device: 0 bytes sent\./);
    assert.match(answer, /0 network requests since it came in/);
    assert.match(await visibleText(page, "footer"), /Not a medical device/);
    assert.deepEqual(complaints, []);
    await close();
  }

  const servers: [string, () => Promise<Served>, string | false][] = [
    [
      "our own server",
      serveInsitu,
      existsSync(server) ? false : `SKIPPED: ${server} not there; run make native`,
    ],
    ["a bare static server", () => serveBare(), false],
    ["a subfolder of a static server", () => serveBare("/tools/insitu/"), false],
  ];
  for (const [name, serve, skipServer] of servers) {
    test(`From ${name} images are read without one request`, { skip: skipServer }, async () => {
      const served = await serve();
      try {
        await readsWithoutRequests(served);
      } finally {
        await served.close();
      }
    });
  }

  async function onBare(act: (served: Served) => Promise<void>): Promise<void> {
    const served = await serveBare();
    try {
      await act(served);
    } finally {
      await served.close();
    }
  }

  test("Once loaded, images are read with the server gone", async () => {
    const served = await serveBare();
    const { page, complaints, close } = await visit(browser, served.url);
    await served.close();
    const many = Array.from({ length: 20 }, (_, index) => ({ ...patch, name: `${index}.png` }));
    await drop(page, many);
    await progressOf(page, "20 images read");
    assert.deepEqual(complaints, []);
    await close();
  });

  test("A request that is made after all is counted and named, and 0 bytes no longer claimed", () =>
    onBare(async (served) => {
      const { page, close } = await visit(browser, served.url);
      await drop(page, [patch]);
      assert.match(await readAnswer(page), /0 bytes sent/);
      await page.evaluate(() => fetch("/elsewhere?secret").then(() => undefined));
      await page.locator("#proof", { hasText: "1 network request" }).waitFor();
      const proof = await visibleText(page, "#proof");
      assert.doesNotMatch(proof, /0 bytes sent/);
      assert.match(proof, /elsewhere\?secret/);
      await close();
    }));

  test("The browser forbids the workers every connection, without any header", () =>
    onBare(async (served) => {
      const { page, close } = await visit(browser, served.url);
      const [, frame] = page.frames();
      assert.ok(frame, "the frame that workers are started from");
      const heard = await frame.evaluate(
        (url) =>
          new Promise<string>((resolve) => {
            const code = `fetch(${JSON.stringify(url)})
              .then(() => postMessage("got through"), () => postMessage("refused"))`;
            const worker = new Worker(URL.createObjectURL(new Blob([code])));
            worker.onmessage = ({ data }) => resolve(String(data));
            worker.onerror = () => resolve("no worker");
          }),
        `${served.url}index.html`,
      );
      assert.equal(heard, "refused");
      await close();
    }));

  test("The engine's worker has no means to connect left", () =>
    onBare(async (served) => {
      const { page, close } = await visit(browser, served.url);
      const left = await evaluateInWorker(
        page,
        `["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "importScripts",
          "indexedDB", "caches", "BroadcastChannel", "Worker", "navigator", "RTCPeerConnection"]
          .filter((name) => typeof self[name] !== "undefined").join()`,
      );
      assert.equal(left, "");
      await close();
    }));

  async function refusal(url: string, prepare: (page: Page) => Promise<unknown>): Promise<string> {
    const { page, close } = await visit(browser, url, { prepare, ready: false });
    await page.keyboard.press("Shift"); // somebody is there: the engine starts
    await page.getByRole("heading", { name: "Nothing can be read" }).waitFor();
    await drop(page, [patch]);
    const sentence = await visibleText(page, "#failure");
    assert.equal(await page.locator("#answer").isVisible(), false, "no answer");
    await close();
    return sentence;
  }

  test("A model with one byte changed is refused in words", () =>
    onBare(async (served) => {
      for (const share of [0.3, 0.7]) {
        const sentence = await refusal(served.url, (page) =>
          page.route("**/*.onnx", async (route) => {
            const response = await route.fetch();
            const body = await response.body();
            const at = Math.floor(body.length * share);
            body[at] = (body[at] ?? 0) ^ 1;
            await route.fulfill({ response, body });
          }),
        );
        assert.match(sentence, /model/i);
        assert.match(sentence, /nothing is (predicted|read) with it|Fetch it again|Reload/i);
      }
    }));

  test("A changed engine is refused by the browser, and that is said", () =>
    onBare(async (served) => {
      const sentence = await refusal(served.url, (page) =>
        page.route("**/engine-*.wasm", async (route) => {
          const response = await route.fetch();
          const body = await response.body();
          body[body.length - 1] = (body[body.length - 1] ?? 0) ^ 1;
          await route.fulfill({ response, body });
        }),
      );
      assert.match(sentence, /The engine did not arrive whole and unchanged/);
    }));

  test("A model that is not there, or only half, is said with what to do", () =>
    onBare(async (served) => {
      const absent = await refusal(served.url, (page) =>
        page.route("**/*.onnx", (route) => route.fulfill({ status: 404 })),
      );
      assert.match(absent, /The model is not where it should be: the server answered 404.*reload/);
      const half = await refusal(served.url, (page) =>
        page.route("**/*.onnx", async (route) => {
          const response = await route.fetch();
          const body = await response.body();
          await route.fulfill({ status: 200, body: body.subarray(0, body.length / 2) });
        }),
      );
      assert.match(half, /The model did not arrive whole/);
    }));

  test("A browser without SIMD is told which one to use", () =>
    onBare(async (served) => {
      const sentence = await refusal(served.url, (page) =>
        page.addInitScript(() => {
          WebAssembly.validate = () => false;
        }),
      );
      assert.match(sentence, /lacks WebAssembly SIMD.*Firefox/);
    }));

  test("A browser without relaxed SIMD reads with the plain build", () =>
    onBare(async (served) => {
      const { page, requests, close } = await visit(browser, served.url, {
        prepare: (opened) =>
          opened.addInitScript(() => {
            const validate = WebAssembly.validate.bind(WebAssembly);
            let asked = 0;
            WebAssembly.validate = (bytes) => asked++ > 0 && validate(bytes);
          }),
      });
      assert.ok(requests.some((url) => url.includes("engine-simd-")));
      await drop(page, [patch]);
      await readAnswer(page);
      await close();
    }));
});
