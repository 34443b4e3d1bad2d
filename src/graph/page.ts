import type { GraphQLResolveInfo } from 'graphql';
import type { ClassType } from '../database/class-type.js';
import { both, type Filter, type Row, type Sort } from '../database/reader.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Connection, PageArguments } from './connection.js';
import { decodeCursor, encodeCursor, type Order, rowsAfter } from './cursor.js';
import { isSelected, wantedFields } from './projection.js';

export const DEFAULT_PAGE = 20;
export const MAX_PAGE = 100;

/** A checked page request: what to read, and how to turn the rows into a page. */
export interface PagePlan {
  readonly filter: Filter;
  /** One more than the page holds, to know whether there is a next one. */
  readonly limit: number;
  readonly sort: Sort;
  readonly fields: readonly string[] | undefined;
  /** Rows at the cursor and on its far side, when the client asks whether there are any: a read of their own. */
  readonly behind: Filter | undefined;
  toConnection(rows: readonly Row[], anyBehind: boolean): Connection<Row>;
}

/** A row in its list. Its cursor is written when it is asked for: when the edge is completed, and not for the whole page. */
class Edge {
  readonly node: Row;
  readonly #cursorOf: (row: Row) => string;

  constructor(node: Row, cursorOf: (row: Row) => string) {
    this.node = node;
    this.#cursorOf = cursorOf;
  }

  get cursor(): string {
    return this.#cursorOf(this.node);
  }
}

const flip = ({ key, direction }: Order): Order => ({ key, direction: direction === 1 ? -1 : 1 });
const sortOf = ({ key, direction }: Order): Sort =>
  key === '_id' ? { _id: direction } : { [key]: direction, _id: direction };

const isSet = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null;

function sizeOf(
  { first, last, after, before }: PageArguments,
  max: number,
): { size: number; backwards: boolean } {
  const refuse = (why: string) => new BulkheadError('BAD_USER_INPUT', why);
  if (isSet(first) && isSet(last)) throw refuse('first and last: expected one of them, got both.');
  if (isSet(after) && isSet(before)) throw refuse('after and before: expected one of them, got both.');
  const [name, size] = isSet(last) ? ['last', last] : ['first', first ?? Math.min(DEFAULT_PAGE, max)];
  if (size < 0 || size > max) throw refuse(`${name}: expected 0 to ${max}, got ${size}.`);
  return { size, backwards: isSet(last) };
}

/**
 * Plans one page: checks the arguments, decodes the cursor, and derives filter, sort, limit and projection.
 *
 * @throws BulkheadError `BAD_USER_INPUT`, `CURSOR_INVALID`.
 */
export function planPage(
  product: string,
  target: ClassType,
  order: Order,
  args: PageArguments,
  info: GraphQLResolveInfo,
  max: number = MAX_PAGE,
): PagePlan {
  const { size, backwards } = sizeOf(args, max);
  const reading = backwards ? flip(order) : order;
  const cursor = args.after ?? args.before;
  const side = isSet(args.after) ? order : flip(order);
  const position = isSet(cursor) ? decodeCursor(cursor, product, target, order) : undefined;

  const wanted = wantedFields(info, [['nodes'], ['edges', 'node']]);
  const fields = wanted && (order.key === '_id' ? wanted : [...new Set([...wanted, order.key])]);
  const withEdges = isSelected(info, 'edges');

  const behindFlag = isSet(args.after) ? 'hasPreviousPage' : 'hasNextPage';
  const behind =
    position && isSelected(info, 'pageInfo', behindFlag)
      ? rowsAfter(position, flip(side), { orAt: true })
      : undefined;

  return {
    filter: position ? rowsAfter(position, side) : {},
    limit: size + 1,
    sort: sortOf(reading),
    fields,
    behind,
    toConnection(rows, anyBehind) {
      const more = rows.length > size;
      const kept = rows.slice(0, size);
      const nodes = backwards ? kept.reverse() : kept;
      const cursorOf = (row: Row) => encodeCursor(product, target, order, row);
      const cursorAt = (row: Row | undefined) => (row ? cursorOf(row) : null);
      return {
        nodes,
        edges: withEdges ? nodes.map((node) => new Edge(node, cursorOf)) : [],
        pageInfo: {
          hasNextPage: (!backwards && more) || (behindFlag === 'hasNextPage' && anyBehind),
          hasPreviousPage: (backwards && more) || (behindFlag === 'hasPreviousPage' && anyBehind),
          startCursor: cursorAt(nodes[0]),
          endCursor: cursorAt(nodes.at(-1)),
        },
      };
    },
  };
}

/** The filter of a page inside its list. */
export const inPage = (list: Filter | undefined, page: PagePlan): Filter => both(list, page.filter);
