import { mongo } from 'mongoose';
import { wordsOfDriverError } from '../database/driver-words.js';
import type { FindingRule } from '../monitor/finding.js';

/** What of a round the rest does without, in words, and the rules that look at nothing else. */
const PARTS = {
  'the profiler': [],
  'the week before': ['regression'],
  'a week of writes': ['too-many-indexes'],
  'the sizes': ['growth'],
} as const satisfies Record<string, readonly FindingRule[]>;
type PartName = keyof typeof PARTS;

/** A part that could not be read, and why. */
export interface FailedPart {
  readonly part: PartName;
  readonly problem: string;
}

/** What failed may be dear to ask: it is not asked again in each round. */
const AGAIN_MS = 15 * 60_000;
/** The server goes, or lets nobody in: that is no part's fault, and ends the round. */
const NOT_THE_PART = new Set<unknown>([18, 91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** Parts of a round that may fail by themselves: the others go on, and what was found by one that fails stays. */
export class Parts {
  readonly #failed = new Map<PartName, { readonly at: number; readonly problem: string }>();

  /** Reads one part. @param otherwise what stands for one that fails. @throws the driver's error where the server cannot be asked. */
  async read<T>(part: PartName, now: Date, read: () => Promise<T>, otherwise: T): Promise<T> {
    const before = this.#failed.get(part);
    if (before && now.getTime() - before.at < AGAIN_MS) return otherwise;
    try {
      const value = await read();
      this.#failed.delete(part);
      return value;
    } catch (error) {
      if (!(error instanceof mongo.MongoServerError) || NOT_THE_PART.has(error.code)) throw error;
      this.#failed.set(part, { at: now.getTime(), problem: wordsOfDriverError(error) });
      return otherwise;
    }
  }

  get failed(): readonly FailedPart[] {
    return [...this.#failed].map(([part, { problem }]) => ({ part, problem }));
  }

  /** The rules that have seen nothing: that they find nothing says nothing. */
  get unseen(): ReadonlySet<FindingRule> {
    return new Set([...this.#failed.keys()].flatMap((part): readonly FindingRule[] => PARTS[part]));
  }
}
