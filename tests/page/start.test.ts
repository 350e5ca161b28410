// What a page does before the first image: everything is fetched, nothing runs.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { png, tissue } from "../made_images.ts";
import { drop, launch, readAnswer, serveBare, skip, visit, type Served } from "./harness.ts";

describe("start", { skip, timeout: 120_000 }, () => {
  let browser: Browser;
  let served: Served;

  before(async () => {
    browser = await launch();
    served = await serveBare();
  });

  after(async () => {
    await browser.close();
    await served.close();
  });

  const fetched = (page: Page) =>
    page.locator("#load-status", { hasText: /^Model .* is here/ }).waitFor();
  const ready = (page: Page) => page.locator("#load-status", { hasText: "Ready: model" }).waitFor();

  const signs: [what: string, make: (page: Page) => Promise<unknown>][] = [
    ["A drag that enters", (page) => page.dispatchEvent("body", "dragenter")],
    ["Focus", (page) => page.focus("#choose")],
    ["A key", (page) => page.keyboard.press("Shift")],
    ["A press of the pointer", (page) => page.mouse.down()],
  ];
  for (const [what, make] of signs) {
    test(`${what} starts the engine, and before it no worker runs`, async () => {
      const { page, complaints, close } = await visit(browser, served.url, { ready: false });
      await fetched(page);
      await page.mouse.move(300, 300); // is no intent yet
      assert.equal(page.workers().length, 0);
      assert.equal(await page.locator("iframe").count(), 0);
      await make(page);
      await ready(page);
      assert.equal(page.workers().length, 1);
      assert.deepEqual(complaints, []);
      await close();
    });
  }

  test("An image that comes before any sign is read", async () => {
    const { page, close } = await visit(browser, served.url, { ready: false });
    const bytes = Buffer.from(png(tissue(50, 50, 1)));
    await page.locator("#file-input").setInputFiles({
      name: "patch.png",
      mimeType: "image/png",
      buffer: bytes,
    });
    assert.match(await readAnswer(page), /Probability/);
    await close();
  });

  test("The model is asked for with the page's script, before the engine, and once", async () => {
    const other = await serveBare();
    const { page, complaints, close } = await visit(browser, other.url);
    const at = (pattern: RegExp) => other.requests.findIndex((path) => pattern.test(path));
    const [model, engine] = [at(/\/best-.*\.onnx$/), at(/\/engine-(simd|relaxed)-/)];
    assert.ok(model >= 0 && model < engine, other.requests.join(" "));
    const fetches = other.requests.filter((path) => /\.(onnx|wasm)$/.test(path));
    assert.equal(fetches.length, 2, fetches.join(" "));
    await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 1)) }]);
    await readAnswer(page);
    assert.deepEqual(complaints, []);
    await close();
    await other.close();
  });

  test("The engine is compiled from its response where the server names its type", async () => {
    for (const type of ["application/wasm", "application/octet-stream"]) {
      const { page, close } = await visit(browser, served.url, {
        prepare: async (page) => {
          await page.route("**/engine-*.wasm", async (route) => {
            await route.fulfill({ response: await route.fetch(), contentType: type });
          });
          await page.addInitScript(() => {
            const compile = WebAssembly.compileStreaming.bind(WebAssembly);
            WebAssembly.compileStreaming = (source) => {
              Object.assign(globalThis, { streamed: true });
              return compile(source);
            };
          });
        },
      });
      const streamed = await page.evaluate("globalThis.streamed === true");
      assert.equal(streamed, type === "application/wasm", type);
      await close();
    }
  });
});
