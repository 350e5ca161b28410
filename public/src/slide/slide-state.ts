// The phase that a slide is in, why it failed, and who is told of every change. No DOM.
import { EngineError } from "../messages.ts";
import type { TellState } from "../slide-record.ts";
import type { Change, Phase } from "./slide-tools.ts";

const STATES = {
  waiting: "waiting",
  opening: "reading",
  asking: "asking",
  scanning: "reading",
  paused: "cancelled",
  done: "done",
  failed: "failed",
} as const;

export class SlideState {
  readonly #tell: TellState; // the session
  readonly #watchers = new Set<(change: Change) => void>();
  #phase: Phase = "waiting";
  #error: EngineError | null = null;
  #closed = false;

  constructor(tell: TellState) {
    this.#tell = tell;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get error(): EngineError | null {
    return this.#error;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  enter(phase: Phase): void {
    if (this.#closed) return;
    this.#phase = phase;
    this.#tell(STATES[phase]);
    this.changed({ kind: "state" });
  }

  fail(error: unknown): void {
    if (this.#closed) return;
    this.#error =
      error instanceof EngineError
        ? error
        : new EngineError("engine_trap", `Reading broke off: ${String(error)}.`);
    this.#phase = "failed";
    this.#tell("failed", this.#error);
    this.changed({ kind: "state" });
  }

  changed(change: Change): void {
    for (const watcher of this.#watchers) watcher(change);
  }

  watch(watcher: (change: Change) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  // Nothing is told from now on.
  close(): void {
    this.#closed = true;
    this.#watchers.clear();
  }
}
