import type { mongo } from 'mongoose';
import { BulkheadError, StartError, UsageError } from '../errors/bulkhead-error.js';
import { seenBeyond, sentenceOf, treeOf } from '../monitor/explain/plan-words.js';
import { documentsOfCall, readFrom } from '../monitor/stats/read-stats.js';
import { fieldsRead } from '../monitor/shape/shape-words.js';
import { findShapes, readSlowShapes, type SlowShape } from '../monitor/stats/slow-shapes.js';
import { loadProject } from '../server/load-project.js';
import { askProducts } from './ask-products.js';
import { type CommonOptions, paint, print, table } from './output.js';
import { ago, count, counted, duration, moment } from './quantities.js';
import { paintSeverity } from './severity.js';

/** Options of `bulkhead explain`. */
export interface ExplainOptions extends CommonOptions {
  /** How far back, in seconds. */
  readonly since: number;
}

/** A shape that was asked for; `stats` is missing where it was not sent in that time. */
interface Explained {
  readonly shape: string;
  readonly words: string;
  readonly stats?: SlowShape;
}

/**
 * Tells everything about one shape: who sends it, how long it takes, how the server answers it, and what is wrong.
 *
 * @param prefix the beginning of its id.
 * @throws UsageError where no shape, or several, begin so; BulkheadError where the database could not be asked.
 */
export async function explain(product: string, prefix: string, options: ExplainOptions): Promise<void> {
  if (!/^[\da-f]{1,10}$/.test(prefix))
    throw new UsageError([
      `${prefix}: expected the id of a shape, as \`bulkhead slow ${product}\` shows it.`,
    ]);
  const project = await loadProject({ ...options, products: [product], serves: false });
  const since = new Date(Date.now() - options.since * 1_000);
  const [asked] = await askProducts(project, (db) => find(db, product, prefix, since));
  if ('problem' in asked!) {
    const problem = `${product}: ${asked.problem}`;
    throw asked.isConfiguration
      ? new StartError([problem])
      : new BulkheadError('PRODUCT_UNAVAILABLE', problem);
  }
  const { shape, words, stats } = asked!.answer;
  print(
    options.json,
    { ok: true, product, since: readFrom(since), shape, query: words, ...(stats && { stats }) },
    linesOf(asked!.answer, readFrom(since)),
  );
}

/** @throws UsageError where not exactly one shape begins so. */
async function find(db: mongo.Db, product: string, prefix: string, since: Date): Promise<Explained> {
  const found = await findShapes(db, { product }, prefix);
  const [one, ...others] = found;
  if (!one)
    throw new UsageError([
      `${prefix}: no shape of ${product} begins so; \`bulkhead slow ${product}\` lists them.`,
    ]);
  if (others.length > 0)
    throw new UsageError([
      `${prefix}: ${others.length + 1} shapes of ${product} begin so; give more of the id:`,
      ...found.map(({ shape, words }) => `  ${shape}  ${words}`),
    ]);
  const [stats] = await readSlowShapes(db, { product, since, shape: one.shape });
  return { ...one, ...(stats && { stats }) };
}

function linesOf({ shape, words, stats }: Explained, since: Date): string[] {
  const title = `${paint('bold', shape)}  ${words}`;
  if (!stats) return [title, `  not sent since ${moment(since)}: look further back with --since`];
  const reads = fieldsRead(stats.text);
  const facts = [
    ['reads', reads.length > 0 ? reads.join(', ') : stats.command === 'find' ? 'whole documents' : ''],
    [
      'calls',
      `${count(stats.calls)} since ${moment(since)} (first seen ${moment(stats.first)}, last ${ago(stats.last)}), ${count(stats.errors)} failed, ${count(stats.retries)} sent again`,
    ],
    [
      'time',
      `${duration(stats.totalMs)} in all, mean ${duration(stats.meanMs)}, p50 ${duration(stats.p50Ms)}, p95 ${duration(stats.p95Ms)}, p99 ${duration(stats.p99Ms)}`,
    ],
    ['documents', documentsOf(stats)],
    ['examined', examinedOf(stats)],
  ].filter(([, value]) => value !== '') as [string, string][];
  return [
    title,
    ...table(facts.map(([name, value]) => [`  ${paint('dim', name)}`, value])).split('\n'),
    ...section('sent by', originsOf(stats)),
    ...section('plan', planOf(stats)),
    ...section('what is wrong', findingsOf(stats)),
  ];
}

const short = (value: number): string => String(Math.round(value * 10) / 10);

/** As it was, where the profiler has seen it; the plan says how it would be. */
function documentsOf(stats: SlowShape): string {
  const each = documentsOfCall(stats);
  return each === undefined
    ? 'not known: a profiler does not say how many'
    : `${count(stats.documents)}, ${short(each)} a call`;
}

const examinedOf = ({ examined }: SlowShape): string =>
  examined === undefined
    ? ''
    : `${counted(examined.documents / examined.calls, 'document')} and ${counted(examined.keys / examined.calls, 'key')} a call, in ${count(examined.calls)} that the profiler has seen since its indexes are what they are, in the last day at most`;

const section = (heading: string, lines: readonly string[]): string[] => [
  `  ${paint('dim', heading)}`,
  ...lines.map((line) => `    ${line}`),
];

const MOST_ORIGINS = 10;
function originsOf({ origins, moreOrigins = 0 }: SlowShape): string[] {
  const rows = origins
    .slice(0, MOST_ORIGINS)
    .map(({ operation, field, calls }) => [count(calls), operation, field]);
  const rest = origins.length - rows.length + moreOrigins;
  return [...table(rows, [0]).split('\n'), ...(rest > 0 ? [`and ${count(rest)} more`] : [])];
}

function planOf({ plan, examined }: SlowShape): string[] {
  if (!plan) return ['not explained yet: the worker does that; `bulkhead work --once` does it now'];
  const beyond = seenBeyond(plan, examined);
  return [
    `${sentenceOf(plan)} (explained ${ago(plan.at)})`,
    ...(beyond === undefined ? [] : [paint('red', beyond)]),
    ...treeOf(plan).map(({ line, wrong }) =>
      wrong === undefined ? line : `${line}  ${paint('red', `← ${wrong}`)}`,
    ),
  ];
}

function findingsOf({ findings, plan }: SlowShape): string[] {
  if (findings.length === 0) return [plan ? 'nothing was found' : 'not known before it is explained'];
  return findings.flatMap(({ severity, rule, reason, remedy, first }) => [
    `${paintSeverity(severity)} ${rule} (since ${moment(first)}): ${reason}`,
    // A symptom's remedy is what is being read.
    ...(remedy.startsWith('bulkhead explain ') ? [] : [paint('dim', `→ ${remedy}`)]),
  ]);
}
