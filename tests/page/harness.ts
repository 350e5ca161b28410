// The built site in Debian's Chromium: servers, a browser, and what every page test does.
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { after, before } from "node:test";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

export const root = join(import.meta.dirname, "../..");
export const site = process.env["INSITU_SITE"] ?? join(root, "build/site");
export const server = process.env["INSITU_SERVER"] ?? join(root, "build/native/insitu-server");
const chromiumPath = process.env["INSITU_CHROMIUM"] ?? "/usr/bin/chromium";

const missing = [join(site, "index.html"), chromiumPath].filter((path) => !existsSync(path));
export const skip =
  missing.length > 0 ? `SKIPPED: ${missing.join(" and ")} not there; run make site` : false;

const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage", // a container may have little of it
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// The site built anew, with what public/build.mjs is told.
export function buildSite(words: readonly string[]): void {
  const all = [join(root, "public/build.mjs"), ...words, "--uncompressed"];
  const { status, stderr } = spawnSync(process.execPath, all, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

export const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export interface Served {
  url: string; // of the page, ends with "/"
  requests: string[]; // paths asked for, where the server is ours to watch
  close: () => Promise<void>;
}

// A bare static file server: no security header, no caching, no type for wasm, in a subfolder.
export async function serveBare(folder = "/", directory = site): Promise<Served> {
  const requests: string[] = [];
  const bare = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/").split("?")[0] ?? "/";
    requests.push(path);
    const name = path.startsWith(folder) ? path.slice(folder.length) || "index.html" : "";
    const file = join(directory, normalize(name));
    if (name === "" || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => bare.listen(0, "127.0.0.1", resolve));
  const { port } = bare.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${folder}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        bare.close(() => resolve());
        bare.closeAllConnections();
      }),
  };
}

function addressIn(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      const address = /http:\/\/[\d.]+:\d+/.exec(said)?.[0];
      if (address !== undefined) resolve(address);
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.on("exit", (code) => reject(new Error(`insitu-server ended with ${code}: ${said}`)));
  });
}

// Our own server on a free port.
export function serveInsitu(): Promise<Served> {
  return startServer(["--site", site, "--port", "0"]);
}

async function startServer(words: string[]): Promise<Served> {
  const child = spawn(server, words, { stdio: ["ignore", "pipe", "pipe"] });
  const address = await addressIn(child);
  return {
    url: `${address}/`,
    requests: [],
    close: () =>
      new Promise((resolve) => {
        child.on("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

export interface ServedAccounts extends Served {
  data: string; // the folder of what is kept
}

// Our own server with accounts that anybody can open and storage, in a folder of its own.
export async function serveAccounts(storage: "e2e" | "server" = "e2e"): Promise<ServedAccounts> {
  const folder = mkdtempSync(join(tmpdir(), "insitu-accounts-"));
  const data = join(folder, "data");
  const config = join(folder, "insitu.toml");
  const lines = [
    `site = ${JSON.stringify(site)}`,
    `data = ${JSON.stringify(data)}`,
    "port = 0",
    '[accounts]\nregistration = "open"',
    `[storage]\nmode = "${storage}"`,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const served = await startServer(["--config", config]);
  const close = async () => {
    await served.close();
    rmSync(folder, { recursive: true });
  };
  return { ...served, data, close };
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: CHROMIUM_ARGUMENTS,
  });
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  complaints: string[]; // console errors, warnings, uncaught errors
  requests: string[]; // over the network, all of this visit
  close: () => Promise<void>;
}

export interface VisitOptions {
  colorScheme?: "light" | "dark";
  width?: number;
  height?: number;
  prepare?: (page: Page) => Promise<unknown>;
  ready?: boolean; // start the engine and wait for it
}

export async function visit(
  browser: Browser,
  url: string,
  options: VisitOptions = {},
): Promise<Visit> {
  const { colorScheme = "light", width = 1280, height = 800, prepare, ready = true } = options;
  const context = await browser.newContext({
    colorScheme,
    viewport: { width, height },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  context.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url())) requests.push(request.url());
  });
  await prepare?.(page);
  await page.goto(url);
  if (ready) await startEngine(page);
  return { page, context, complaints, requests, close: () => context.close() };
}

// A browser and the site for the tests of the describe() that this is called in. options: of every
// page, where it says no other. directory: of another site, which is there by then.
export function usePages(options: VisitOptions = {}, directory = site) {
  let browser: Browser;
  let served: Served;
  before(async () => {
    [browser, served] = await Promise.all([launch(), serveBare("/", directory)]);
  });
  after(async () => {
    await browser.close();
    await served.close();
  });
  const open = (own: VisitOptions = {}) => visit(browser, served.url, { ...options, ...own });
  // Does it on a page of its own, which has nothing to complain of.
  async function onPage(act: (visit: Visit) => Promise<void>): Promise<void> {
    const opened = await open();
    try {
      await act(opened);
      assert.deepEqual(opened.complaints, []);
    } finally {
      await opened.close();
    }
  }
  return { open, onPage };
}

// Shows the page that somebody is there, without moving its focus.
export async function startEngine(page: Page): Promise<void> {
  await page.keyboard.press("Shift");
  await page.locator("#load-status", { hasText: "Ready: model" }).waitFor();
}

export interface GivenFile {
  name: string;
  bytes: Uint8Array;
  type?: string;
}

// Drops files as a person would, through the page's own drag and drop events. Bytes that several
// of them share are handed to the browser once: what it takes at a time has a limit.
export async function drop(page: Page, files: GivenFile[]): Promise<void> {
  const contents = [...new Set(files.map(({ bytes }) => bytes))];
  const given = {
    contents: contents.map((bytes) => Buffer.from(bytes).toString("base64")),
    files: files.map(({ name, bytes, type = "" }) => ({ name, type, at: contents.indexOf(bytes) })),
  };
  await page.evaluate((all) => {
    const bytes = all.contents.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    const data = new DataTransfer();
    for (const { name, type, at } of all.files) {
      data.items.add(new File([bytes[at] ?? ""], name, { type }));
    }
    const fire = (kind: string) =>
      document.body.dispatchEvent(
        new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }),
      );
    fire("dragenter");
    fire("dragover");
    fire("drop");
  }, given);
}

export async function visibleText(page: Page, selector: string): Promise<string> {
  const text = await page.locator(selector).innerText();
  return text.replaceAll(/\s+/g, " ").trim();
}

// Waits until the list says so of itself, as in "3 images read".
export function progressOf(page: Page, text: string | RegExp): Promise<void> {
  return page.locator('#list [data-part="progress-text"]', { hasText: text }).waitFor();
}

// The answer of the selected image, when it is there.
export async function readAnswer(page: Page): Promise<string> {
  await page.locator('#answer [data-part="verdict"]').waitFor();
  return visibleText(page, "#answer");
}

export function probabilityIn(answer: string): number {
  const found = /Probability of \S+ ([\d.]+)/.exec(answer)?.[1];
  assert.ok(found, `there is no probability in: ${answer}`);
  return Number(found);
}
