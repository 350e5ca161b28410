// How long the tasks of a page's thread take while a person does something: by Chromium's own trace, in
// processor time, since on a machine that does other things as well every task seems long at times; and
// as the page itself sees them, by the clock.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";

export const LONGEST_TASK_MS = 50;

const CATEGORIES = ["toplevel", "devtools.timeline", "blink.user_timing"];
const NOTED_MS = 2; // of processor time, of a part of a task
const SYNC = "insitu-sync"; // a mark that is in the trace and on the page's clock

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  ts: number; // µs
  dur?: number; // µs by the clock
  tdur?: number; // µs of processor time
  args?: { name?: string; src_file?: string; src_func?: string };
}

interface LongTask {
  from: number; // ms by the page's clock
  ms: number; // by the clock
}

interface Watching {
  longTasks: LongTask[];
  longTaskObserver: PerformanceObserver;
}

interface Task {
  ms: number; // of processor time
  inside: string; // what of it took long, for who has to find out why
}

export interface Busy {
  tasks: Task[];
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

function partsOf(task: TraceEvent, events: readonly TraceEvent[]): string {
  const end = task.ts + (task.dur ?? 0);
  return events
    .filter((event) => event !== task && event.ts >= task.ts && event.ts + (event.dur ?? 0) <= end)
    .filter(({ tdur = 0 }) => tdur >= NOTED_MS * 1000)
    .map(({ name, tdur = 0 }) => `${name} ${(tdur / 1000).toFixed(1)}`)
    .join(", ");
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
  const events = traceEvents.filter((event) => main.has(place(event)));
  const tasks = events.filter(({ name }) => /RunTask$/.test(name));
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
    tasks: tasks.map((task) => {
      const ms = (task.tdur ?? 0) / 1000;
      const { src_file: file = "", src_func: by = "" } = task.args ?? {};
      const isLong = ms > LONGEST_TASK_MS;
      return { ms, inside: isLong ? `${file} ${by}: ${partsOf(task, events)}` : "" };
    }),
    long: long.map((task) => ({ clockMs: task.ms, processorMs: processorMs(task) })),
  };
}

// A task counts by its processor time; what was long by the clock alone is printed.
export function assertNeverBlocked({ tasks, long }: Busy, what: string): void {
  assert.ok(tasks.length > 100, "tasks were seen");
  const blocking = [
    ...tasks,
    ...long.map(({ processorMs }) => ({ ms: processorMs, inside: "by the clock" })),
  ].filter(({ ms }) => ms > LONGEST_TASK_MS);
  const clock = Math.max(0, ...long.map(({ clockMs }) => clockMs));
  process.stdout.write(
    `${what}: the longest task took ${Math.max(...tasks.map(({ ms }) => ms)).toFixed(1)} ms of processor time; ` +
      `by the clock ${long.length} were long, up to ${clock} ms\n`,
  );
  assert.deepEqual(blocking, [], "ms of processor time");
}
