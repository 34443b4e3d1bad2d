import { mongo } from 'mongoose';
import { adviseDrops, type DropFacts } from '../../src/indexes/advise/drops.js';
import type { ObservedShape } from '../../src/indexes/advise/need.js';
import { collectionFacts } from '../../src/indexes/assess.js';
import { existingIndexes } from '../../src/indexes/existing-indexes.js';
import { hasArrayAt } from '../../src/indexes/advise/arrays.js';
import { shapeOf } from '../../src/monitor/shape/shape.js';
import { adviseCollection } from '../../src/indexes/advise/advise-collection.js';
import { needsOf } from '../../src/indexes/advise/need.js';

interface MadeIndex {
  readonly key: Readonly<Record<string, unknown>>;
  readonly options?: mongo.CreateIndexesOptions;
}

/** Indexes of a collection, of which some must stay, some may go, and of the rest nothing is asked. */
interface Trap {
  readonly name: string;
  readonly indexes: readonly MadeIndex[];
  /** Names of indexes that it would be harmful to drop. */
  readonly mustStay: readonly string[];
  /** Names of indexes that are of no use. */
  readonly mayGo?: readonly string[];
  /** Reads that are made, so that the server counts uses. */
  readonly asked?: readonly mongo.Document[];
  /** Commands that the statistics hold. */
  readonly seen?: readonly mongo.Document[];
  /** Days since the indexes were made and the server started. Default 30. */
  readonly days?: number;
}

const made = (key: Record<string, unknown>, options?: mongo.CreateIndexesOptions): MadeIndex => ({
  key,
  ...(options && { options }),
});
const find = (filter: mongo.Document, more: mongo.Document = {}) => ({ find: 'trapped', filter, ...more });

const LONG = made({ a: 1, b: 1 });
/** The short index is another's beginning, and must stay for what it is. */
const short = (name: string, options: mongo.CreateIndexesOptions, more: Partial<Trap> = {}): Trap => ({
  name,
  indexes: [made({ a: 1 }, options), LONG],
  mustStay: ['a_1'],
  asked: [find({ a: 1, b: 1 })],
  ...more,
});

/** The traps. */
export const TRAPS: readonly Trap[] = [
  short('unique beginning', { unique: true }),
  short('sparse beginning', { sparse: true }),
  short('partial beginning', { partialFilterExpression: { c: true } }),
  short('beginning with a collation', { collation: { locale: 'en', strength: 2 } }),
  {
    ...short('expiring beginning', { expireAfterSeconds: 3_600 }),
    indexes: [made({ t: 1 }, { expireAfterSeconds: 1e9 }), made({ t: 1, b: 1 })],
    mustStay: ['t_1'],
    asked: [find({ t: new Date(0), b: 1 })],
  },
  {
    name: 'hidden beginning',
    indexes: [made({ a: 1 }, { hidden: true }), LONG],
    mustStay: ['a_1'],
    asked: [find({ a: 1, b: 1 })],
  },
  short('young beginning', {}, { days: 2 }),
  short('beginning named in a hint', {}, { seen: [find({ a: 1 }, { hint: 'a_1' })] }),
  short('beginning whose key is a hint', {}, { seen: [find({ a: 1 }, { hint: { a: 1 } })] }),
  {
    name: 'longer one is partial',
    indexes: [made({ a: 1 }), made({ a: 1, b: 1 }, { partialFilterExpression: { c: true } })],
    mustStay: ['a_1'],
    asked: [find({ a: 1 })],
  },
  {
    name: 'longer one is sparse',
    indexes: [made({ a: 1 }), made({ a: 1, b: 1 }, { sparse: true })],
    mustStay: ['a_1'],
    asked: [find({ a: 1 })],
  },
  {
    name: 'longer one has a collation',
    indexes: [made({ a: 1 }), made({ a: 1, b: 1 }, { collation: { locale: 'de' } })],
    mustStay: ['a_1'],
    asked: [find({ a: 1 })],
  },
  {
    name: 'longer one is hidden',
    indexes: [made({ a: 1 }), made({ a: 1, b: 1 }, { hidden: true })],
    mustStay: ['a_1'],
    asked: [find({ a: 1 })],
  },
  {
    name: 'longer one is over an array',
    indexes: [made({ a: 1 }), made({ a: 1, tags: 1 })],
    mustStay: ['a_1'],
    asked: [find({ a: 1 })],
  },
  {
    name: 'longer one goes itself, unused',
    indexes: [made({ a: 1 }), LONG],
    mustStay: ['a_1'],
    mayGo: ['a_1_b_1'],
    asked: [find({ a: 1 }, { hint: 'a_1' })],
  },
  {
    name: 'other direction inside',
    indexes: [made({ a: 1, b: -1 }), made({ a: 1, b: 1, c: 1 })],
    mustStay: ['a_1_b_-1'],
    asked: [find({ a: 1 }, { sort: { b: -1 }, hint: 'a_1_b_-1' }), find({ a: 1, b: 1, c: true })],
  },
  {
    name: 'same paths, other order',
    indexes: [made({ a: 1, b: 1 }), made({ b: 1, a: 1 })],
    mustStay: ['a_1_b_1', 'b_1_a_1'],
    asked: [find({ a: 1 }, { hint: 'a_1_b_1' }), find({ b: 1 }, { hint: 'b_1_a_1' })],
  },
  {
    name: 'much smaller than the longer one, and in use',
    indexes: [made({ a: 1 }), made({ a: 1, body: 1 })],
    mustStay: ['a_1'],
    asked: [find({ a: 1 }, { hint: 'a_1' })],
  },
  { name: 'unused but unique', indexes: [made({ u: 1 }, { unique: true })], mustStay: ['u_1'] },
  { name: 'unused but expiring', indexes: [made({ t: 1 }, { expireAfterSeconds: 1e9 })], mustStay: ['t_1'] },
  { name: 'unused but young', indexes: [made({ b: 1 })], mustStay: ['b_1'], days: 3 },
  { name: 'unused since yesterday’s restart', indexes: [made({ b: 1 })], mustStay: ['b_1'], days: 1 },
  {
    name: 'unused but named in a hint of a monthly job',
    indexes: [made({ b: 1 })],
    mustStay: ['b_1'],
    seen: [find({ b: 1 }, { hint: 'b_1' })],
  },
  {
    name: 'a monthly job’s, seen in the statistics',
    indexes: [made({ b: 1 })],
    mustStay: ['b_1'],
    seen: [find({ b: 1 })],
  },
  {
    name: 'a monthly deletion’s, seen in the statistics',
    indexes: [made({ b: 1 })],
    mustStay: ['b_1'],
    seen: [{ delete: 'trapped', deletes: [{ q: { b: 1 }, limit: 0 }] }],
  },
  {
    name: 'a report’s, with a collation, seen in the statistics',
    indexes: [made({ b: 1 })],
    mustStay: ['b_1'],
    seen: [find({ b: 1 }, { collation: { locale: 'en' } })],
  },
  { name: 'unused text', indexes: [made({ body: 'text' })], mustStay: ['body_text'] },
  { name: 'unused place', indexes: [made({ at: '2dsphere' })], mustStay: ['at_2dsphere'] },
  { name: 'unused wildcard', indexes: [made({ '$**': 1 })], mustStay: ['$**_1'] },
  { name: 'unused hashed', indexes: [made({ a: 'hashed' })], mustStay: ['a_hashed'] },
  {
    name: 'unused partial',
    indexes: [made({ b: 1 }, { partialFilterExpression: { c: true } })],
    mustStay: ['b_1'],
  },
  { name: 'unused sparse', indexes: [made({ b: 1 }, { sparse: true })], mustStay: ['b_1'] },
  {
    name: 'twins: one stays',
    indexes: [made({ b: 1 }), made({ b: -1 })],
    mustStay: ['b_1'],
    mayGo: ['b_-1'],
    asked: [
      find({ b: 1 }, { hint: 'b_1' }),
      find({ b: 2 }, { hint: 'b_1' }),
      find({ b: 1 }, { hint: 'b_-1' }),
    ],
  },
  // And some where a drop is right, so that advising nothing is no virtue.
  {
    name: 'plain beginning',
    indexes: [made({ a: 1 }), made({ a: 1, c: 1 })],
    mustStay: ['a_1_c_1'],
    mayGo: ['a_1'],
    asked: [find({ a: 1, c: true }, { hint: 'a_1_c_1' })],
  },
  {
    name: 'plain beginning, reversed',
    indexes: [made({ a: -1 }), made({ a: 1, c: 1 })],
    mustStay: ['a_1_c_1'],
    mayGo: ['a_-1'],
    asked: [find({ a: 1, c: true }, { hint: 'a_1_c_1' }), find({ a: 1 }, { hint: 'a_-1' })],
  },
  {
    name: 'unused and old',
    indexes: [made({ b: 1 }), made({ a: 1 })],
    mustStay: ['a_1'],
    mayGo: ['b_1'],
    asked: [find({ a: 1 })],
  },
  {
    name: 'beginning of a unique one',
    indexes: [made({ a: 1 }), made({ a: 1, u: 1 }, { unique: true })],
    mustStay: ['a_1_u_1'],
    mayGo: ['a_1'],
    asked: [find({ a: 1 }, { hint: 'a_1' })],
  },
];

/** What the drop rules did with the traps. */
export interface TrapResult {
  readonly harmful: readonly string[];
  readonly missed: readonly string[];
  /** Indexes that may go, in all. */
  readonly droppable: number;
}

/** Sets every trap on a real server and asks for drops. */
export async function runTraps(db: mongo.Db, scratch: mongo.Db): Promise<TrapResult> {
  const harmful: string[] = [];
  const missed: string[] = [];
  for (const { name, indexes, mustStay, mayGo = [], asked = [], seen = [], days = 30 } of TRAPS) {
    const collection = db.collection('trapped');
    await collection.drop().catch(() => undefined);
    await collection.insertMany(
      Array.from({ length: 1_200 }, (_, n) => ({
        a: n,
        b: n % 100,
        c: n % 2 === 0,
        u: n,
        t: new Date(),
        tags: [`x${n % 7}`, `y${n % 9}`],
        at: { type: 'Point', coordinates: [n % 90, n % 45] },
        body: `${'text '.repeat(80)}${n}`,
      })),
    );
    for (const { key, options } of indexes)
      await collection.createIndex(key as mongo.IndexSpecification, options);
    // The server answers a plan from its cache only when it has weighed it; a hint leaves no doubt which index was used.
    for (const command of asked) await db.command(command);
    const shapes = seen.map((command, n): ObservedShape => ({
      shape: `s${n}`,
      text: shapeOf(Object.keys(command)[0]!, command)!,
      calls: 1,
      documents: 12,
      origins: [],
    }));
    const existing = await existingIndexes(db, 'trapped');
    const { uses, indexBytes, documents } = await collectionFacts(db, 'trapped');
    const { used, measured } = await adviseCollection(
      {
        source: collection,
        documents,
        needs: needsOf(shapes).needs,
        load: { whole: 0, changes: [] },
        indexes: existing,
      },
      scratch,
    );
    const sample = await collection.find().limit(100).toArray();
    const facts: DropFacts = {
      collection: 'trapped',
      indexes: existing,
      advised: [],
      uses,
      sizes: indexBytes,
      shapes,
      used,
      unmeasured: shapes.filter(({ shape }) => !measured.has(shape)),
      isArray: (path) => sample.some((one) => hasArrayAt(one, path.split('.'))),
      now: new Date(Date.now() + days * 86_400_000),
    };
    const dropped = new Set(adviseDrops(facts).map((one) => one.name));
    harmful.push(...mustStay.filter((index) => dropped.has(index)).map((index) => `${name}: ${index}`));
    missed.push(...mayGo.filter((index) => !dropped.has(index)).map((index) => `${name}: ${index}`));
  }
  return { harmful, missed, droppable: TRAPS.reduce((sum, { mayGo = [] }) => sum + mayGo.length, 0) };
}
