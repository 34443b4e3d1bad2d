import { namesIndex } from '../facts/hints.js';
import { createHash } from 'node:crypto';
import { printable } from '../../config/printable.js';
import type { Finding, FindingRule } from '../finding.js';
import { atLeast } from '../stats/histogram.js';
import { walk } from '../explain/read-explain.js';
import type { CollectionFacts, IndexFacts, ProductFacts, ShapeFacts } from '../facts/facts.js';

/** Below this, reading everything costs less than an index: what peers are blamed for is noise about small collections. */
export const SMALL_COLLECTION = 1_000;
/** The fewest calls of a shape that say something: a rare query may well scan. */
export const FEW_CALLS = 10;
/** Operations of clients that are not the gateway's, as the profiler has seen them. */
export const OTHER_CLIENT = '(other client)';

/** A finding whose id is its rule's and its subject's. */
export const findingOf = (
  finding: Omit<Finding, 'id'>,
  key: readonly unknown[] = Object.values(finding.subject),
): Finding => ({ id: idOf(finding.rule, key), ...finding });

const idOf = (rule: FindingRule, key: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify([rule, ...key]))
    .digest('hex')
    .slice(0, 10);

/**
 * Whether a shape was sent often enough to say something new of it. What holds already is looked at with any number of
 * calls: it is not mended because it is night.
 */
export const isTelling = (
  { open }: ProductFacts,
  rule: FindingRule,
  { shape, calls }: ShapeFacts,
  fewest: number,
): boolean => calls >= fewest || open.has(idOf(rule, [shape]));

/**
 * What the bars of a rule are divided by: what holds already ends at half of them. An estimate is of the values that
 * were drawn for it, and one near a bar would come and go.
 */
export const easeOf = ({ open }: ProductFacts, rule: FindingRule, { shape }: ShapeFacts): number =>
  open.has(idOf(rule, [shape])) ? 2 : 1;

/** A p95 of fewer is the slowest of them. */
export const FEWEST_OF_P95 = 20;
/** Of the calls, whose slowest is the p95. */
const SHARE = 0.95;

/**
 * Whether the p95 of a shape was above a bar and is not any more: whoever has built an index need not wait for the hour
 * to be over.
 */
export function isMended(
  { mended }: ProductFacts,
  rule: FindingRule,
  { shape, lately }: ShapeFacts,
  barMs: number,
): boolean {
  const above = atLeast(lately.counts, barMs);
  // Once that is said, fewer calls do not unsay it.
  if (above === 0 && mended.has(idOf(rule, [shape]))) return true;
  return lately.calls >= FEWEST_OF_P95 && above <= lately.calls * (1 - SHARE);
}

/** What a shape's findings are about. */
export function subjectOf(shape: ShapeFacts): Finding['subject'] {
  const [origin] = shape.origins;
  return {
    shape: shape.shape,
    collection: shape.collection,
    ...(origin && origin.operation !== '-' && { operation: origin.operation }),
    ...(origin && origin.field !== '-' && { field: origin.field }),
  };
}

/** Who sends a shape, in words. */
export function senderOf({ origins, command, collection }: ShapeFacts): string {
  const [origin] = origins;
  const what = `${command} on ${printable(collection)}`;
  if (!origin) return what;
  const { operation, field } = origin;
  if (operation === OTHER_CLIENT)
    return `${what} of another client (${field === '-' ? 'without a name' : field})`;
  if (operation === '-' && field === '-') return what;
  return `${what} by ${[operation, field].filter((one) => one !== '-').join(', ')}`;
}

/** A count as people write it. */
export const count = (value: number): string => Math.round(value).toLocaleString('en');

/** A count of things: one call, two calls. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${Math.round(value) === 1 ? one : many}`;

/** A duration as people write it. */
export const time = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${count(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;

/** A size as people write it. */
export const size = (bytes: number): string =>
  bytes < 1e6
    ? `${count(bytes / 1e3)} kB`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e9).toFixed(1)} GB`;

/** How long the shapes were counted. */
export const window = ({ hours }: ProductFacts): string =>
  Math.round(hours) <= 1 ? 'the last hour' : `the last ${Math.round(hours)} hours`;

/** A key as it stands in a class. */
export const keyText = (key: IndexFacts['key']): string =>
  `{ ${Object.entries(key)
    .map(([path, direction]) => `${/^\w+$/.test(path) ? path : `'${path}'`}: ${JSON.stringify(direction)}`)
    .join(', ')} }`;

/** Whether a shape names an index in its hint: that one must not be taken from it. */
export const isHinted = ({ hinted }: ProductFacts, { name }: CollectionFacts, index: IndexFacts): boolean =>
  hinted.some(({ collection, text }) => collection === name && namesIndex(text, name, index));

/** Documents that were read and did not fit, or keys, in one execution; without counts none. */
export function wastedIn({ plan }: ShapeFacts): number {
  if (!plan) return 0;
  let [documents, keys] = [0, 0];
  for (const { documentsExamined, keysExamined, returned } of walk(plan.root)) {
    if (returned === undefined) continue;
    documents += Math.max(0, (documentsExamined ?? 0) - returned);
    // A fetch has read as many keys as its scan has: those are counted there.
    if (documentsExamined === undefined) keys += Math.max(0, (keysExamined ?? 0) - returned);
  }
  return Math.max(documents, keys);
}

/** The collection of a shape. */
export const collectionOfShape = (
  { collections }: ProductFacts,
  { collection }: ShapeFacts,
): CollectionFacts | undefined => collections.find(({ name }) => name === collection);
