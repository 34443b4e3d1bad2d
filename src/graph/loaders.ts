import DataLoader from 'dataloader';
import type { GraphQLResolveInfo, ResponsePath } from 'graphql';
import type { Types } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { both, type Filter, type ReadPlan, type Row } from '../database/reader.js';
import { collectionOf } from '../database/schema.js';
import type { Connection, ForwardPageArguments } from './connection.js';
import { findObjectId } from './ids.js';
import type { ListOptions } from './lists.js';
import { planPage } from './page.js';
import { wantedFields } from './projection.js';
import { coordinateOf, type ReadScope, visibleRows } from './read-scope.js';

/** `$in` takes more, but a command stays small and its answer under the reply limit. */
const MAX_KEYS = 1_000;
/** Each parent is a stage of one pipeline, and the database takes a thousand stages. */
export const MAX_PARENTS = 500;

interface Key {
  readonly id: Types.ObjectId;
  readonly fields: readonly string[] | undefined;
  readonly coordinate: string;
}

/** @param place of whom it is for, in the answer. */
type Load<V> = (key: Key, place: ResponsePath | undefined) => Promise<V>;
type ListPlan = Pick<ReadPlan, 'collection' | 'filter' | 'rows' | 'sort' | 'limit'> & {
  readonly path: string;
};

const cacheKey = ({ id, fields }: Key): string => `${id.toHexString()}|${fields ? fields.join(',') : '*'}`;

/** What all waiting loads need; undefined when one of them needs the whole document. */
const unionOf = (keys: readonly Key[]): readonly string[] | undefined =>
  keys.some((key) => !key.fields) ? undefined : [...new Set(keys.flatMap((key) => key.fields!))];

/**
 * Batched reads of one operation (of one mutation field): whatever is asked of a class in one go is one command.
 * The viewer's row rule is part of every batch: a row that is not visible is not there.
 */
export class Loaders {
  readonly #scope: ReadScope;
  readonly #byId = new Map<ClassType, Load<Row | null>>();
  readonly #children = new Map<string, Load<readonly Row[]>>();

  constructor(scope: ReadScope) {
    this.#scope = scope;
  }

  /** The visible row with an id, with the fields that the selection needs; null for an id that nothing has. */
  async one<T extends object>(target: ClassType<T>, id: string, info: GraphQLResolveInfo): Promise<T | null> {
    const found = findObjectId(id);
    if (!found) return null;
    return (await this.load(target, found, wantedFields(info), coordinateOf(info), info.path)) as T | null;
  }

  /** The visible row with a stored id, or null. `fields` undefined reads the whole document; `place` is the field's in the answer. */
  load(
    target: ClassType,
    id: Types.ObjectId,
    fields: readonly string[] | undefined,
    coordinate: string,
    place?: ResponsePath,
  ): Promise<Row | null> {
    return this.#loaderOf(target)({ id, fields, coordinate }, place);
  }

  /** A page of the rows that name a parent, for all parents of the level in one command. */
  async children<T extends object>(
    target: ClassType<T>,
    {
      path,
      parent,
      filter,
      order,
      max,
    }: ListOptions & { readonly path: string; readonly parent: Types.ObjectId },
    args: ForwardPageArguments,
    info: GraphQLResolveInfo,
  ): Promise<Connection<T>> {
    const { product, viewer } = this.#scope;
    const page = planPage(product, target, order, args, info, max);
    const rows = visibleRows(target, viewer);
    if (!rows) return page.toConnection([], false) as unknown as Connection<T>;
    const { limit, sort, fields, behind } = page;
    const list = { collection: collectionOf(target), path, rows };
    const coordinate = coordinateOf(info);
    const read = (within: Filter, plan: Pick<ReadPlan, 'sort' | 'limit' | 'fields'>) =>
      this.#listLoaderOf({ ...list, filter: both(filter, within), ...plan })(
        { id: parent, fields: plan.fields, coordinate },
        info.path,
      );
    const [found, others] = await Promise.all([
      read(page.filter, { limit, sort, fields }),
      behind ? read(behind, { limit: 1, fields: [] }) : [],
    ]);
    return page.toConnection(found, others.length > 0) as unknown as Connection<T>;
  }

  #listLoaderOf({ collection, filter, rows, sort, limit, path }: ListPlan): Load<readonly Row[]> {
    const key = JSON.stringify([collection, path, filter, sort, limit]);
    let loader = this.#children.get(key);
    if (!loader) {
      loader = this.#batched(MAX_PARENTS, async (keys, place) => {
        const values = [...new Map(keys.map(({ id }) => [id.toHexString(), id])).values()];
        const found = await this.#scope.reader.find(
          { collection, filter, rows, fields: unionOf(keys), sort, limit, perParent: { path, values } },
          this.#scope.command(keys[0]!.coordinate, place),
        );
        const byParent = groupByParent(found, path);
        return keys.map(({ id }) => byParent.get(id.toHexString()) ?? []);
      });
      this.#children.set(key, loader);
    }
    return loader;
  }

  #loaderOf(target: ClassType): Load<Row | null> {
    let loader = this.#byId.get(target);
    if (!loader) {
      loader = this.#batched(MAX_KEYS, (keys, place) => this.#batch(target, keys, place));
      this.#byId.set(target, loader);
    }
    return loader;
  }

  /** A loader whose batches know their place in the answer: none where several ask, be it for one key, or where one is full. */
  #batched<V>(
    maxBatchSize: number,
    batch: (keys: readonly Key[], place: ResponsePath | undefined) => Promise<readonly V[]>,
  ): Load<V> {
    let loads = 0;
    let asker: ResponsePath | undefined;
    const loader = new DataLoader<Key, V, string>(
      (keys) => batch(keys, keys.length < maxBatchSize ? asker : undefined),
      {
        cacheKeyFn: cacheKey,
        maxBatchSize,
        // When a batch begins.
        batchScheduleFn: (dispatch) => {
          loads = 0;
          this.#scope.pieces.whenThrough(dispatch);
        },
      },
    );
    return (key, place) => {
      const value = loader.load(key);
      asker = loads === 0 || asker === place ? place : undefined;
      loads += 1;
      return value;
    };
  }

  async #batch(
    target: ClassType,
    keys: readonly Key[],
    place: ResponsePath | undefined,
  ): Promise<(Row | null)[]> {
    const rows = visibleRows(target, this.#scope.viewer);
    if (!rows) return keys.map(() => null);
    const ids = [...new Map(keys.map(({ id }) => [id.toHexString(), id])).values()];
    const plan = { collection: collectionOf(target), ids, rows, fields: unionOf(keys) };
    const command = this.#scope.command(keys[0]!.coordinate, place);
    const found = await this.#scope.reader.load(plan, command);
    return keys.map(({ id }) => found.get(id.toHexString()) ?? null);
  }
}

function groupByParent(rows: readonly Row[], path: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const parent = String(row[path]);
    const group = groups.get(parent);
    if (group) group.push(row);
    else groups.set(parent, [row]);
  }
  return groups;
}
