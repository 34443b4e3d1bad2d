/** How a process has ended: by itself with a code, or by a signal. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A worker that runs. */
export interface RunningWorker {
  /** Resolves when it has ended without having been told to. */
  readonly failed: Promise<Ended>;
  stop(): Promise<void>;
}

/** Before the first new start; each further one waits twice as long. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** Whoever has lived so long has started well: what it dies of then is something new. */
export const STEADY_MS = 30_000;
/** Ends in a row, after which it is left alone: half a minute of tries. */
export const MOST_ENDS = 6;
/** A fault of the configuration, which no new start mends. */
const USAGE = 2;

const wordsFor = ({ code, signal }: Ended): string => signal ?? `exit code ${code}`;

/** A worker that is started again when it dies: later each time, and not for ever. What changes is said once. */
export class KeptWorker {
  readonly #begin: () => RunningWorker;
  readonly #say: (text: string) => void;
  #worker: RunningWorker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ends = 0;
  #isStopped = false;

  /** @param begin starts one. */
  constructor(begin: () => RunningWorker, say: (text: string) => void) {
    this.#begin = begin;
    this.#say = say;
    this.#start();
  }

  /** Ends it, and starts none any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#worker?.stop();
  }

  #start(): void {
    const worker = this.#begin();
    this.#worker = worker;
    this.#in(STEADY_MS, () => {
      if (this.#ends > 0) this.#say('the worker runs again');
      this.#ends = 0;
    });
    void worker.failed.then((ended) => this.#failed(ended));
  }

  #failed(ended: Ended): void {
    if (this.#isStopped) return;
    this.#ends += 1;
    const isHopeless = ended.code === USAGE;
    if (isHopeless || this.#ends >= MOST_ENDS) {
      clearTimeout(this.#timer);
      const what = isHopeless ? 'has ended' : `has ended ${this.#ends} times in a row`;
      return this.#say(
        `the worker ${what} (${wordsFor(ended)}): nothing is watched until the next start; \`bulkhead work\` says why`,
      );
    }
    if (this.#ends === 1) this.#say(`the worker has ended (${wordsFor(ended)}): it is started again`);
    this.#in(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#ends - 1)), () => this.#start());
  }

  /** One thing is waited for at a time. */
  #in(ms: number, work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, ms);
    this.#timer.unref();
  }
}
