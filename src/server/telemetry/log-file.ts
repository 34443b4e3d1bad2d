import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Options of a log file. */
export interface LogFileOptions {
  /** Bytes of lines that wait to be written; lines beyond are dropped. Default 1 MiB. */
  readonly backlogBytes?: number;
  /** How soon a write that failed is tried again. Default 500 ms. */
  readonly retryMs?: number;
}

/** Written at once, so that a burst costs few calls. */
const CHUNK_BYTES = 64 * 1024;
/** At the end of the process: how long a reader that is slow is waited for. */
const LAST_ATTEMPTS = 20;
const LAST_PAUSE_MS = 25;

const pause = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown';

/**
 * Writes the log's lines to a file descriptor, and never holds up or ends the process for it: where the disk is full,
 * the reader is gone or does not read, lines wait, then are dropped and counted, and the log says how many as soon as it
 * can be written again. pino's own destination tries for ever, in a loop, at the end of the process.
 */
export class LogFile implements DestinationStream {
  readonly #fd: number;
  readonly #backlogBytes: number;
  readonly #retryMs: number;
  readonly #atEnd = () => this.#finish();
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** What is being written, or what is left of it after a failure. */
  #chunk: Buffer = Buffer.alloc(0);
  #isBusy = false;
  #hasFailed = false;
  #lost = 0;
  #untold = 0;
  #why = '';

  constructor(fd: number, { backlogBytes = 1024 * 1024, retryMs = 500 }: LogFileOptions = {}) {
    this.#fd = fd;
    this.#backlogBytes = backlogBytes;
    this.#retryMs = retryMs;
    process.once('exit', this.#atEnd);
  }

  /** Lines that were dropped since the start. */
  get lost(): number {
    return this.#lost;
  }

  write(line: string): void {
    if (this.#waitingBytes + this.#chunk.length + line.length > this.#backlogBytes) {
      this.#lost += 1;
      this.#untold += 1;
      return;
    }
    this.#tell();
    this.#push(line);
    if (!this.#isBusy) this.#next();
  }

  /** Writes no more. */
  close(): void {
    process.off('exit', this.#atEnd);
    this.#isBusy = true;
  }

  #push(line: string): void {
    this.#waiting.push(line);
    this.#waitingBytes += Buffer.byteLength(line);
  }

  /** The count of dropped lines, in the place where they are missing. */
  #tell(): void {
    if (this.#untold === 0) return;
    const facts = { level: 40, time: new Date().toISOString(), lost: this.#untold, why: this.#why };
    this.#push(`${JSON.stringify({ ...facts, msg: 'the log could not be written: lines are lost' })}\n`);
    this.#untold = 0;
  }

  #next(): void {
    if (this.#chunk.length === 0) this.#chunk = this.#take();
    this.#isBusy = this.#chunk.length > 0;
    if (!this.#isBusy) return;
    write(this.#fd, this.#chunk, (error, written) => {
      this.#hasFailed = error !== null;
      if (error) {
        this.#why = codeOf(error);
        // Waiting for the log keeps nobody from ending.
        setTimeout(() => this.#next(), this.#retryMs).unref();
        return;
      }
      this.#chunk = this.#chunk.subarray(written);
      if (this.#chunk.length === 0 && this.#waiting.length === 0) this.#tell();
      this.#next();
    });
  }

  #take(limit = CHUNK_BYTES): Buffer {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length && bytes < limit; count += 1)
      bytes += this.#waiting[count]!.length;
    const chunk = Buffer.from(this.#waiting.splice(0, count).join(''));
    this.#waitingBytes -= chunk.length;
    return chunk;
  }

  /** The process ends: one attempt for what waits, and a short one. What is being written is on its way. */
  #finish(): void {
    const isUnderWay = this.#isBusy && !this.#hasFailed;
    let left = Buffer.concat([isUnderWay ? Buffer.alloc(0) : this.#chunk, this.#take(Infinity)]);
    for (let attempt = 0; left.length > 0 && attempt < LAST_ATTEMPTS;) {
      try {
        left = left.subarray(writeSync(this.#fd, left));
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN') return;
        attempt += 1;
        pause(LAST_PAUSE_MS);
      }
    }
  }
}
