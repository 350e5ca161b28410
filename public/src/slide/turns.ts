// One at a time, in the order of asking.

export interface Turn {
  end(): void;
}

export class Turns {
  #last: Promise<void> = Promise.resolve();

  async take(): Promise<Turn> {
    const before = this.#last;
    let end: () => void = () => undefined;
    this.#last = new Promise((resolve) => (end = resolve));
    await before;
    return { end };
  }
}
