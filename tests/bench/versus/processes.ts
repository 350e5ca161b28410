// What Linux tells of Chromium's processes: which threads have run, and what memory is theirs.
import { readFileSync, readdirSync } from "node:fs";
import type { Browser } from "playwright-core";

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

export interface CpuUse {
  pid: number;
  milliseconds: number; // on a processor, all threads
  threads: number; // that ran for at least a quarter of what the busiest did
}

const QUARTER = 0.25;
const NANOSECONDS = 1e6; // in a millisecond

// Of the renderer that was busiest while `work` ran.
export async function busiest(browser: Browser, work: () => Promise<unknown>): Promise<CpuUse> {
  const before = new Map((await renderers(browser)).map((pid) => [pid, threadTimes(pid)]));
  await work();
  const uses = (await renderers(browser)).map((pid) => {
    const times = [...threadTimes(pid)].map(
      ([thread, time]) => (time - (before.get(pid)?.get(thread) ?? 0)) / NANOSECONDS,
    );
    const most = Math.max(0, ...times);
    return {
      pid,
      milliseconds: times.reduce((sum, time) => sum + time, 0),
      threads: times.filter((time) => time > 0 && time >= QUARTER * most).length,
    };
  });
  return uses.reduce((a, b) => (b.milliseconds > a.milliseconds ? b : a), {
    pid: 0,
    milliseconds: 0,
    threads: 0,
  });
}

// Bytes of this process that are not of a file, its part of what it shares (Pss_Dirty of smaps_rollup).
export function ownBytes(pid: number): number {
  const found = /^Pss_Dirty:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`));
  if (found === null) throw new Error(`/proc/${pid}/smaps_rollup says nothing of memory`);
  return Number(found[1]) * 1024;
}
