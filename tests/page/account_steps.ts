// What tests of the page with an account do over and over: register, sign in, look at what the server
// has on its disk.
import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { server, skip, visit, type ServedAccounts, type Visit } from "./harness.ts";

export const skipServer = existsSync(server)
  ? skip
  : `SKIPPED: ${server} not there; run make native`;

export const PASSWORD = "four quiet words here";
const RUN = 16; // bytes

export const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
export const dialog = (page: Page) => page.getByRole("dialog");
export const field = (page: Page, name: string) => dialog(page).getByLabel(name, { exact: true });
export const closed = (page: Page) => dialog(page).waitFor({ state: "hidden" });
export const entry = (page: Page, name: string) =>
  dialog(page).locator(".account-entry", { hasText: name }).click();

// Up to what the server's storage makes of it: a recovery key, or the account at once.
export async function makeAccount(page: Page, username: string): Promise<void> {
  await page.locator("#account").click();
  await button(page, "Make an account").click();
  await field(page, "User name").fill(username);
  await field(page, "New password").fill(PASSWORD);
  await field(page, "The same password again").fill(PASSWORD);
  await button(page, "Make an account").click();
}

export async function register(page: Page, username: string): Promise<void> {
  await makeAccount(page, username);
  await dialog(page).getByRole("heading", { name: "Your recovery key" }).waitFor();
}

// Keeps the selected image with a note.
export async function keepWithNote(page: Page, note: string): Promise<void> {
  await button(page, "Keep this image and its result").click();
  await page.locator("#keep", { hasText: /^Kept, / }).waitFor();
  await page.locator("#keep").getByRole("button", { name: "Note" }).click();
  await field(page, "Note").fill(note);
  await button(page, "Save the note").click();
  await closed(page);
}

// Registers, confirms the recovery key, turns storage on. Resolves to the recovery key.
export async function withStorage(
  page: Page,
  username: string,
  keep: "Ask" | "Always",
): Promise<string> {
  await register(page, username);
  const key = await page.locator(".account-key").innerText();
  await button(page, "I have it: go on").click();
  await field(page, "Recovery key").fill(key.toLowerCase());
  await button(page, "Check it").click();
  await dialog(page).getByLabel(keep).check();
  await button(page, "Save").click();
  await closed(page);
  return key;
}

export async function signIn(page: Page, username: string, password = PASSWORD): Promise<void> {
  await page.locator("#account").click();
  await field(page, "User name").fill(username);
  await field(page, "Password").fill(password);
  await dialog(page).getByRole("button", { name: "Sign in" }).click();
  await closed(page);
}

export async function home(page: Page, username: string): Promise<void> {
  await page.locator("#account").click();
  await dialog(page).getByRole("heading", { name: username }).waitFor();
}

export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

// Which of the secrets has a run of 16 bytes in these.
export function leaks(stored: Buffer[], secrets: Record<string, Uint8Array>): string[] {
  const runs = new Map<string, string>();
  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(secret.length >= RUN, name);
    const text = Buffer.from(secret).toString("latin1");
    for (let at = 0; at + RUN <= text.length; at++) runs.set(text.slice(at, at + RUN), name);
  }
  const found = new Set<string>();
  for (const bytes of stored) {
    const text = bytes.toString("latin1");
    for (let at = 0; at + RUN <= text.length; at++) {
      const name = runs.get(text.slice(at, at + RUN));
      if (name !== undefined) found.add(name);
    }
  }
  return [...found];
}

// Chromium complains by itself of every 4xx that a page asked for; the page must not.
export const complaintsOf = ({ complaints }: Visit) =>
  complaints.filter((text) => !text.startsWith("Failed to load resource"));

export async function withVisit(
  browser: Browser,
  served: ServedAccounts,
  act: (opened: Visit) => Promise<void>,
): Promise<void> {
  const opened = await visit(browser, served.url);
  opened.page.setDefaultTimeout(90_000); // a password's hash takes seconds on a busy machine
  try {
    await act(opened);
    assert.deepEqual(complaintsOf(opened), []);
  } finally {
    await opened.close();
  }
}

export const signedInAs = (context: BrowserContext, url: string) =>
  context.request
    .get(`${url}api/session`)
    .then((reply) => reply.json() as Promise<{ user: { username: string } | null }>)
    .then(({ user }) => user?.username ?? null);
