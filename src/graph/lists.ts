import type { GraphQLResolveInfo } from 'graphql';
import type { ClassType } from '../database/class-type.js';
import type { Filter, Row, Sort } from '../database/reader.js';
import { both } from '../database/reader.js';
import { collectionOf } from '../database/schema.js';
import type { Connection, PageArguments } from './connection.js';
import type { Order } from './cursor.js';
import { inPage, planPage } from './page.js';
import { wantedFields } from './projection.js';
import { coordinateOf, type ReadScope, visibleRows } from './read-scope.js';

/** A list of rows of one class. */
export interface ListOptions {
  readonly filter?: Filter;
  readonly order: Order;
  /** The largest page. Default 100. */
  readonly max?: number;
}

/** How an aggregation is run. */
export interface AggregateOptions {
  readonly rows?: 'visible' | 'every';
  readonly keepMs?: number;
}

/** Lists, connections and aggregations of one operation, each with the viewer's row rule applied in the database. */
export class Lists {
  readonly #scope: ReadScope;

  constructor(scope: ReadScope) {
    this.#scope = scope;
  }

  /** A page of a list, read by keyset: stable while rows are inserted, and never by skipping. */
  async page<T extends object>(
    target: ClassType<T>,
    { filter, order, max }: ListOptions,
    args: PageArguments,
    info: GraphQLResolveInfo,
  ): Promise<Connection<T>> {
    const { product, viewer, reader } = this.#scope;
    const page = planPage(product, target, order, args, info, max);
    const rows = visibleRows(target, viewer);
    if (!rows) return page.toConnection([], false) as unknown as Connection<T>;
    const command = this.#scope.command(coordinateOf(info), info.path);
    const collection = collectionOf(target);
    const { limit, sort, fields, behind } = page;
    const [found, others] = await Promise.all([
      reader.find({ collection, filter: inPage(filter, page), rows, fields, sort, limit }, command),
      behind
        ? reader.find({ collection, filter: both(filter, behind), rows, fields: [], limit: 1 }, command)
        : [],
    ]);
    return page.toConnection(found, others.length > 0) as unknown as Connection<T>;
  }

  /** Every row that matches, for lists that are small by nature; `limit` says how small. */
  async all<T extends object>(
    target: ClassType<T>,
    { filter = {}, sort, limit }: { readonly filter?: Filter; readonly sort: Sort; readonly limit: number },
    info: GraphQLResolveInfo,
  ): Promise<T[]> {
    const rows = visibleRows(target, this.#scope.viewer);
    if (!rows) return [];
    const plan = { collection: collectionOf(target), filter, rows, fields: wantedFields(info), sort, limit };
    return (await this.#scope.reader.find(plan, this.#scope.command(coordinateOf(info), info.path))) as T[];
  }

  /**
   * One aggregation in the database.
   *
   * @param options.rows `'visible'` (default) begins with the viewer's row rule; `'every'` counts rows of everybody,
   *   for answers that hold no row.
   * @param options.keepMs serves the answer for so long, in products that declare a class for kept answers.
   */
  async aggregate<T = Row>(
    target: ClassType,
    pipeline: readonly Row[],
    info: Pick<GraphQLResolveInfo, 'parentType' | 'fieldName'> & Partial<Pick<GraphQLResolveInfo, 'path'>>,
    { rows: which = 'visible', keepMs = 0 }: AggregateOptions = {},
  ): Promise<T[]> {
    const { viewer, reader, answers } = this.#scope;
    const rows = which === 'every' ? {} : visibleRows(target, viewer);
    if (!rows) return [];
    const coordinate = coordinateOf(info);
    const command = this.#scope.command(coordinate, info.path);
    const plan = { collection: collectionOf(target), rows, pipeline };
    return (await (answers && keepMs > 0
      ? answers({ coordinate, plan, keepMs }, command)
      : reader.aggregate(plan, command))) as T[];
  }
}
