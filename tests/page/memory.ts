// What an image does to the memory of the browser.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";

export const MOST_MB = 600; // of all renderers together

// Resident memory of all renderers of the browser, in MB: pages with their workers, as Linux counts it.
// Without what is mapped of files: that is Chromium's own program, and its processes share it.
export class Renderers {
  readonly #pids: readonly number[];
  #most = 0;
  #timer: NodeJS.Timeout | null = null;

  private constructor(pids: readonly number[]) {
    this.#pids = pids;
  }

  static async of(browser: Browser): Promise<Renderers> {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return new Renderers(processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id));
  }

  get megabytes(): number {
    const resident = (pid: number) => {
      const file = `/proc/${pid}/status`;
      const status = existsSync(file) ? readFileSync(file, "utf8") : "";
      if (status === "") return 0; // it has ended
      const kilobytes = (name: string) =>
        Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1]);
      return (kilobytes("RssAnon") + kilobytes("RssShmem")) / 1024;
    };
    return this.#pids.reduce((sum, pid) => sum + resident(pid), 0);
  }

  watch(): void {
    this.#timer = setInterval(() => (this.#most = Math.max(this.#most, this.megabytes)), 20);
  }

  // The most since watch().
  stop(): number {
    clearInterval(this.#timer ?? undefined);
    return this.#most;
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
