import { setTimeout as sleep } from 'node:timers/promises';
import type { ShapePlan } from '../monitor/explain/plan.js';
import { isPlanned } from '../monitor/explain/plan-words.js';
import { readFrom, readLastKept } from '../monitor/stats/read-stats.js';
import {
  examinedBy,
  mostExamined,
  readSlowShapes,
  type ShapeOrder,
  type SlowShape,
} from '../monitor/stats/slow-shapes.js';
import { loadProject, type Project } from '../server/load-project.js';
import { type Asked, askProducts } from './ask-products.js';
import { addressOf, askGateway } from './ask-gateway.js';
import { Interrupted, Interruption } from './interruption.js';
import { type CommonOptions, EXIT, isRead, paint, print, table } from './output.js';
import { ago, count, counted, duration, moment } from './quantities.js';
import { paintFinding } from './severity.js';

/** Options of `bulkhead slow`. */
export interface SlowOptions extends CommonOptions {
  /** How far back, in seconds. */
  readonly since: number;
  readonly sort: ShapeOrder;
  /** Shapes of each product. */
  readonly limit: number;
  /** Shows it again and again, until it is interrupted. */
  readonly watch: boolean;
}

const EVERY_MS = 5_000;

/** What was found of one product. */
interface Look {
  readonly shapes: readonly SlowShape[];
  /** How many there are. */
  readonly all: number;
  readonly calls: number;
  readonly totalMs: number;
  /** Commands that were counted and found no row. */
  readonly dropped: number;
  /** Why there is nothing to show. */
  readonly empty?: string;
}

/**
 * Shows the shapes of commands that cost most, with what sends them, how they are planned and what is wrong.
 *
 * @returns the exit code: 2 where the ops credential is missing, 3 where a database could not be asked.
 */
export async function slow(product: string | undefined, options: SlowOptions): Promise<number> {
  const project = await loadProject({
    ...options,
    serves: false,
    ...(product !== undefined && { products: [product] }),
  });
  if (!options.watch) return show(await look(project, options), options);
  const interruption = new Interruption();
  const stopped = new AbortController();
  void interruption.happened.then(() => stopped.abort());
  try {
    for (;;) {
      const seen = await interruption.cutShort(look(project, options));
      if (process.stdout.isTTY && !options.json) process.stdout.write('\u001B[2J\u001B[H');
      show(seen, options);
      if (!isRead()) return EXIT.fine;
      await interruption.cutShort(sleep(EVERY_MS, undefined, { signal: stopped.signal }));
    }
  } catch (error) {
    if (error instanceof Interrupted || stopped.signal.aborted) return EXIT.fine;
    throw error;
  }
}

async function look(project: Project, options: SlowOptions): Promise<Asked<Look>[]> {
  const { sort, limit } = options;
  const since = sinceOf(options);
  let states: ReturnType<typeof askGateway> | undefined;
  return askProducts(project, async (db, product): Promise<Look> => {
    const query = { product, since };
    const [all, { last, dropped }] = await Promise.all([
      readSlowShapes(db, query, sort),
      readLastKept(db, query),
    ]);
    const sum = (of: (shape: SlowShape) => number) => all.reduce((total, one) => total + of(one), 0);
    return {
      shapes: all.slice(0, limit),
      all: all.length,
      calls: sum(({ calls }) => calls),
      totalMs: sum(({ totalMs }) => totalMs),
      dropped,
      ...(all.length === 0 && {
        empty: await whyEmpty(
          project,
          product,
          last,
          (states ??= askGateway(addressOf(project.environment))),
        ),
      }),
    };
  });
}

const sinceOf = ({ since }: SlowOptions): Date => new Date(Date.now() - since * 1_000);

/** Nothing to show is not the same as nothing wrong. */
async function whyEmpty(
  { environment }: Project,
  product: string,
  last: Date | undefined,
  asked: ReturnType<typeof askGateway>,
): Promise<string> {
  const before = last ? ` The last was ${ago(last)}: look further back with --since.` : '';
  const nothing = 'no command was kept in this time';
  if (!environment.monitor)
    return `${nothing}: BULKHEAD_MONITOR is off here, and a gateway that runs with it counts nothing.${before}`;
  const states = await asked;
  if (!states) return `${nothing}: no gateway listens at ${addressOf(environment)}.${before}`;
  const state = states[product]?.state ?? 'not served';
  if (state !== 'ready')
    return `${nothing}: the gateway says ${product} is ${state}, and keeps statistics of products that are ready; ask \`bulkhead doctor ${product}\`.${before}`;
  return `${nothing}: no traffic yet, or it is newer than ten seconds, since the gateway writes every ten.${before}`;
}

function show(asked: readonly Asked<Look>[], options: SlowOptions): number {
  const since = readFrom(sinceOf(options));
  const problems = asked.filter((one) => 'problem' in one);
  print(
    options.json,
    {
      ok: problems.length === 0,
      since,
      sort: options.sort,
      products: asked.map((one) =>
        'problem' in one
          ? { product: one.product, problem: one.problem }
          : { product: one.product, ...one.answer },
      ),
    },
    [
      ...asked.flatMap((one) => [...linesOf(one, since), '']),
      ...(options.watch && process.stdout.isTTY
        ? [paint('dim', `every ${EVERY_MS / 1_000} s; Ctrl-C ends`)]
        : []),
    ],
  );
  if (problems.length === 0) return EXIT.fine;
  return problems.every((one) => one.isConfiguration) ? EXIT.usage : EXIT.unavailable;
}

const HEADINGS = ['shape', 'calls', 'total', 'mean', 'p95', 'examined → returned', 'plan', 'query'];
const FIGURES = [1, 2, 3, 4, 5];

function linesOf(asked: Asked<Look>, since: Date): string[] {
  const title = paint('bold', asked.product);
  if ('problem' in asked) return [`${title}  ${paint('red', asked.problem)}`];
  const { shapes, all, calls, totalMs, dropped, empty } = asked.answer;
  const lost =
    dropped > 0
      ? [paint('yellow', `  ${count(dropped)} commands were counted and found no row: too many shapes.`)]
      : [];
  if (empty !== undefined) return [`${title}  ${empty}`, ...lost];
  const shown = shapes.length < all ? `, ${shapes.length} of them shown` : '';
  const { isTTY, columns } = process.stdout;
  return [
    `${title}  since ${moment(since)}: ${counted(calls, 'command')} of ${counted(all, 'shape')}${shown}, ${duration(totalMs)} in all`,
    ...lost,
    ...linesOfShapes(shapes, isTTY ? columns : Number.POSITIVE_INFINITY),
  ];
}

/** The least of a query that is worth its column; where there is less room, it stands on a line of its own. */
const QUERY_COLUMNS = 40;

/** Shapes as a table, with what is below each. @param columns of the terminal. */
export function linesOfShapes(shapes: readonly SlowShape[], columns: number): string[] {
  const figures = [HEADINGS, ...shapes.map(rowOf)];
  const whole = table(figures, FIGURES).split('\n');
  const short = table(
    figures.map((row) => row.slice(0, -1)),
    FIGURES,
  ).split('\n');
  const isNarrow = Math.max(...short.map(({ length }) => length)) + QUERY_COLUMNS > columns;
  const [headings = '', ...rows] = isNarrow ? short : whole;
  return [
    paint('dim', fitting(`  ${headings}`, columns)),
    ...shapes.flatMap((shape, at) => [
      fitting(`  ${rows[at]!}`, columns),
      ...(isNarrow ? [fitting(`             ${shape.words}`, columns)] : []),
      ...belowOf(shape, columns),
    ]),
  ];
}

const rowOf = (shape: SlowShape): string[] => [
  shape.shape,
  count(shape.calls),
  duration(shape.totalMs),
  duration(shape.meanMs),
  duration(shape.p95Ms),
  examinedWords(shape),
  planWords(shape.plan),
  shape.words,
];

/** The documents or keys that a call examines, and what it returns; with a `~` where that is an estimate that disagrees with what was counted. */
function examinedWords(shape: SlowShape): string {
  const examined = examinedBy(shape);
  if (!examined) return '–';
  const { returned, isOff } = examined;
  return `${isOff ? '~' : ''}${count(mostExamined(examined)!)} → ${returned === undefined ? '–' : count(returned)}`;
}

/** How a shape is planned, in a word: what is bad first, then the indexes. */
export function planWords(plan: ShapePlan | undefined): string {
  if (!plan) return '–';
  if (!isPlanned(plan)) return 'unknown';
  const words = [plan.collectionScan && 'SCAN', plan.inMemorySort && 'SORT', ...plan.indexes].filter(Boolean);
  return words.length > 0 ? words.join(' ') : plan.root.stage;
}

/** Who sends it, and what is worst about it. */
function belowOf({ origins, moreOrigins = 0, findings }: SlowShape, columns: number): string[] {
  const [first, ...others] = origins;
  const from = first ? `${first.operation} ${first.field}` : '-';
  const rest = others.length + moreOrigins;
  const more = rest > 0 ? ` and ${count(rest)} more` : '';
  const [worst] = findings;
  return [
    paint('dim', fitting(`             ${from}${more}`, columns)),
    ...(worst ? [`             ${paintFinding(worst)}`] : []),
  ];
}

/** A line that does not wrap on a terminal. */
const fitting = (line: string, columns: number): string =>
  line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
