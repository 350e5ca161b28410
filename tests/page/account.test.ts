// An account on the real server: what is kept can be opened by its owner alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { png, tissue } from "../made_images.ts";
import {
  button,
  closed,
  dialog,
  entry,
  field,
  filesIn,
  home,
  keepWithNote,
  leaks,
  PASSWORD,
  register,
  signedInAs,
  signIn,
  skipServer,
  withStorage,
  withVisit,
} from "./account_steps.ts";
import {
  drop,
  launch,
  probabilityIn,
  readAnswer,
  serveAccounts,
  serveBare,
  visibleText,
  visit,
  type ServedAccounts,
} from "./harness.ts";

describe("account", { skip: skipServer, timeout: 600_000 }, () => {
  let browser: Browser;
  let served: ServedAccounts;

  before(async () => {
    [browser, served] = await Promise.all([launch(), serveAccounts()]);
  });
  after(async () => {
    await browser.close();
    await served.close();
  });

  test("What is kept opens on a fresh browser with the same answer, and on the server's disk there are no 16 bytes of it", async () => {
    const bytes = png(tissue(50, 50, 1, 0.9));
    const note = "Second look with the biopsy of March";
    const fileName = "case-1 field of view.png";
    let answer = "";
    let probability = "";
    await withVisit(browser, served, async ({ page }) => {
      await withStorage(page, "Dr.Smith", "Ask");
      await drop(page, [{ name: fileName, bytes }]);
      answer = await readAnswer(page);
      await keepWithNote(page, note);
      const kept = await visibleText(page, "#keep");
      assert.match(kept, /^Kept, end-to-end encrypted.* \d+(\.\d)? KB sent at .*, encrypted\./);
      const proof = await visibleText(page, "#proof");
      assert.match(proof, /read on this device: 0 bytes sent to read it\./);
      assert.match(proof, /^.*0 network requests since it came in/);
      assert.match(proof, /Your account made \d+ requests meanwhile and sent \d+\.\d KB\./);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        button(page, "Save JSON").click(),
      ]);
      const exported = JSON.parse(readFileSync(await download.path(), "utf8")) as {
        images: { probability: number }[];
      };
      probability = String(exported.images[0]?.probability);
      await home(page, "Dr.Smith");
      await button(page, "Sign out").click();
      await closed(page);
      await page.locator("#account", { hasText: "Sign in" }).waitFor();
      const keys = await page.evaluate(
        () =>
          new Promise((resolve) => {
            const opening = indexedDB.open("insitu");
            opening.onsuccess = () => {
              const all = opening.result.transaction("keys").objectStore("keys").count();
              all.onsuccess = () => {
                opening.result.close();
                resolve(all.result);
              };
            };
          }),
      );
      assert.equal(keys, 0, "no key stays in the browser");
    });

    await withVisit(browser, served, async ({ page }) => {
      await signIn(page, "DR.SMITH");
      await home(page, "Dr.Smith");
      await entry(page, "Kept images");
      await dialog(page).getByText(note).waitFor();
      await field(page, "Search").fill("nothing like it");
      await dialog(page).getByText("0 of 1 image").waitFor();
      await field(page, "Search").fill("biopsy");
      await button(page, `Open ${fileName}`).click();
      await closed(page);
      const again = await readAnswer(page);
      // What was kept is not read with another model.
      const answered = (text: string) =>
        text.slice(0, text.indexOf("Time")).replaceAll(/Read with \w+ /g, "");
      assert.equal(answered(again), answered(answer));
      assert.equal(probabilityIn(again), probabilityIn(answer));
      await button(page, "Read it again").click();
      await page.getByText("the same answer, to the last digit").waitFor();
    });

    const stored = filesIn(served.data).map((path) => readFileSync(path));
    const utf8 = (text: string) => Buffer.from(text);
    const secrets = {
      image: bytes,
      name: utf8(fileName),
      note: utf8(note),
      probability: utf8(probability),
      verdict: utf8("no IDC detected in this patch"),
      password: utf8(PASSWORD),
      record: utf8('"isPositive":true,"imageWidth":50'),
    };
    assert.deepEqual(leaks(stored, secrets), []);
    // The same search does find what is there, and does find a secret where there is one.
    assert.ok(
      stored.some((file) => file.includes("Dr.Smith")),
      "this is where things are kept",
    );
    assert.deepEqual(leaks([...stored, Buffer.from(bytes.subarray(100, 116))], secrets), ["image"]);
  });

  test("A session ended from another browser says so, and what waited to be kept goes on", async () => {
    await withVisit(browser, served, async (first) => {
      await withStorage(first.page, "ended", "Always");
      await withVisit(browser, served, async ({ page }) => {
        await signIn(page, "ended");
        await home(page, "ended");
        await entry(page, "Where you are signed in");
        await dialog(page).getByText("This one").waitFor();
        await button(page, /^End the session of/).click();
        await dialog(page).getByText("You are signed in here only.").waitFor();
      });
      const { page } = first;
      await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 2)) }]);
      const answer = await readAnswer(page);
      await button(page, "Sign in again").waitFor();
      await page
        .locator("#keep", { hasText: "Waits to be kept until you have signed in again." })
        .waitFor();
      await page.getByText(/1 image waits to be kept/).waitFor();
      assert.equal(probabilityIn(await readAnswer(page)), probabilityIn(answer), "it stays");
      await signIn(page, "ended");
      await page.getByText("Kept, end-to-end encrypted").waitFor();
      await home(page, "ended");
      await entry(page, "Kept images");
      await dialog(page).getByText("1 image", { exact: true }).waitFor();
    });
  });

  test("A reload goes on signed in, with the key", () =>
    withVisit(browser, served, async ({ page }) => {
      await withStorage(page, "reload", "Ask");
      await page.reload();
      await page.locator("#account", { hasText: "reload" }).waitFor();
      await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 3)) }]);
      await readAnswer(page);
      await button(page, "Keep this image and its result").click();
      await page.getByText("Kept, end-to-end encrypted").waitFor();
    }));

  test("The recovery key gives back the account and what is kept, with a new password", async () => {
    let key = "";
    await withVisit(browser, served, async ({ page }) => {
      key = await withStorage(page, "forgetful", "Always");
      await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 4)) }]);
      await page.getByText("Kept, end-to-end encrypted").waitFor();
    });
    await withVisit(browser, served, async ({ page }) => {
      await page.locator("#account").click();
      await button(page, "Password lost").click();
      await button(page, "Use the recovery key").click();
      await field(page, "User name").fill("forgetful");
      await field(page, "Recovery key").fill(key.replaceAll("-", " "));
      await button(page, "Go on").click();
      await field(page, "New password").fill("four other words there");
      await field(page, "The same password again").fill("four other words there");
      await button(page, "Set the password").click();
      await closed(page);
      await home(page, "forgetful");
      await entry(page, "Kept images");
      await button(page, "Open patch.png").click();
      await closed(page);
      await readAnswer(page);
    });
  });

  test("Everything is downloaded as one file, and the account is deleted with everything in it", () =>
    withVisit(browser, served, async ({ page }) => {
      await withStorage(page, "leaving", "Always");
      await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 5)) }]);
      await page.getByText("Kept, end-to-end encrypted").waitFor();
      await home(page, "leaving");
      await entry(page, "Your data");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        button(page, "Download everything").click(),
      ]);
      const zip = readFileSync(await download.path());
      assert.ok(zip.includes(png(tissue(50, 50, 5))), "the image as it was");
      const before = filesIn(join(served.data, "objects")).length;
      await button(page, "Delete the account").click();
      await field(page, "Password").fill(PASSWORD);
      await dialog(page)
        .locator("form")
        .getByRole("button", { name: "Delete the account" })
        .click();
      await closed(page);
      await page.locator("#account", { hasText: "Sign in" }).waitFor();
      assert.ok(filesIn(join(served.data, "objects")).length < before, "its file is gone");
      await page.locator("#account").click();
      await field(page, "User name").fill("leaving");
      await field(page, "Password").fill(PASSWORD);
      await dialog(page).getByRole("button", { name: "Sign in" }).click();
      await dialog(page).getByText("The user name or the password is wrong").waitFor();
    }));

  test("A page on another origin can neither sign in nor out nor read", async () => {
    const elsewhere = await serveBare();
    const opened = await visit(browser, served.url);
    await register(opened.page, "target");
    assert.equal(await signedInAs(opened.context, served.url), "target");
    const hostile = await opened.context.newPage();
    await hostile.goto("about:blank");
    await hostile.route(`${elsewhere.url}hostile`, (route) =>
      route.fulfill({
        contentType: "text/html",
        body: "<!doctype html><title>another site</title>",
      }),
    );
    await hostile.goto(`${elsewhere.url}hostile`);
    const got = await hostile.evaluate(async (url) => {
      const attempt = async (path: string, init: RequestInit): Promise<string> => {
        try {
          const reply = await fetch(url + path, { credentials: "include", ...init });
          return `${path}: ${reply.type} ${reply.status} ${await reply.text()}`;
        } catch {
          return `${path}: refused`;
        }
      };
      const login = JSON.stringify({ username: "target", auth_key: "A".repeat(43) });
      const json = { "content-type": "application/json" };
      return [
        await attempt("api/session", {}),
        await attempt("api/objects", {}),
        await attempt("api/session", { mode: "no-cors" }),
        await attempt("api/login", { method: "POST", headers: json, body: login }),
        await attempt("api/login", { method: "POST", mode: "no-cors", body: login }),
        await attempt("api/logout", { method: "POST", headers: json, body: "{}" }),
        await attempt("api/logout", { method: "POST", mode: "no-cors", body: "{}" }),
        await attempt("api/account", { method: "DELETE" }),
      ];
    }, served.url);
    for (const line of got) assert.match(line, /: (refused|opaque 0 )$/, line);
    // A form needs no script and no permission.
    await hostile.evaluate((url) => {
      const form = document.createElement("form");
      form.method = "POST";
      form.enctype = "text/plain";
      form.action = `${url}api/logout`;
      document.body.append(form);
      form.submit();
    }, served.url);
    await hostile.waitForURL(`${served.url}api/logout`);
    assert.match(await hostile.content(), /cross_site|unsupported_media_type/);
    assert.equal(await signedInAs(opened.context, served.url), "target", "still signed in");
    await opened.close();
    await elsewhere.close();
  });

  test("Where everything is kept, so is an image that comes in before the page is drawn again", () =>
    withVisit(browser, served, async ({ page }) => {
      await page.evaluate(() => {
        const draw = window.requestAnimationFrame.bind(window);
        const waiting: FrameRequestCallback[] = [];
        const drawAgain = () => {
          window.requestAnimationFrame = draw;
          for (const callback of waiting) draw(callback);
          return waiting.length;
        };
        Object.assign(window, { drawAgain });
        document.addEventListener("click", ({ target }) => {
          if ((target as Element).textContent !== "Save") return;
          window.requestAnimationFrame = (callback) => waiting.push(callback);
        });
      });
      await withStorage(page, "at.once", "Always");
      await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 6)) }]);
      const held = await page.evaluate(() =>
        (window as unknown as { drawAgain: () => number }).drawAgain(),
      );
      assert.ok(held > 0, "a drawing was held back");
      await page.getByText("Kept, end-to-end encrypted").waitFor();
    }));

  test("The page's count tells the account's requests from everything else", () =>
    withVisit(browser, served, async ({ page }) => {
      await withStorage(page, "counted", "Always");
      await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 6)) }]);
      await page.getByText("Kept, end-to-end encrypted").waitFor();
      await page.locator("#proof", { hasText: "0 bytes sent to read it" }).waitFor();
      await page.evaluate(() => fetch("/api/session?secret").then((reply) => reply.text()));
      await page.locator("#proof", { hasText: "1 network request" }).waitFor();
      const proof = await visibleText(page, "#proof");
      assert.doesNotMatch(proof, /0 bytes sent/);
      assert.match(proof, /session\?secret/);
    }));

  test("Who has no account gets no code of one, only the button", () =>
    withVisit(browser, served, async ({ page, requests }) => {
      await button(page, "Sign in").waitFor();
      assert.ok(!requests.some((url) => /account-|argon2-/.test(url)), requests.join(" "));
    }));

  test("On plain static hosting there is no account, no complaint and nothing of it is fetched", async () => {
    const plain = await serveBare("/tools/insitu/");
    const { page, complaints, requests, close } = await visit(browser, plain.url);
    await drop(page, [{ name: "patch.png", bytes: png(tissue(50, 50, 7)) }]);
    assert.match(await readAnswer(page), /0 bytes sent\./);
    assert.equal(await page.locator("#account").isVisible(), false);
    assert.deepEqual(complaints, []);
    assert.ok(!requests.some((url) => /account-|argon2-/.test(url)), requests.join(" "));
    await close();
    await plain.close();
  });
});
