// Where the server encrypts what people keep: the page says so at every turn, and the disk alone
// still tells nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { png, tissue } from "../made_images.ts";
import {
  button,
  closed,
  dialog,
  entry,
  filesIn,
  home,
  keepWithNote,
  leaks,
  makeAccount,
  PASSWORD,
  signIn,
  skipServer,
  withVisit,
} from "./account_steps.ts";
import {
  drop,
  launch,
  probabilityIn,
  readAnswer,
  serveAccounts,
  visibleText,
  type ServedAccounts,
} from "./harness.ts";

const OPERATOR_CAN_OPEN =
  /Whoever runs it holds the key and could open it|whoever runs it could open it/;

describe("storage that the server encrypts", { skip: skipServer, timeout: 600_000 }, () => {
  let browser: Browser;
  let served: ServedAccounts;

  before(async () => {
    [browser, served] = await Promise.all([launch(), serveAccounts("server")]);
  });
  after(async () => {
    await browser.close();
    await served.close();
  });

  test("It says who could open it, keeps, opens again with the same answer, and leaves no 16 bytes of it on the disk", async () => {
    const bytes = png(tissue(50, 50, 11, 0.9));
    const fileName = "case-2 field of view.png";
    const note = "To be shown on Thursday morning";
    let probability = NaN;
    await withVisit(browser, served, async ({ page }) => {
      await page.locator("#account").click();
      await button(page, "Make an account").click();
      assert.match(await dialog(page).innerText(), OPERATOR_CAN_OPEN);
      await page.keyboard.press("Escape");
      await closed(page);
      await makeAccount(page, "plain");
      await dialog(page).getByRole("heading", { name: "plain" }).waitFor();
      await entry(page, "Storage");
      assert.match(await dialog(page).innerText(), /Turned on, it is: encrypted by the server/);
      await dialog(page).getByLabel("Ask").check();
      await button(page, "Save").click();
      await closed(page);
      await drop(page, [{ name: fileName, bytes }]);
      probability = probabilityIn(await readAnswer(page));
      assert.match(await visibleText(page, "#promise"), /for the server to encrypt and keep/);
      await keepWithNote(page, note);
      assert.match(await visibleText(page, "#keep"), OPERATOR_CAN_OPEN);
    });
    await withVisit(browser, served, async ({ page }) => {
      await signIn(page, "plain");
      assert.doesNotMatch(await visibleText(page, "body"), /end-to-end/i);
      await home(page, "plain");
      await entry(page, "Kept images");
      await dialog(page).getByText(note).waitFor();
      await button(page, `Open ${fileName}`).click();
      await closed(page);
      assert.equal(probabilityIn(await readAnswer(page)), probability);
      await button(page, "Read it again").click();
      await page.getByText("the same answer, to the last digit").waitFor();
    });
    const stored = filesIn(served.data).map((path) => readFileSync(path));
    const utf8 = (text: string) => Buffer.from(text);
    const secrets = {
      image: bytes,
      name: utf8(fileName),
      note: utf8(note),
      password: utf8(PASSWORD),
    };
    assert.deepEqual(leaks(stored, secrets), []);
  });
});
