import { createHash } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { IndexSpec } from './index-spec.js';

/**
 * What is done to an index. `replace` drops and builds anew under one name, where the server lets the two not stand
 * side by side; `hide` is the first half of a drop, `drop` the second.
 */
export type ChangeKind = 'unhide' | 'modify' | 'create' | 'replace' | 'hide' | 'drop';

/** The order within a collection: reads gain before anything is taken away. */
export const KIND_ORDER: readonly ChangeKind[] = ['unhide', 'modify', 'create', 'replace', 'hide', 'drop'];

/** One step from what a database has to what its classes declare. */
export interface IndexChange {
  /** The same for the same step, whenever it is planned. */
  readonly id: string;
  readonly kind: ChangeKind;
  readonly collection: string;
  /** The index that is made or changed. */
  readonly name: string;
  /** For people: key and options. */
  readonly index: string;
  /** Which class declares it, or that none does. */
  readonly reason: string;
  /** Meaning of the index of that name before and after; missing where there is none. */
  readonly before?: string;
  readonly after?: string;
  /** What `create` and `replace` send, without the name. */
  readonly definition?: mongo.Document;
  /** What `modify` sets. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** `hide`: how long it stays hidden before a plan may drop it. */
  readonly waitMs?: number;
  /** `replace`: the indexes that go. */
  readonly replaces?: readonly string[];
  /** The server builds it already, for somebody else or for a run that was cut short; it is waited for. */
  readonly building?: boolean;
}

/** A change with what it is about, for whoever reckons its cost. */
export interface ChangeWithSpec {
  readonly change: IndexChange;
  readonly spec: IndexSpec;
}

/** The indexes that searches have no longer after a change, by name. */
export function takenBy({ kind, name, set, replaces = [] }: IndexChange): readonly string[] {
  if (kind === 'replace') return replaces;
  return kind === 'hide' || kind === 'drop' || set?.['hidden'] === true ? [name] : [];
}

/** Gives a change its identity. */
export function toChange(change: Omit<IndexChange, 'id'>): IndexChange {
  const { kind, collection, name, before = '', after = '' } = change;
  // Hiding what is hidden already is the same step, cut short before it was noted.
  const from = kind === 'hide' ? '' : before;
  const hash = createHash('sha256').update([kind, collection, name, from, after].join('\n'));
  return { id: hash.digest('hex').slice(0, 12), ...change };
}

/** An index in the words of a class: `{ a: 1 }, unique`. */
export const describeIndex = (spec: IndexSpec): string =>
  [`{ ${spec.key.map(([path, kind]) => `${path}: ${kind}`).join(', ')} }`, ...optionsOf(spec)].join(', ');

/** Its options in words, without the key. */
export function optionsOf(spec: IndexSpec): string[] {
  const { unique, sparse, expireAfterSeconds, partialFilterExpression, collation, special } = spec;
  return [
    ...(unique ? ['unique'] : []),
    ...(sparse ? ['sparse'] : []),
    ...(expireAfterSeconds === undefined ? [] : [`expires after ${expireAfterSeconds} s`]),
    ...(partialFilterExpression ? [`where ${JSON.stringify(partialFilterExpression)}`] : []),
    ...(collation ? [`collation ${String(collation['locale'])}/${String(collation['strength'])}`] : []),
    ...Object.entries(special).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
  ];
}
