import { mongo } from 'mongoose';
import { ownComment } from './comment.js';
import { CannotRebuild } from './fill.js';
import type { ShapePlan } from './plan.js';
import { readExplain } from './read-explain.js';
import type { ShapeStats } from './read-stats.js';
import { collectionsOf, fieldsOf, rebuild } from './rebuild.js';
import { Sample } from './sample.js';
import { parseShape, type Shape } from './shape.js';

/** What an explanation may take on the server; then it is told how it would go, without counts. */
export const EXPLAIN_MS = 1_500;
const SAMPLE_MS = 1_000;
/** Enough for a value that is typical, and for two that are different. */
const SAMPLE_DOCUMENTS = 20;
/** What stands for a limit where nothing was returned yet: a page. */
const PAGE = 20;

const MAX_TIME_EXPIRED = 50;
/** Refused, or nobody there: it is not the shape's fault, and is told to whoever asked. */
const NOT_THE_SHAPE = new Set<unknown>([13, 18, 91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** A shape that is to be explained. */
export type ExplainedShape = Pick<ShapeStats, 'shape' | 'text' | 'calls' | 'documents'>;

/**
 * Asks the server how it answers a shape, with values of the product's own documents in the place of those that the
 * shape has lost. They are read for this one question, and neither kept nor logged. It only reads: of a write, the
 * search for what it changes is explained.
 *
 * @returns undefined for a shape that has no plan, such as an insert.
 * @throws the driver's error where the server cannot be asked.
 */
export async function explainShape(
  db: mongo.Db,
  product: string,
  stats: ExplainedShape,
  now: Date,
): Promise<ShapePlan | undefined> {
  const about = { shape: stats.shape, at: now };
  try {
    const shape = parseShape(stats.text);
    if (shape.command === 'insert') return undefined;
    const filling = { sampleOf: await sampler(db, product, shape), count: typicalCount(stats) };
    const command = rebuild(shape, filling);
    if (!command) return undefined;
    const ask = new Question(db, product);
    const plan = await ask.explain(command).catch(async (error: unknown) => {
      // An expression without its literals may be none: what finds and sorts the documents is explained alone.
      const leading =
        isRefusal(error) && shape.command === 'aggregate' && rebuild(shape, { ...filling, isLeading: true });
      if (!leading) throw error;
      return ask.explain(leading);
    });
    return { ...about, ...plan };
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    return { ...about, ...readExplain(undefined), problem };
  }
}

class Question {
  readonly #db: mongo.Db;
  readonly #comment: string;

  constructor(db: mongo.Db, product: string) {
    this.#db = db;
    this.#comment = ownComment(product);
  }

  async explain(explain: mongo.Document): Promise<Omit<ShapePlan, 'shape' | 'at'>> {
    const ask = (verbosity: string) =>
      this.#db.command({ explain, verbosity, comment: this.#comment, maxTimeMS: EXPLAIN_MS });
    try {
      return readExplain(await ask('executionStats'));
    } catch (error) {
      if (codeOf(error) !== MAX_TIME_EXPIRED) throw error;
      const problem = `it takes longer than ${EXPLAIN_MS.toLocaleString('en')} ms: what it examines was not counted`;
      return { ...readExplain(await ask('queryPlanner')), problem };
    }
  }
}

/** Reads some documents of each collection that a shape reads, no more of them than the shape names. */
async function sampler(db: mongo.Db, product: string, shape: Shape): Promise<(collection: string) => Sample> {
  const projection = { _id: 1, ...Object.fromEntries(fieldsOf(shape).map((field) => [field, 1])) };
  const samples = new Map<string, Sample>();
  for (const collection of collectionsOf(shape)) {
    const documents = await db
      .collection(collection)
      .aggregate([{ $sample: { size: SAMPLE_DOCUMENTS } }, { $project: projection }], {
        comment: ownComment(product),
        maxTimeMS: SAMPLE_MS,
      })
      .toArray();
    samples.set(collection, new Sample(documents));
  }
  return (collection) => samples.get(collection) ?? new Sample([]);
}

const typicalCount = ({ calls, documents }: ExplainedShape): number =>
  Math.max(1, Math.ceil(documents / Math.max(1, calls)) || PAGE);

const codeOf = (error: unknown): unknown =>
  error instanceof mongo.MongoServerError ? error.code : undefined;
const isRefusal = (error: unknown): boolean =>
  error instanceof CannotRebuild ||
  (error instanceof mongo.MongoServerError &&
    error.code !== MAX_TIME_EXPIRED &&
    !NOT_THE_SHAPE.has(error.code) &&
    !(error instanceof mongo.MongoNetworkError));

/** In words that hold no value: a server's own message may repeat one. */
function problemOf(error: unknown): string | undefined {
  if (error instanceof CannotRebuild) return error.message;
  // Too deep, or with names that no command can have: the gateway has not sent it.
  if (error instanceof SyntaxError || error instanceof RangeError || error instanceof mongo.BSON.BSONError)
    return 'it is cut off, or no command';
  if (codeOf(error) === MAX_TIME_EXPIRED)
    return 'the server did not answer in time: neither documents for a sample nor a plan';
  if (!isRefusal(error)) return undefined;
  const { codeName, code } = error as mongo.MongoServerError;
  return `the server refused it without its literals (${codeName ?? code ?? 'unknown'})`;
}
