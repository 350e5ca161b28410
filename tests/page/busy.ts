// How long the tasks of a page's thread take while a person does something: by Chromium's own trace, in
// processor time, since on a machine that does other things as well every task seems long at times; and
// as the page itself sees them, by the clock.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";

export const LONGEST_TASK_MS = 50;

const CATEGORIES = ["toplevel", "devtools.timeline", "blink.user_timing"];
const SYNC = "insitu-sync"; // a mark that is in the trace and on the page's clock

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  ts: number; // µs
  dur?: number; // µs by the clock
  tdur?: number; // µs of processor time
  args?: { name?: string };
}

interface LongTask {
  from: number; // ms by the page's clock
  ms: number; // by the clock
}

interface Watching {
  longTasks: LongTask[];
  longTaskObserver: PerformanceObserver;
}

export interface Busy {
  tasks: number[]; // ms of processor time
  long: { clockMs: number; processorMs: number }[]; // PerformanceObserver's longtask entries
}

async function observe(page: Page): Promise<number> {
  return page.evaluate((name) => {
    const watching = globalThis as unknown as Watching;
    watching.longTasks = [];
    const keep = (entries: PerformanceEntryList) => {
      const seen = entries.map(({ startTime, duration }) => ({ from: startTime, ms: duration }));
      watching.longTasks.push(...seen);
    };
    watching.longTaskObserver = new PerformanceObserver((list) => keep(list.getEntries()));
    watching.longTaskObserver.observe({ type: "longtask" });
    return performance.mark(name).startTime;
  }, SYNC);
}

async function observed(page: Page): Promise<LongTask[]> {
  return page.evaluate(async () => {
    const { longTasks, longTaskObserver } = globalThis as unknown as Watching;
    await new Promise((resolve) => setTimeout(resolve, 100)); // entries come a little later
    longTaskObserver.disconnect();
    return longTasks;
  });
}

export async function busyDuring(page: Page, act: () => Promise<void>): Promise<Busy> {
  const browser = page.context().browser();
  assert.ok(browser);
  await browser.startTracing(page, { categories: CATEGORIES });
  const mark = await observe(page);
  await act();
  const long = await observed(page);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const place = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(place),
  );
  const tasks = traceEvents.filter(
    (event) => /RunTask$/.test(event.name) && main.has(place(event)),
  );
  const sync = traceEvents.find(({ name }) => name === SYNC) ?? assert.fail("no mark in the trace");
  const own = tasks.filter((task) => place(task) === place(sync));
  // The task of the trace that a long one is: that which shares most of its time.
  const processorMs = ({ from, ms }: LongTask): number => {
    const start = sync.ts + (from - mark) * 1000;
    const shared = own.map(({ ts, dur = 0, tdur = 0 }) => ({
      tdur,
      us: Math.min(ts + dur, start + ms * 1000) - Math.max(ts, start),
    }));
    const most = shared.reduce((a, b) => (b.us > a.us ? b : a), { tdur: Infinity, us: 0 });
    return most.tdur / 1000;
  };
  return {
    tasks: tasks.map(({ tdur = 0 }) => tdur / 1000),
    long: long.map((task) => ({ clockMs: task.ms, processorMs: processorMs(task) })),
  };
}

// A task counts by its processor time; what was long by the clock alone is printed.
export function assertNeverBlocked({ tasks, long }: Busy, what: string): void {
  assert.ok(tasks.length > 100, "tasks were seen");
  const blocking = [...tasks, ...long.map(({ processorMs }) => processorMs)].filter(
    (ms) => ms > LONGEST_TASK_MS,
  );
  const clock = Math.max(0, ...long.map(({ clockMs }) => clockMs));
  process.stdout.write(
    `${what}: the longest task took ${Math.max(...tasks).toFixed(1)} ms of processor time; ` +
      `by the clock ${long.length} were long, up to ${clock} ms\n`,
  );
  assert.deepEqual(blocking, [], "ms of processor time");
}
