import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { startScratch } from '../../src/database/embedded/scratch.js';
import { adviseCollection } from '../../src/indexes/advise/advise-collection.js';
import { type FactsOf, type Key, textOfKey } from '../../src/indexes/advise/candidates.js';
import { type Need, needsOf, type ObservedShape } from '../../src/indexes/advise/need.js';
import { hasArrayAt } from '../../src/indexes/advise/arrays.js';
import { orderOf, valuesAt } from '../../src/monitor/explain/values.js';
import { existingIndexes } from '../../src/indexes/existing-indexes.js';
import { shapeOf } from '../../src/monitor/shape/shape.js';
import { writeResults } from '../results.js';
import { atlas, dexter, type Known, pgHero } from './baselines.js';
import { CLASS_NAMES, drawWorkloads } from './classes.js';
import { writeScores } from './page.js';
import { type Score, scoreOf, together } from './score.js';
import { runTraps, TRAPS } from './traps.js';
import { bestSet, costForReal, type Matrix, measureMatrix } from './truth.js';
import type { Workload } from './workload.js';

const EACH = Number(process.env['BENCH_EACH'] ?? 4);
const SEED = process.env['BENCH_SEED'] ?? randomBytes(4).toString('hex');
const ONLY = process.env['BENCH_CLASS'];
/** Less than most collections have, so that the advice rests on samples. */
const BUDGET = { documents: 2_000, bytes: 2 ** 24, ms: 30_000 };
const BARS = { precision: 0.9, recall: 0.9, harmfulDrops: 0 };

/** The advisors that are compared; ours is `bulkhead`. */
export const ADVISORS = ['bulkhead', 'atlas', 'pgHero', 'dexter'] as const;
type Advisor = (typeof ADVISORS)[number];

const round = (value: number) => Math.round(value * 1_000) / 1_000;

/** Index advice against the truth: every index measured with every query, on a real server. */
export async function advisor(): Promise<boolean> {
  process.stdout.write(`BENCH_SEED=${SEED}\n`);
  const scratch = await startScratch();
  const client = await new mongo.MongoClient(scratch.uri).connect();
  try {
    const scores: Record<Advisor, Score[]> = { bulkhead: [], atlas: [], pgHero: [], dexter: [] };
    const real: number[] = [];
    const workloads = drawWorkloads(SEED, EACH, ONLY === undefined ? CLASS_NAMES : [ONLY]);
    for (const [n, workload] of workloads.entries()) {
      const db = client.db('suite');
      await db.dropDatabase();
      const found = await runWorkload(db, client.db('scratch'), workload);
      for (const advisor of ADVISORS) scores[advisor].push(...found.scores[advisor]);
      real.push(...found.real);
      process.stdout.write(`${n + 1}/${workloads.length} ${workload.class}: ${found.said}\n`);
    }
    const traps = await runTraps(client.db('suite'), client.db('scratch'));
    for (const one of traps.harmful) process.stdout.write(`harmful: ${one}\n`);
    for (const one of traps.missed) process.stdout.write(`missed: ${one}\n`);
    const sums = Object.fromEntries(ADVISORS.map((name) => [name, together(scores[name])])) as Record<
      Advisor,
      ReturnType<typeof together>
    >;
    const { precision, recall } = sums.bulkhead;
    const figures = {
      precision: round(precision),
      recall: round(recall),
      regret: round(real.reduce((sum, one) => sum + one, 0) / real.length),
      worstRegret: round(Math.max(...real)),
      harmfulDrops: traps.harmful.length,
      foundDrops: round((traps.droppable - traps.missed.length) / traps.droppable),
      workloads: workloads.length,
      classes: new Set(workloads.map((one) => one.class)).size,
      traps: TRAPS.length,
      ...Object.fromEntries(
        ADVISORS.flatMap((name) =>
          Object.entries(sums[name]).map(([key, value]) => [`${name}.${key}`, round(value)] as const),
        ),
      ),
    };
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
    if (ONLY === undefined) {
      writeResults('advisor', {
        rounds: 1,
        mongod: scratch.version,
        figures,
        ratios: {},
        command: `BENCH_SEED=${SEED} npm run bench -- advisor`,
      });
      writeScores('docs/indexes.md', SEED);
    }
    return precision >= BARS.precision && recall >= BARS.recall && traps.harmful.length <= BARS.harmfulDrops;
  } finally {
    await client.close();
    await scratch.stop();
  }
}

async function runWorkload(db: mongo.Db, scratch: mongo.Db, workload: Workload) {
  for (const [name, documents] of Object.entries(workload.collections))
    await db.collection(name).insertMany(documents.map((one) => ({ ...one })));
  for (const { collection, key } of workload.existing) await db.collection(collection).createIndex(key);
  const shapes = await observe(db, workload);
  const scores: Record<Advisor, Score[]> = { bulkhead: [], atlas: [], pgHero: [], dexter: [] };
  const real: number[] = [];
  const said: string[] = [];
  for (const [collection, documents] of Object.entries(workload.collections)) {
    const needs = needsOf(shapes).needs.filter((need) => need.collection === collection);
    const ours = await ourAdvice(db, scratch, workload, collection, needs);
    const facts = factsOf(documents);
    const existing = workload.existing.filter((one) => one.collection === collection);
    const about = {
      needs,
      facts,
      documents: documents.length,
      existing: existing.map(({ key }): Key => Object.entries(key)),
    };
    const unmeasured = { collection, costs: [], candidates: new Map(), probes: [] };
    const ruled = {
      atlas: atlas({ ...about, matrix: unmeasured }),
      pgHero: pgHero({ ...about, matrix: unmeasured }),
    };
    const matrix = await measureMatrix(db, workload, collection, [...ours, ...ruled.atlas, ...ruled.pgHero]);
    const known: Known = { ...about, matrix };
    const advice: Record<Advisor, Key[]> = { bulkhead: ours, ...ruled, dexter: dexter(known) };
    for (const advisor of ADVISORS) scores[advisor].push(scoreOf(matrix, advice[advisor]));
    real.push(await regretFor(db, workload, matrix, ours));
    said.push(tell(matrix, ours, scores.bulkhead.at(-1)!, real.at(-1)!));
  }
  return { scores, real, said: said.join('; ') };
}

/** What the gateway would have counted: shapes, calls and documents, and no value. */
async function observe(db: mongo.Db, { queries }: Workload): Promise<ObservedShape[]> {
  const shapes: ObservedShape[] = [];
  for (const [n, { command, calls, executions }] of queries.entries()) {
    const [name = ''] = Object.keys(command);
    let documents = 0;
    for (const [probe] of executions) {
      const { collection, filter, sort = {}, limit = 0 } = probe!;
      documents += (await db.collection(collection).find(filter).sort(sort).limit(limit).toArray()).length;
    }
    shapes.push({
      shape: `q${n}`,
      text: shapeOf(name, command)!,
      calls,
      // Of a group the groups are counted, which tells nothing: as with a real one.
      documents:
        name === 'aggregate' && 'pipeline' in command && JSON.stringify(command).includes('$group')
          ? calls * 3
          : (calls * documents) / executions.length,
      origins: [],
    });
  }
  return shapes;
}

async function ourAdvice(
  db: mongo.Db,
  scratch: mongo.Db,
  workload: Workload,
  collection: string,
  needs: readonly Need[],
): Promise<Key[]> {
  const { indexes } = await adviseCollection(
    {
      source: db.collection(collection),
      documents: workload.collections[collection]!.length,
      needs,
      load: collection === 'things' ? workload.load : { whole: 0, changes: [] },
      indexes: await existingIndexes(db, collection),
      budget: BUDGET,
    },
    scratch,
  );
  return indexes.map(({ key }) => key);
}

function factsOf(documents: readonly mongo.Document[]): FactsOf {
  return (path) => {
    const segments = path.split('.');
    const distinct = new Set(
      documents.flatMap((one) => valuesAt(one, segments).map((value) => orderOf(value).join(' '))),
    );
    return { distinct: distinct.size, isArray: documents.some((one) => hasArrayAt(one, segments)) };
  };
}

/** With both sets built in turn and the server planning by itself. */
async function regretFor(
  db: mongo.Db,
  workload: Workload,
  matrix: Matrix,
  ours: readonly Key[],
): Promise<number> {
  const best = bestSet(matrix).set.map((id): Key => Object.entries(JSON.parse(id) as Record<string, 1 | -1>));
  const isSame = best.map(textOfKey).sort().join() === ours.map(textOfKey).sort().join();
  if (isSame) return 1;
  const [mine, theirs] = [
    await costForReal(db, workload, matrix, ours),
    await costForReal(db, workload, matrix, best),
  ];
  return theirs === 0 ? 1 : mine / theirs;
}

function tell(matrix: Matrix, ours: readonly Key[], score: Score, regret: number): string {
  const isFine = score.right === score.advised && score.found === score.possible && regret < 1.2;
  const keys = ours.map(textOfKey).join(' ') || 'none';
  return isFine
    ? `${keys} ✓`
    : `${keys} ✗ best ${bestSet(matrix).set.join(' ') || 'none'}, regret ${round(regret)}`;
}
