import type { SampleBatch } from 'bulkhead';

/** What a sample is asked for. */
export interface SampleOptions {
  /** 1 is the everyday size; 0.01 a handful, 100 a burden. */
  scale: number;
  /** The stored hash of the one password that all sample users share. */
  passwordHash: string;
}

/** The most documents in one batch. */
export const BATCH_SIZE = 1_000;

/** Packs documents into batches as they are asked for; never holds more than one batch. */
export function* toBatches(
  collection: string,
  source: Iterable<Record<string, unknown>>,
): Generator<SampleBatch> {
  let documents: Record<string, unknown>[] = [];
  for (const document of source) {
    documents.push(document);
    if (documents.length === BATCH_SIZE) {
      yield { collection, documents };
      documents = [];
    }
  }
  if (documents.length > 0) yield { collection, documents };
}

/** How many there are at a scale: `atOne` times the scale, but never fewer than `atLeast`. */
export function countAt(scale: number, atOne: number, atLeast: number): number {
  if (!Number.isFinite(scale) || scale <= 0) {
    throw new RangeError(`sample scale: expected a number above 0, got ${scale}`);
  }
  return Math.max(atLeast, Math.round(atOne * scale));
}
