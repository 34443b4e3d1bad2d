import type { GraphQLResolveInfo, ResponsePath } from 'graphql';
import { rowRuleOf } from '../auth/rows.js';
import type { Viewer } from '../auth/viewer.js';
import type { ClassType } from '../database/class-type.js';
import type { CommandScope, Filter, Reader, Row } from '../database/reader.js';
import type { KeptPlan } from './answer-cache.js';
import { planOf } from './field-plan.js';
import type { Pieces } from './pieces.js';

/** What every read of one operation in one product shares. */
export interface ReadScope {
  readonly product: string;
  readonly viewer: Viewer;
  readonly reader: Reader;
  readonly pieces: Pieces;
  /** Answers an aggregation, and keeps what it answers, in products that declare a class for that. */
  readonly answers?: (asked: KeptPlan, command: CommandScope) => Promise<Row[]>;
  /**
   * The comment, time limit and signal of a command sent for a field such as `Post.author`, at a place of the answer; of one
   * that is for several, there is none.
   */
  readonly command: (coordinate: string, place?: ResponsePath) => CommandScope;
}

/** `Type.field` as the product names it, whichever endpoint it is asked through. */
export const coordinateOf = (info: Pick<GraphQLResolveInfo, 'parentType' | 'fieldName'>): string => {
  const field = info.parentType.getFields()[info.fieldName];
  return (field && planOf(field)?.coordinate) ?? `${info.parentType.name}.${info.fieldName}`;
};

/** The rows of a class that a viewer may see: a filter (`{}` for every row), or null for none. */
export function visibleRows(target: ClassType, viewer: Viewer): Filter | null {
  const rows = rowRuleOf(target)(viewer);
  return rows === 'none' ? null : rows === 'all' ? {} : rows;
}
