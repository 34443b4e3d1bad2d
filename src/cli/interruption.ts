/** Thrown out of work that was cut short by a signal. */
export class Interrupted extends Error {
  constructor(readonly why: string) {
    super(`interrupted: ${why}`);
    this.name = 'Interrupted';
  }
}

/**
 * Waits for the first `SIGTERM`, `SIGINT` or, unless it has another meaning, `SIGHUP`. The handlers stay: npm hands on the
 * Ctrl-C that the terminal has sent already, and the second one must not cut off what the first one began.
 */
export class Interruption {
  readonly happened: Promise<string>;
  #why: string | undefined;

  /** @param hangUpEnds whether `SIGHUP` is one of them: the terminal is gone. */
  constructor(hangUpEnds = true) {
    this.happened = new Promise((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT', ...(hangUpEnds ? (['SIGHUP'] as const) : [])] as const) {
        process.on(signal, () => {
          this.#why ??= signal;
          resolve(signal);
        });
      }
      // The parent is gone, where there is one that waits for us.
      process.on('disconnect', () => {
        this.#why ??= 'the parent is gone';
        resolve('the parent is gone');
      });
    });
  }

  get why(): string | undefined {
    return this.#why;
  }

  /** The outcome of some work. @throws Interrupted as soon as a signal comes; the work itself goes on. */
  async cutShort<T>(work: Promise<T>): Promise<T> {
    const interrupted = this.happened.then((why): never => {
      throw new Interrupted(why);
    });
    return Promise.race([interrupted, work]);
  }
}
