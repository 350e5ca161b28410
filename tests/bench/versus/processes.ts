// What Linux tells of Chromium's processes: which threads have run, and what memory is theirs.
import { readFileSync, readdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // a thread or a process that has just ended
  }
}

export async function renderers(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
}

// Nanoseconds on a processor of each thread, by its id.
export function threadTimes(pid: number): Map<string, number> {
  const folder = `/proc/${pid}/task`;
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // as above
  }
  return new Map(
    names.map((name) => [name, Number(read(`${folder}/${name}/schedstat`).split(" ")[0] ?? 0)]),
  );
}

const NANOSECONDS = 1e6; // in a millisecond

// That all threads of the process have been on a processor.
export function processorMs(pid: number): number {
  return [...threadTimes(pid).values()].reduce((sum, time) => sum + time, 0) / NANOSECONDS;
}

export interface CpuUse {
  milliseconds: number; // on a processor, all threads
  threads: number; // that ran for at least a quarter of what the busiest did
}

const QUARTER = 0.25;

// Of the process while `work` runs.
export async function cpuUse(pid: number, work: () => Promise<unknown>): Promise<CpuUse> {
  const before = threadTimes(pid);
  await work();
  const times = [...threadTimes(pid)].map(
    ([thread, time]) => (time - (before.get(thread) ?? 0)) / NANOSECONDS,
  );
  const most = Math.max(0, ...times);
  return {
    milliseconds: times.reduce((sum, time) => sum + time, 0),
    threads: times.filter((time) => time > 0 && time >= QUARTER * most).length,
  };
}

const SPIN_MS = 100;
const IN_A_ROW = 4;
const MOST_SPINS = 100;

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

// Of the renderers, the one that had more than twice the processor time of all others together.
async function busiest(browser: Browser, work: () => Promise<unknown>): Promise<number | null> {
  const before = new Map((await renderers(browser)).map((pid) => [pid, processorMs(pid)]));
  await work();
  const spent = [...before].map(([pid, time]) => ({ pid, ms: processorMs(pid) - time }));
  const all = spent.reduce((sum, { ms }) => sum + Math.max(0, ms), 0);
  return spent.find(({ ms }) => ms > (2 / 3) * all)?.pid ?? null;
}

// The process of the page: the one that is by far the busiest when it is, several times in a row, for
// another's may be busy ending. Chromium does not tell.
export async function processOf(browser: Browser, page: Page): Promise<number> {
  let last: number | null = null;
  let row = 0;
  for (let tries = 0; tries < MOST_SPINS; tries++) {
    const pid = await busiest(browser, () => page.evaluate(spin, SPIN_MS));
    row = pid !== null && pid === last ? row + 1 : 1;
    last = pid;
    if (pid !== null && row === IN_A_ROW) return pid;
  }
  throw new Error("Chromium's process of a page could not be told from the others");
}

// Bytes of this process that are not of a file, its part of what it shares (Pss_Dirty of smaps_rollup).
export function ownBytes(pid: number): number {
  const found = /^Pss_Dirty:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`));
  if (found === null) throw new Error(`/proc/${pid}/smaps_rollup says nothing of memory`);
  return Number(found[1]) * 1024;
}
