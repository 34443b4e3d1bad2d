/** Gives a place back; calling it again does nothing. */
export type Leave = () => void;

interface Waiter {
  readonly give: () => void;
  readonly refuse: (reason: Error) => void;
}

/**
 * A number of places and a bounded queue for them: first come, first served. A place that is given back goes straight
 * to whoever has waited longest, so that nobody who comes in between can take it; whoever gives up leaves the queue
 * at once, so that the dead keep nobody out.
 */
export class Places {
  readonly #waiting = new Set<Waiter>();
  #taken = 0;

  constructor(
    readonly inFlight: number,
    readonly queue: number,
  ) {}

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether there is neither a place nor one in the queue. */
  get isFull(): boolean {
    return this.#taken >= this.inFlight && this.#waiting.size >= this.queue;
  }

  /**
   * A place, now or when one is free; undefined when the queue is full. Rejects with the signal's reason when that is
   * aborted first.
   */
  take(signal: AbortSignal): Promise<Leave> | undefined {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.#taken < this.inFlight) {
      this.#taken += 1;
      return Promise.resolve(this.#place());
    }
    if (this.isFull) return undefined;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        give: () => {
          signal.removeEventListener('abort', giveUp);
          resolve(this.#place());
        },
        refuse: (reason) => {
          signal.removeEventListener('abort', giveUp);
          reject(reason);
        },
      };
      const giveUp = () => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Sends away whoever waits. */
  dismiss(reason: () => Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { refuse } of waiting) refuse(reason());
  }

  #place(): Leave {
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      const [next] = this.#waiting;
      if (next) {
        this.#waiting.delete(next);
        next.give();
      } else {
        this.#taken -= 1;
      }
    };
  }
}
