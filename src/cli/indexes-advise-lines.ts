import { type Need, shapesOf } from '../indexes/advise/need.js';
import type { AdvisedIndex } from '../indexes/advise/prove.js';
import type { IndexAdvice, ProductCollectionAdvice } from '../indexes/advise/advise.js';
import type { Counted } from '../indexes/advise/probe.js';
import { describeIndex } from '../indexes/changes.js';
import { count as counted } from '../indexes/count.js';
import type { IndexSpec } from '../indexes/index-spec.js';
import { dropCommand } from '../indexes/named-index.js';
import { wordsOf } from '../monitor/shape/shape-words.js';
import { paint } from './output.js';
import { count, moment } from './quantities.js';

/** Advice with what it takes to say it. */
export interface AdviceForPeople extends IndexAdvice {
  readonly since: Date;
  /** The shapes' texts, by their names. */
  readonly texts: ReadonlyMap<string, string>;
}

type FileOf = (className: string) => string | undefined;

/** An index as it stands on a class: `@index({ status: 1, publishedAt: -1 })`. @param collation where it has to be named. */
export const decoratorOf = (key: IndexSpec['key'], collation?: object): string =>
  `@index({ ${key
    .map(([path, kind]) => `${/^[A-Za-z_]\w*$/.test(path) ? path : quoted(path)}: ${JSON.stringify(kind)}`)
    .join(', ')} }${collation ? `, { collation: ${JSON.stringify(collation)} }` : ''})`;

/** A path as text in a class; a name with control characters stays one line. */
const quoted = (path: string): string => `'${JSON.stringify(path).slice(1, -1).replaceAll("'", "\\'")}'`;

/** Advice for people: each index with where it goes, what gains, and what it costs. */
export function linesOfAdvice(advice: AdviceForPeople, fileOf: FileOf): string[] {
  const { product, collections, missing, unread, since, shapes, texts } = advice;
  const sum = (of: (one: ProductCollectionAdvice) => number) =>
    collections.reduce((all, one) => all + of(one), 0);
  const [more, less] = [sum(({ indexes }) => indexes.length), sum(({ drops }) => drops.length)];
  const verdict = [
    ...(more > 0 ? [`${counted(more, 'index', 'indexes')} to add`] : []),
    ...(less > 0 ? [`${less} to do without`] : []),
  ];
  const words = (shape: string): string => wordsOf(texts.get(shape) ?? shape);
  return [
    `${product}: ${verdict.join(', ') || 'no advice'} (${counted(shapes, 'shape')} of commands since ${moment(since)})`,
    ...missing.map(
      ({ collection, name, by }) =>
        `  ${paint('yellow', 'declared, and not there')}  ${collection}.${name} (${by}): bulkhead indexes apply ${product}`,
    ),
    ...collections.flatMap((one) => one.indexes.flatMap((index) => linesOfIndex(one, index, words, fileOf))),
    ...collections.flatMap((one) => one.drops.flatMap((drop) => linesOfDrop(drop, product, fileOf))),
    ...collections.flatMap(({ left }) =>
      left.map(({ shape, calls, why }) =>
        paint('dim', `  left    ${words(shape)}, ${counted(Math.round(calls), 'call')}: ${why}`),
      ),
    ),
    ...unread.map(({ shape, why }) => paint('dim', `  unread  ${words(shape)}: ${why}`)),
    ...(more > 0 ? [`Put the lines on the classes and build; then: bulkhead indexes apply ${product}`] : []),
  ];
}

const placeOf = (classes: readonly string[], fileOf: FileOf): string =>
  classes
    .map((name) => {
      const file = fileOf(name);
      return file === undefined ? name : `${name} (${file})`;
    })
    .join(', or ');

function linesOfIndex(
  { collection, classes, collation, documents, sampled }: ProductCollectionAdvice,
  { key, gains, entries, entriesWritten }: AdvisedIndex,
  words: (shape: string) => string,
  fileOf: FileOf,
): string[] {
  const each = entries > 1.05 ? `${entries.toFixed(1)} entries` : 'one entry';
  return [
    `  ${paint('green', 'add')}     ${collection}  ${paint('bold', decoratorOf(key, collation))}`,
    `          on ${placeOf(classes, fileOf)}`,
    ...gains.flatMap((gain) => [
      ...shapesOf(gain.need).map(
        (one) => `          ${words(one.shape)}${senderOf(one)}, ${counted(Math.round(one.calls), 'call')}`,
      ),
      `            ${workOf(gain.before)} → ${workOf(gain.after)}`,
    ]),
    `          writes: ${each} more for each document, and for each change of ${key.map(([path]) => path).join(', ')}; ${counted(Math.round(entriesWritten), 'entry', 'entries')} for what was written in that time`,
    `          tried on a copy of ${sampled < documents ? `${count(sampled)} of ` : ''}${counted(documents, 'document')}`,
  ];
}

/** Who gains: the busiest field first. */
function senderOf({ origins }: Need): string {
  const names = origins
    .filter(({ operation, field }) => operation !== '-' || field !== '-')
    .map(({ operation, field }) => [field, operation].filter((one) => one !== '-').join(' of '));
  const some = [...new Set(names)].slice(0, 3);
  return some.length > 0 ? ` by ${some.join(', ')}` : '';
}

function workOf({ documents, keys, sorted, isScan }: Counted): string {
  const parts = [
    `${counted(Math.round(documents), 'document')}${isScan ? ' (all are read)' : ''}`,
    counted(Math.round(keys), 'key'),
    ...(sorted > 0 ? [`${count(sorted)} sorted in memory`] : []),
  ];
  return parts.join(', ');
}

function linesOfDrop(
  { collection, name, spec, rule, reason, declaredBy, standIn }: ProductCollectionAdvice['drops'][number],
  product: string,
  fileOf: FileOf,
): string[] {
  const first = standIn ? `once ${describeIndex(standIn)} is there, ` : '';
  const hide = `${dropCommand(product, { collection, name })} hides it, and given again a week later drops it`;
  return [
    `  ${paint('yellow', 'hide')}    ${collection}.${name}  ${rule}: ${reason}`,
    declaredBy === undefined
      ? `          ${first}${hide}`
      : `          ${first}take ${decoratorOf(spec.key)} off ${placeOf([declaredBy], fileOf)}; then ${hide}`,
  ];
}

/** Advice for programs. */
export const factsOfAdvice = (advice: AdviceForPeople, fileOf: FileOf) => ({
  product: advice.product,
  database: advice.database,
  shapes: advice.shapes,
  missing: advice.missing,
  unread: advice.unread,
  collections: advice.collections.map(
    ({ collection, classes, collation, documents, sampled, indexes, drops, left }) => ({
      collection,
      documents,
      sampled,
      indexes: indexes.map(({ key, gains, entries, entriesWritten }) => ({
        key: Object.fromEntries(key),
        line: decoratorOf(key, collation),
        classes: classes.map((name) => ({ name, file: fileOf(name) })),
        entriesPerDocument: entries,
        entriesWritten,
        gains: gains.flatMap(({ need, before, after }) =>
          shapesOf(need).map(({ shape, calls, origins }) => ({
            shape,
            query: wordsOf(advice.texts.get(shape) ?? shape),
            calls,
            origins,
            before,
            after,
          })),
        ),
      })),
      drops: drops.map(({ name, spec, rule, reason, declaredBy }) => ({
        name,
        key: Object.fromEntries(spec.key),
        rule,
        reason,
        declaredBy,
      })),
      left,
    }),
  ),
});
