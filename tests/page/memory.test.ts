import assert from "node:assert/strict";
import { test } from "node:test";
import { launch, skip } from "./harness.ts";
import { Renderers } from "./memory.ts";

const HELD = 64 * 2 ** 20; // bytes

test(
  "A renderer that comes while memory is watched is counted with those before it",
  { skip },
  async () => {
    const browser = await launch();
    const first = await browser.newPage();
    await first.goto("data:text/html,first");
    const renderers = await Renderers.of(browser);
    const before = await renderers.megabytes();
    renderers.watch();
    const later = await (await browser.newContext()).newPage();
    await later.goto("data:text/html,later");
    await later.evaluate((bytes) => {
      Object.assign(globalThis, { held: new Uint8Array(bytes).fill(1) });
    }, HELD);
    await later.waitForTimeout(500);
    const most = await renderers.stop();
    assert.ok(before > 0, "the first was measured");
    assert.ok(most > before + HELD / 2 ** 20, `${before} MB, then ${most} MB`);
    await browser.close();
  },
);
