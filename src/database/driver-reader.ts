import type { mongo } from 'mongoose';
import { isRetryableRead, translating } from './driver-errors.js';
import {
  type AggregatePlan,
  both,
  type CommandScope,
  type LoadPlan,
  type Reader,
  type ReadPlan,
  type Row,
} from './reader.js';

/** More than any page or batch of loads. */
const FIRST_BATCH = 10_000;
/** Documents that are decoded in one go, where there may be more: some ten milliseconds. */
const DECODED_AT_ONCE = 2_000;

const projectionOf = (fields: readonly string[] | undefined): mongo.Document | undefined =>
  fields && Object.fromEntries(['_id', ...fields].map((field) => [field, 1]));

/**
 * Reads up to `limit` documents for each parent in one command. Each branch is an index scan of its own that
 * stops at the limit; grouping all children of all parents would read every child.
 */
function perParentPipeline({
  collection,
  filter,
  rows,
  fields,
  sort,
  limit,
  perParent,
}: ReadPlan): mongo.Document[] {
  const branch = (value: unknown): mongo.Document[] => [
    { $match: both(both({ [perParent!.path]: value }, filter), rows) },
    ...(sort ? [{ $sort: sort }] : []),
    ...(limit === undefined ? [] : [{ $limit: limit }]),
    ...(fields ? [{ $project: projectionOf([...fields, perParent!.path]) }] : []),
  ];
  const [first, ...others] = perParent!.values;
  return [
    ...branch(first),
    ...others.map((value) => ({ $unionWith: { coll: collection, pipeline: branch(value) } })),
  ];
}

/** Options of the driver around a command: what is not part of the command's own document. */
const around = ({ session, signal }: CommandScope) => ({
  ...(session && { session }),
  ...(signal && { signal }),
});

/**
 * Reads with plain commands: lean documents, projection in the database.
 *
 * A driver's cursor costs a third of the processor time of a small read (measured: 456 against 289 µs for twenty
 * documents), and a page needs none: its first batch is all of it. Where it is not (the reply would pass 16 MB), and
 * where the connection broke, the driver's own cursor reads again, with its paging and retries. It reads at once what may
 * be thousands of documents, some at a time: a reply is decoded in one go.
 */
export class DriverReader implements Reader {
  readonly #db: () => mongo.Db;

  /** @param db answers the product's database; asked at each read, since a connection may be replaced. */
  constructor(db: () => mongo.Db) {
    this.#db = db;
  }

  find(plan: ReadPlan, scope: CommandScope): Promise<Row[]> {
    if (plan.perParent) return this.#findPerParent(plan, scope);
    const { collection, limit, sort } = plan;
    const filter = both(plan.filter, plan.rows);
    const projection = projectionOf(plan.fields);
    const parts = {
      ...(projection && { projection }),
      ...(sort && { sort }),
      ...(limit !== undefined && { limit }),
    };
    const byCursor = () =>
      this.#db()
        .collection(collection)
        .find(filter, { ...scope, ...parts, batchSize: DECODED_AT_ONCE })
        .toArray();
    if (limit !== undefined && limit > DECODED_AT_ONCE) return translating(byCursor, scope);
    // One more than there can be: a sort in memory whose batch is full does not know yet that it has ended.
    return translating(
      () =>
        this.#firstBatch(
          { find: collection, filter, ...parts, ...(limit && { batchSize: limit + 1 }) },
          scope,
          byCursor,
        ),
      scope,
    );
  }

  async load({ ids, ...plan }: LoadPlan, scope: CommandScope): Promise<Map<string, Row>> {
    const filter = { _id: ids.length === 1 ? ids[0] : { $in: ids } };
    const rows = await this.find({ ...plan, filter, limit: ids.length }, scope);
    return new Map(rows.map((row) => [String(row['_id']), row]));
  }

  aggregate(plan: AggregatePlan, scope: CommandScope): Promise<Row[]> {
    const { collection, rows } = plan;
    const pipeline =
      rows && Object.keys(rows).length > 0 ? [{ $match: rows }, ...plan.pipeline] : [...plan.pipeline];
    return translating(() => this.#aggregate(collection, pipeline, scope), scope);
  }

  async #findPerParent(plan: ReadPlan, scope: CommandScope): Promise<Row[]> {
    const { collection, limit = Infinity } = plan;
    const parents = plan.perParent!.values.length;
    if (parents === 0) return [];
    const pipeline = perParentPipeline(plan);
    return translating(
      () =>
        parents * limit > DECODED_AT_ONCE
          ? this.#aggregateByCursor(collection, pipeline, scope)
          : this.#aggregate(collection, pipeline, scope),
      scope,
    );
  }

  #aggregate(collection: string, pipeline: mongo.Document[], scope: CommandScope): Promise<Row[]> {
    const command = {
      aggregate: collection,
      pipeline,
      cursor: { batchSize: FIRST_BATCH },
      allowDiskUse: true,
    };
    return this.#firstBatch(command, scope, () => this.#aggregateByCursor(collection, pipeline, scope));
  }

  #aggregateByCursor(collection: string, pipeline: mongo.Document[], scope: CommandScope): Promise<Row[]> {
    return this.#db()
      .collection(collection)
      .aggregate(pipeline, { ...scope, allowDiskUse: true, batchSize: DECODED_AT_ONCE })
      .toArray();
  }

  async #firstBatch(
    command: mongo.Document,
    scope: CommandScope,
    byCursor: () => Promise<Row[]>,
  ): Promise<Row[]> {
    const db = this.#db();
    const { comment, maxTimeMS, session, signal } = scope;
    // A plain command takes neither from the connection string by itself.
    const { readConcern, readPreference } = db;
    try {
      const { cursor } = await db.command(
        { ...command, comment, maxTimeMS, ...(readConcern && !session && { readConcern }) },
        {
          ...around(scope),
          ...(readPreference && !session && { readPreference }),
        },
      );
      const { id, firstBatch } = cursor as { id: number | mongo.Long; firstBatch: Row[] };
      if (Number(id) === 0) return firstBatch;
      await db.command(
        { killCursors: command['find'] ?? command['aggregate'], cursors: [id], comment },
        around(scope),
      );
    } catch (error) {
      if (session || signal?.aborted || !isRetryableRead(error)) throw error;
    }
    return byCursor();
  }
}
