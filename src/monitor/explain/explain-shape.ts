import { mongo } from 'mongoose';
import { type Candidate, type ChoiceKind, choicesFor, type ChoiceTask, redrawn } from './choices.js';
import { ownComment } from '../comment.js';
import { type Counted, countedOf, type Fit, fitOf, keepsCount, PAGE, stageNames } from './counted.js';
import { CannotRebuild } from './fill.js';
import type { PlanStage, ShapePlan } from './plan.js';
import { readExplain, readRoot, walk } from './read-explain.js';
import type { ShapeStats } from '../stats/read-stats.js';
import { collectionsOf, fieldsOf, graphsIn, leadingStages, rebuild } from './rebuild.js';
import { ANYBODY, NOBODY, Sample } from './sample.js';
import { parseShape, type Shape } from '../shape/shape.js';

/** What an explanation may take on the server; then it is told how it would go, without counts. */
export const EXPLAIN_MS = 1_500;
const SAMPLE_MS = 1_000;
/** Enough for a value that is typical, and for two that are different. */
const SAMPLE_DOCUMENTS = 20;
/** Shapes of which it is remembered what has fitted. */
const MOST_FITS = 5_000;
const SEARCH_MS = 1_000;
/** Of it, what looking at other documents may take: what is dearer is far beyond any bar. */
const REDRAW_SHARE = 0.25;

const MAX_TIME_EXPIRED = 50;
/** Refused, or nobody there: it is not the shape's fault, and is told to whoever asked. */
const NOT_THE_SHAPE = new Set<unknown>([13, 18, 91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** A shape that is to be explained. */
export type ExplainedShape = Pick<ShapeStats, 'shape' | 'text' | 'calls' | 'documents' | 'uncounted'>;

type Explained = Omit<ShapePlan, 'shape' | 'at'>;

/** How values are searched for. */
export interface SearchOptions {
  /** Which kind of choice has fitted a shape, by its id; it is tried first the next time. */
  readonly fits?: Map<string, ChoiceKind>;
  /** From here on no other values are tried; finding some may take half of it. Default: 1,000 ms. */
  readonly searchMs?: number;
}

/**
 * Asks the server how it answers a shape, with values of the product's own documents in the place of those that the
 * shape has lost. What the shape's calls were counted to find tells which: of several choices the one is kept that finds
 * about as many, and where none does, the plan says so. Values are read for this one question, and neither kept nor
 * logged. It only reads: of a write, the search for what it changes is explained.
 *
 * @returns undefined for a shape that has no plan, such as an insert.
 * @throws the driver's error where the server cannot be asked.
 */
export async function explainShape(
  db: mongo.Db,
  product: string,
  stats: ExplainedShape,
  now: Date,
  options: SearchOptions = {},
): Promise<ShapePlan | undefined> {
  const about = { shape: stats.shape, at: now };
  try {
    const shape = parseShape(stats.text);
    if (shape.command === 'insert') return undefined;
    const question = new Question(db, product, shape, await samplesOf(db, product, shape));
    const plan = await search(question, countedOf(shape, stats), stats.shape, options);
    return plan && { ...about, ...plan };
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    return { ...about, ...readExplain(undefined), problem };
  }
}

interface Tried {
  readonly candidate: Candidate;
  readonly plan: Explained;
  readonly fit: Fit;
}

/** Explains one choice of values after the other, until one finds about as many documents as were counted. */
async function search(
  question: Question,
  counted: Counted,
  id: string,
  { fits = new Map(), searchMs = SEARCH_MS }: SearchOptions,
): Promise<Explained | undefined> {
  const startedAt = performance.now();
  const isOver = (share = 1) => performance.now() - startedAt >= searchMs * share;
  let [best, last]: (Tried | undefined)[] = [];
  const task = question.taskFor(counted, () => last?.plan.returned ?? 0, searchMs / 2);
  for await (const candidate of choicesFor(task, fits.get(id))) {
    // The first says why a shape cannot be explained.
    const tried = question.tryOne(candidate, counted);
    last = (await (best ? tried.catch(passOver) : tried)) ?? last;
    if (!last && !best) return undefined;
    if (last && (!best || last.fit.distance < best.fit.distance)) best = last;
    if (best!.fit.isGood || best!.plan.problem !== undefined || isOver()) break;
  }
  if (!best) return undefined;
  // A scan reads the same with whatever values.
  if (best.fit.isGood && best.plan.problem === undefined && !best.plan.collectionScan) {
    const alike: [Tried, ...Tried[]] = [best];
    for await (const candidate of redrawn(task, best.candidate)) {
      if (isOver(REDRAW_SHARE)) break;
      const tried = await question.tryOne(candidate, counted).catch(passOver);
      if (tried?.fit.isGood && tried.plan.problem === undefined) alike.push(tried);
    }
    best = middleOf(alike);
  }
  const { found } = counted;
  // Full pages, and no limit that people give: then it was that of these pages.
  if (best.fit.isOverfull && found !== undefined && !isOver()) {
    const full = await question.tryOne(best.candidate, { ...counted, limit: Math.ceil(found) });
    if (full && full.fit.distance < best.fit.distance) best = full;
  }
  const isOff = best.fit.isOff && best.plan.problem === undefined;
  if (fits.size >= MOST_FITS) fits.clear();
  if (isOff) fits.delete(id);
  // How many values are asked for follows from what the sample's find.
  else if (found !== undefined)
    fits.set(id, best.candidate.kind === 'several' ? 'sample' : best.candidate.kind);
  return {
    ...best.plan,
    ...(found !== undefined && { counted: found }),
    ...(isOff && { isOff }),
    ...(counted.unknown !== undefined && { unknown: counted.unknown }),
  };
}

const examinedBy = ({ plan }: Tried): number => Math.max(plan.documentsExamined, plan.keysExamined);

/** The one that examines neither the most nor the least: one tenant is large, another is small. */
const middleOf = (tried: readonly [Tried, ...Tried[]]): Tried =>
  [...tried].sort((one, other) => examinedBy(one) - examinedBy(other))[Math.floor(tried.length / 2)] ??
  tried[0];

/** Other values are not worth a word. @throws the error where the server cannot be asked. */
function passOver(error: unknown): undefined {
  if (problemOf(error) === undefined) throw error;
}

/** One shape, asked with one choice of values or another. */
class Question {
  readonly #db: mongo.Db;
  readonly #comment: string;
  readonly #shape: Shape;
  readonly #samples: Samples;
  readonly #asked = new Set<string>();

  constructor(db: mongo.Db, product: string, shape: Shape, samples: Samples) {
    this.#db = db;
    this.#comment = ownComment(product);
    this.#shape = shape;
    this.#samples = samples;
  }

  taskFor(counted: Counted, returned: () => number, maxTimeMS: number): ChoiceTask {
    const { collection } = this.#shape;
    return {
      db: this.#db,
      shape: this.#shape,
      sample: this.#samples.of(collection),
      counted,
      returned,
      more: (count) => this.#samples.more(collection, count),
      options: { comment: this.#comment, maxTimeMS },
    };
  }

  /** @returns undefined for what has no plan, and for what was asked already. */
  async tryOne(candidate: Candidate, counted: Counted): Promise<Tried | undefined> {
    const shape = this.#shape;
    const filling = {
      sampleOf: (collection: string) => {
        const sample = this.#samples.of(collection);
        return collection === shape.collection ? sample.with(candidate.choice) : sample;
      },
      count: Math.max(1, counted.limit ?? Math.ceil(counted.found ?? PAGE)),
    };
    const command = rebuild(shape, filling);
    const text = mongo.BSON.EJSON.stringify(command ?? null);
    if (!command || this.#asked.has(text)) return undefined;
    this.#asked.add(text);
    try {
      const plan = await this.#withGraphs(await this.#explain(command));
      return { candidate, plan, fit: fitOf(plan.returned, counted) };
    } catch (error) {
      // An expression without its literals may be none: what finds and sorts the documents is explained alone.
      if (!isRefusal(error) || shape.command !== 'aggregate') throw error;
      const plan = await this.#explain(rebuild(shape, { ...filling, isLeading: true })!);
      const { pipeline } = shape.parts;
      const isWhole = keepsCount(stageNames(pipeline).slice(leadingStages(pipeline)));
      return { candidate, plan, fit: fitOf(plan.returned, isWhole ? counted : { isOpenEnded: true }) };
    }
  }

  /**
   * What a search of a graph reads stands in no explanation. Each of its rounds asks for the documents with some values of
   * one field: that is explained by itself, for one round of one document, which is the least that it does.
   */
  async #withGraphs(plan: Explained): Promise<Explained> {
    const graphs = graphsIn(this.#shape);
    // More of them than stages were found: which is which, nothing tells.
    const stages = [...walk(plan.root)].filter(({ stage }) => stage === '$graphLookup');
    if (graphs.length === 0 || stages.length !== graphs.length) return plan;
    const rounds = new Map<PlanStage, PlanStage>();
    // The last stage stands first.
    for (const [at, stage] of stages.toReversed().entries()) {
      const { from, field } = graphs[at]!;
      const round = await this.#explain({ find: from, filter: { [field]: { $in: [NOBODY, ANYBODY] } } });
      rounds.set(stage, round.root);
    }
    const joined = (stage: PlanStage): PlanStage => {
      const round = rounds.get(stage);
      return { ...stage, inputs: [...stage.inputs.map(joined), ...(round ? [round] : [])] };
    };
    return { ...plan, ...readRoot(joined(plan.root)) };
  }

  async #explain(explain: mongo.Document): Promise<Explained> {
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

interface Samples {
  readonly of: (collection: string) => Sample;
  readonly more: (collection: string, count: number) => Promise<Sample>;
}

/** Reads some documents of each collection that a shape reads, no more of them than the shape names. */
async function samplesOf(db: mongo.Db, product: string, shape: Shape): Promise<Samples> {
  const projection = { _id: 1, ...Object.fromEntries(fieldsOf(shape).map((field) => [field, 1])) };
  const read = async (collection: string, count: number) =>
    new Sample(
      await db
        .collection(collection)
        .aggregate([{ $sample: { size: count } }, { $project: projection }], {
          comment: ownComment(product),
          maxTimeMS: SAMPLE_MS,
        })
        .toArray(),
    );
  const samples = new Map<string, Sample>();
  for (const collection of collectionsOf(shape))
    samples.set(collection, await read(collection, SAMPLE_DOCUMENTS));
  return { of: (collection) => samples.get(collection) ?? new Sample([]), more: read };
}

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
