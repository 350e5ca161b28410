// Every view of the account in both themes, on a phone and on a desk.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { FakeServer, TOTP_CODE } from "../fake_server.ts";
import { png, tissue } from "../made_images.ts";
import { serveFake } from "./fake_site.ts";
import { drop, launch, readAnswer, skip, visit } from "./harness.ts";
import { checkScreen } from "./screens.ts";

const PASSWORD = "four quiet words here";
const NAME = "dr.smith";

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
const dialog = (page: Page) => page.getByRole("dialog");
const field = (page: Page, name: string) => dialog(page).getByLabel(name, { exact: true });
const titled = (page: Page, name: string) => dialog(page).getByRole("heading", { name }).waitFor();

async function home(page: Page): Promise<void> {
  await page.locator("#account").click();
  await titled(page, NAME);
}

const entry = (page: Page, name: string) =>
  dialog(page).locator(".account-entry", { hasText: name }).click();

describe("views of the account", { skip, timeout: 600_000 }, () => {
  let browser: Browser;

  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1280]) {
      test(`axe finds nothing in any view at ${width} px, ${colorScheme}`, async () => {
        const fake = new FakeServer();
        const served = await serveFake(fake);
        const height = width === 360 ? 740 : 800;
        const opened = await visit(browser, served.url, { colorScheme, width, height });
        const { page } = opened;
        const check = (screen: string) =>
          checkScreen(page, `account-${screen}`, `${width}-${colorScheme}`);

        await button(page, "Sign in").click();
        await titled(page, "Sign in");
        await check("sign-in");
        await field(page, "User name").fill(NAME);
        await field(page, "Password").fill("wrong");
        await dialog(page).getByRole("button", { name: "Sign in" }).click();
        await dialog(page).getByText("The user name or the password is wrong").waitFor();
        await check("sign-in-wrong");
        await button(page, "Password lost").click();
        await check("password-lost");
        await button(page, "Use the recovery key").click();
        await check("recover");
        await button(page, "Back").click();
        await button(page, "Use a code").click();
        await check("reset");
        await button(page, "Back").click();
        await button(page, "Back").click();
        await button(page, "Make an account").click();
        await field(page, "User name").fill(NAME);
        await field(page, "New password").fill("too short");
        await button(page, "Make an account").click();
        await check("register");
        await field(page, "New password").fill(PASSWORD);
        await field(page, "The same password again").fill(PASSWORD);
        await button(page, "Make an account").click();
        await titled(page, "Your recovery key");
        await check("recovery-key");
        const key = await page.locator(".account-key").innerText();
        await button(page, "I have it: go on").click();
        await field(page, "Recovery key").fill(key.slice(1));
        await button(page, "Check it").click();
        await check("recovery-key-again");
        await field(page, "Recovery key").fill(key);
        await button(page, "Check it").click();
        await titled(page, "Storage");
        await check("storage");
        await dialog(page).getByLabel("Ask").check();
        await button(page, "Save").click();
        await dialog(page).waitFor({ state: "hidden" });
        await page.getByText("Storage: end-to-end encrypted").waitFor();
        await check("empty-page");

        await drop(page, [{ name: "case-1/patch 1.png", bytes: png(tissue(50, 50, 1, 0.9)) }]);
        await readAnswer(page);
        await check("keep");
        await button(page, "Keep this image and its result").click();
        await page.getByText("Kept, end-to-end encrypted").waitFor();
        await check("kept");
        await drop(page, [
          { name: "case-2/field of view.png", bytes: png(tissue(64, 56, 3, 0.2)) },
        ]);
        await page.locator("#stage", { hasText: "64×56" }).waitFor();
        await button(page, "Keep this image and its result").click();
        await page.getByText("Kept, end-to-end encrypted").waitFor();
        await page.locator("#keep").getByRole("button", { name: "Note" }).click();
        await field(page, "Note").fill(
          "Second look with Dr. Jones: nuclei crowded at the left edge.",
        );
        await check("note");
        await button(page, "Save the note").click();
        await dialog(page).waitFor({ state: "hidden" });

        await home(page);
        await check("home");
        await entry(page, "Kept images");
        await dialog(page).getByText("2 images").waitFor();
        await check("history");
        await button(page, "Delete case-1/patch 1.png").click();
        await check("delete-kept");
        await button(page, "Keep it").click();
        await button(page, "Open case-1/patch 1.png").click();
        await dialog(page).waitFor({ state: "hidden" });
        await button(page, "Read it again").click();
        await page.getByText("the same answer, to the last digit").waitFor();
        await check("opened-again");

        await home(page);
        await entry(page, "Password");
        await check("password");
        await button(page, "Back").click();
        await entry(page, "Where you are signed in");
        await dialog(page).getByText("This one").waitFor();
        await check("sessions");
        await button(page, "Back").click();
        await entry(page, "Your data");
        await check("data");
        await button(page, "Delete the account").click();
        await check("delete-account");
        await button(page, "Back").click();
        await button(page, "Back").click();
        await entry(page, "Second step");
        await button(page, "Set it up").click();
        await field(page, "Password").fill(PASSWORD);
        await button(page, "Go on").click();
        await titled(page, "Set up the second step");
        await dialog(page).locator(".account-qr").waitFor();
        await check("second-step");
        await field(page, "Code").fill(TOTP_CODE);
        await button(page, "Turn it on").click();
        await titled(page, "Recovery codes");
        await check("recovery-codes");
        await button(page, "I have them").click();
        await check("second-step-on");
        await button(page, "Close").click();

        fake.endAllSessions();
        await drop(page, [{ name: "case-3.png", bytes: png(tissue(50, 50, 5, 0.4)) }]);
        await page.locator("#stage", { hasText: "case-3.png" }).waitFor();
        await button(page, "Keep this image and its result").click();
        await button(page, "Sign in again").waitFor();
        await check("ended");
        await button(page, "Sign in again").click();
        await titled(page, "Sign in");
        await check("sign-in-again");
        await field(page, "User name").fill(NAME);
        await field(page, "Password").fill(PASSWORD);
        await dialog(page).getByRole("button", { name: "Sign in" }).click();
        await titled(page, "Second step");
        await check("sign-in-second-step");
        await field(page, "Code").fill(TOTP_CODE);
        await dialog(page).getByRole("button", { name: "Sign in" }).click();
        await page.getByText("Kept, end-to-end encrypted").waitFor();
        // Chromium itself complains of every 4xx; the page must not.
        const own = opened.complaints.filter((text) => !/Failed to load resource/.test(text));
        assert.deepEqual(own, []);
        await opened.close();
        await served.close();
      });
    }
  }
});
