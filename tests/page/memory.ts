// What an image does to the memory of the browser.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Browser, CDPSession, Page } from "playwright-core";

export const MOST_MB = 600; // of all renderers together

const SAMPLE_MS = 20;
const SAMPLES_A_LIST = 10; // how often it is asked anew which renderers there are

function residentMegabytes(pid: number): number {
  const file = `/proc/${pid}/status`;
  const status = existsSync(file) ? readFileSync(file, "utf8") : "";
  // One that has ended has no such lines any more, or no file.
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
  return (kilobytes("RssAnon") + kilobytes("RssShmem")) / 1024;
}

// Resident memory of all renderers of the browser, in MB: pages with their workers, as Linux counts it.
// Without what is mapped of files: that is Chromium's own program, and its processes share it.
export class Renderers {
  readonly #session: CDPSession;
  #pids: readonly number[] = [];
  #most = 0;
  #isWatching = false;
  #watched = Promise.resolve();

  private constructor(session: CDPSession) {
    this.#session = session;
  }

  static async of(browser: Browser): Promise<Renderers> {
    return new Renderers(await browser.newBrowserCDPSession());
  }

  async megabytes(): Promise<number> {
    const { processInfo } = await this.#session.send("SystemInfo.getProcessInfo");
    this.#pids = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
    return this.#sum();
  }

  watch(): void {
    this.#isWatching = true;
    this.#watched = this.#watch();
  }

  // The most since watch().
  async stop(): Promise<number> {
    this.#isWatching = false;
    await this.#watched;
    return this.#most;
  }

  async #watch(): Promise<void> {
    for (let sample = 0; this.#isWatching; sample++) {
      const now = sample % SAMPLES_A_LIST === 0 ? await this.megabytes() : this.#sum();
      this.#most = Math.max(this.#most, now);
      await setTimeout(SAMPLE_MS);
    }
  }

  #sum(): number {
    return this.#pids.reduce((sum, pid) => sum + residentMegabytes(pid), 0);
  }
}

// As the browser would under pressure, so that what is measured is what is held.
export async function collectGarbage(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  await session.detach();
  await page.waitForTimeout(500);
}

// A laptop's, whatever this machine has.
export const eightCores = (page: Page) =>
  page.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, "hardwareConcurrency", { get: () => 8 }),
  );

// Moves over the image and into it.
export async function pan(page: Page): Promise<void> {
  const room = await page.locator(".slide-room").boundingBox();
  assert.ok(room);
  const middle = [room.x + room.width / 2, room.y + room.height / 2] as const;
  for (let step = 0; step < 7; step++) {
    await page.getByRole("button", { name: "Zoom in" }).click();
    await page.mouse.move(...middle);
    await page.mouse.down();
    await page.mouse.move(middle[0] + 90, middle[1] - 60, { steps: 3 });
    await page.mouse.up();
    await page.waitForTimeout(250);
  }
}
