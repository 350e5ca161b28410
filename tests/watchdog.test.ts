import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

// Runs a script that is watched, and gives how it ended.
function run(script: string): { signal: string | null; status: number | null; stderr: string } {
  const watchdog = JSON.stringify(join(import.meta.dirname, "watchdog.ts"));
  const words = [
    "--input-type=module",
    "--eval",
    `import { Watchdog } from ${watchdog}; ${script}`,
  ];
  return spawnSync(process.execPath, words, { encoding: "utf8", timeout: 60_000 });
}

test("A loop without end is ended, also where it waits for promises that are kept at once", () => {
  for (const loop of ["for (;;);", "for (;;) await Promise.resolve();"]) {
    const { signal, stderr } = run(`new Watchdog(1_000); ${loop}`);
    assert.equal(signal, "SIGKILL", loop);
    assert.match(stderr, /Nothing ended for 1 s: an endless loop\?/);
  }
});

test("What ends again and again is left alone, and so is what has stopped the watchdog", () => {
  const work = "const until = Date.now() + 2_500; while (Date.now() < until) dog.beat();";
  assert.equal(run(`const dog = new Watchdog(1_000); ${work}`).status, 0);
  const wait = "await new Promise((done) => setTimeout(done, 2_500));";
  assert.equal(run(`const dog = new Watchdog(1_000); await dog.stop(); ${wait}`).status, 0);
});
