// What was decoded last, up to so many bytes: of one file, or of all files of a slide together.
interface Entry<T> {
  readonly bytes: number;
  readonly made: Promise<T>;
}

export class LruCache<T> {
  readonly #most: number;
  readonly #kept = new Map<string, Entry<T>>(); // the one used last is last
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  // bytes: of what is made. The one asked for last is kept whatever its size; what could not be made
  // is not kept.
  get(key: string, bytes: number, make: () => Promise<T>): Promise<T> {
    const entry = this.#kept.get(key) ?? { bytes, made: make() };
    if (!this.#kept.has(key)) {
      entry.made.catch(() => {
        if (this.#kept.get(key) === entry) this.#forget(key); // who asked for it is told
      });
    }
    this.#forget(key);
    this.#kept.set(key, entry);
    this.#bytes += entry.bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#most || oldest === key) break;
      this.#forget(oldest);
    }
    return entry.made;
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #forget(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}
