// Ends this process where it computes on and on without coming back: neither an assertion nor the
// limit of a test is reached then. What is watched is the clock on the wall.
import { Worker } from "node:worker_threads";

const WATCHER = `
  const { workerData: { beats, most } } = require("node:worker_threads");
  const { writeSync } = require("node:fs");
  let [last, since] = [Atomics.load(beats, 0), Date.now()];
  setInterval(() => {
    const now = Atomics.load(beats, 0);
    if (now !== last) [last, since] = [now, Date.now()];
    else if (Date.now() - since > most) {
      writeSync(2, \`Nothing ended for \${most / 1000} s: an endless loop?\\n\`);
      process.kill(process.pid, "SIGKILL");
    }
  }, Math.min(500, most / 4));
`;

export class Watchdog {
  readonly #beats = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  // most: milliseconds from one beat to the next.
  constructor(most: number) {
    const workerData = { beats: this.#beats, most };
    this.#worker = new Worker(WATCHER, { eval: true, execArgv: [], workerData });
    this.#worker.unref();
  }

  beat(): void {
    Atomics.add(this.#beats, 0, 1);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
