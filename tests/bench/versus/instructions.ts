// Instructions of a renderer, by perf: as near to energy as a counter of the processor comes. Many
// virtual machines have no such counter.
import { spawn, spawnSync } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";

const EVENT = "instructions:u";

function countIn(report: string): number | null {
  const line = report.split("\n").find((one) => one.includes(EVENT));
  const count = Number(line?.split(",")[0]);
  return line === undefined || Number.isNaN(count) || count === 0 ? null : count;
}

// Why this machine does not count them, or null if it does.
export function whyNotCounted(): string | null {
  const tried = spawnSync("perf", ["stat", "-x,", "-e", EVENT, "true"], { encoding: "utf8" });
  if (tried.error !== undefined) return "perf is not installed";
  if (tried.status !== 0) return "perf may not count them";
  return countIn(tried.stderr) === null ? "the processor's counter is not to be had" : null;
}

const ATTACH_MS = 200;

// That the process's threads executed while `work` ran.
export async function instructionsOf(pid: number, work: () => Promise<void>): Promise<number> {
  const perf = spawn("perf", ["stat", "-x,", "-e", EVENT, "-p", `${pid}`]);
  let report = "";
  perf.stderr.on("data", (chunk: Buffer) => (report += chunk.toString()));
  const ended = new Promise((resolve) => perf.on("close", resolve));
  await wait(ATTACH_MS);
  await work();
  perf.kill("SIGINT");
  await ended;
  const count = countIn(report);
  if (count === null) throw new Error(`perf counted nothing: ${report.trim()}`);
  return count;
}
