import type { mongo, Types } from 'mongoose';

/** A stored document as the reader answers it: plain, never a Mongoose document. */
export type Row = Record<string, unknown>;

/** A filter in the database's own words. Values are already of the stored type: nothing casts them. */
export type Filter = Readonly<Record<string, unknown>>;

/** Sort keys in order. */
export type Sort = Readonly<Record<string, 1 | -1>>;

/** What every command carries, whatever it reads. */
export interface CommandScope {
  /** `bulkhead:<product>:<operation or ->:<Type.field>`. */
  readonly comment: string;
  readonly maxTimeMS: number;
  readonly signal?: AbortSignal;
  readonly session?: mongo.ClientSession;
}

/** One read of documents. */
export interface ReadPlan {
  readonly collection: string;
  readonly filter: Filter;
  /** What the viewer may see of the collection; joined to the filter, and part of every loader's key. */
  readonly rows?: Filter | undefined;
  /** Stored paths that are wanted; undefined reads whole documents. */
  readonly fields?: readonly string[] | undefined;
  readonly sort?: Sort | undefined;
  readonly limit?: number | undefined;
  /** Reads up to `limit` documents *for each* of these values of a path, in one command. */
  readonly perParent?: { readonly path: string; readonly values: readonly unknown[] };
}

/** Documents by their ids. */
export interface LoadPlan extends Pick<ReadPlan, 'collection' | 'rows' | 'fields'> {
  readonly ids: readonly Types.ObjectId[];
}

/** One aggregation in the database; `rows` is matched before anything else. */
export interface AggregatePlan extends Pick<ReadPlan, 'collection' | 'rows'> {
  readonly pipeline: readonly Row[];
}

/**
 * The one seam through which documents are read. Nothing above it knows the driver, so that a faster path can
 * take its place without touching a resolver.
 */
export interface Reader {
  /** The documents of a plan, in its order; with `perParent`, in the parents' order. */
  find(plan: ReadPlan, scope: CommandScope): Promise<Row[]>;
  /** The documents with these ids, by the id in hexadecimal; those that are not there, or not visible, are missing. */
  load(plan: LoadPlan, scope: CommandScope): Promise<Map<string, Row>>;
  /** The answer of an aggregation, in its order. */
  aggregate(plan: AggregatePlan, scope: CommandScope): Promise<Row[]>;
}

/** Both filters at once. */
export const both = (a: Filter | undefined, b: Filter | undefined): Filter => {
  if (!a || Object.keys(a).length === 0) return b ?? {};
  if (!b || Object.keys(b).length === 0) return a;
  return { $and: [a, b] };
};
