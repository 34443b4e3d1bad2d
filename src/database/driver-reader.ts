import type { mongo } from 'mongoose';
import { translating } from './driver-errors.js';
import { both, type CommandScope, type Filter, type Reader, type ReadPlan, type Row } from './reader.js';

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

/** The plain implementation: the driver's own cursors, lean documents, projection in the database. */
export class DriverReader implements Reader {
  readonly #db: () => mongo.Db;

  /** @param db answers the product's database; asked at each read, since a connection may be replaced. */
  constructor(db: () => mongo.Db) {
    this.#db = db;
  }

  find(plan: ReadPlan, scope: CommandScope): Promise<Row[]> {
    return translating(async () => {
      if (plan.perParent) {
        if (plan.perParent.values.length === 0) return [];
        return this.#run(plan.collection, perParentPipeline(plan), scope);
      }
      const projection = projectionOf(plan.fields);
      const cursor = this.#db()
        .collection(plan.collection)
        .find(both(plan.filter, plan.rows), {
          ...scope,
          ...(projection && { projection }),
          ...(plan.sort && { sort: plan.sort }),
          ...(plan.limit !== undefined && { limit: plan.limit }),
        });
      return cursor.toArray();
    }, scope);
  }

  aggregate(
    plan: {
      readonly collection: string;
      readonly rows?: Filter | undefined;
      readonly pipeline: readonly Row[];
    },
    scope: CommandScope,
  ): Promise<Row[]> {
    const pipeline =
      plan.rows && Object.keys(plan.rows).length > 0
        ? [{ $match: plan.rows }, ...plan.pipeline]
        : plan.pipeline;
    return translating(() => this.#run(plan.collection, pipeline as mongo.Document[], scope), scope);
  }

  #run(collection: string, pipeline: mongo.Document[], scope: CommandScope): Promise<Row[]> {
    return this.#db()
      .collection(collection)
      .aggregate(pipeline, { ...scope, allowDiskUse: true })
      .toArray();
  }
}
