// Counts network requests by the browser's own resource timings, so that "0 bytes sent" is a
// measurement of this page and not a promise.
import type { NetworkRequest } from "./messages.ts";

interface Seen extends NetworkRequest {
  at: number; // performance.now() of its start, or of when a worker told of it
}

// What performance offers, for tests to replace.
export interface TimingSource {
  now(): number;
  supported: boolean;
  observe(onEntries: (entries: PerformanceEntry[]) => void): { takeRecords(): PerformanceEntry[] };
}

export const browserTimings: TimingSource = {
  now: () => performance.now(),
  supported:
    typeof PerformanceObserver === "function" &&
    PerformanceObserver.supportedEntryTypes.includes("resource"),
  observe(onEntries) {
    const observer = new PerformanceObserver((list) => onEntries(list.getEntries()));
    observer.observe({ type: "resource", buffered: true });
    return observer;
  },
};

// Files that the page made itself do not cross the network.
const LOCAL = /^(blob|data):/;

export class NetworkWatch {
  readonly #seen: Seen[] = [];
  readonly #source: TimingSource;
  readonly #observer: { takeRecords(): PerformanceEntry[] } | null;

  constructor(source: TimingSource, onChange: () => void) {
    this.#source = source;
    this.#observer = source.supported
      ? source.observe((entries) => {
          if (this.#add(entries)) onChange();
        })
      : null;
  }

  now(): number {
    return this.#source.now();
  }

  // A worker saw requests of its own.
  report(requests: NetworkRequest[]): void {
    for (const request of requests) this.#seen.push({ ...request, at: this.now() });
  }

  // Requests since that moment; null where the browser does not tell.
  since(moment: number): NetworkRequest[] | null {
    if (this.#observer === null) return null;
    this.#add(this.#observer.takeRecords());
    return this.#seen.filter(({ at }) => at >= moment);
  }

  #add(entries: PerformanceEntry[]): boolean {
    const before = this.#seen.length;
    for (const entry of entries as PerformanceResourceTiming[]) {
      if (LOCAL.test(entry.name)) continue;
      this.#seen.push({ url: entry.name, receivedBytes: entry.transferSize, at: entry.startTime });
    }
    return this.#seen.length > before;
  }
}
