import assert from "node:assert/strict";
import { test } from "node:test";
import { SIGNS, watchIntent } from "../public/src/intent.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function isShown(shown: Promise<void>): Promise<boolean> {
  let yes = false;
  void shown.then(() => (yes = true));
  await settled();
  return yes;
}

test("Nothing but a sign of somebody at the page is an intent to read", async () => {
  for (const sign of SIGNS) {
    const page = new EventTarget();
    const { shown } = watchIntent(page);
    for (const other of ["pointermove", "scroll", "load"]) page.dispatchEvent(new Event(other));
    assert.equal(await isShown(shown), false);
    page.dispatchEvent(new Event(sign));
    assert.equal(await isShown(shown), true, sign);
  }
});

test("Files that come without a sign show the intent themselves, as often as they come", async () => {
  const { shown, show } = watchIntent(new EventTarget());
  assert.equal(await isShown(shown), false);
  show();
  show();
  assert.equal(await isShown(shown), true);
});
