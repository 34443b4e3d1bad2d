import { hasCollation, isCut, parseShape, type ShapeText } from '../../monitor/shape/shape.js';
import { documentsOfCall } from '../../monitor/stats/read-stats.js';
import { askableOf, conditionsOf, type Filter, isRecord, pathIn, Unadvisable } from './conditions.js';
import { needsOfPipeline } from './pipeline.js';

/** A shape with how often it was sent, as far as advice needs it; `ShapeStats` is one. */
export interface ObservedShape {
  readonly shape: string;
  readonly text: ShapeText;
  readonly calls: number;
  /** Documents returned or changed by all calls. */
  readonly documents: number;
  /** Of the calls, those about whose documents nothing is known. */
  readonly uncounted?: number;
  readonly origins: readonly { readonly operation: string; readonly field: string; readonly calls: number }[];
}

export type Direction = 1 | -1;
export type Sort = readonly (readonly [path: string, direction: Direction])[];

/** One way in which documents of one collection are looked for. A shape has one, or one for each collection it joins. */
export interface Need {
  readonly shape: string;
  readonly collection: string;
  readonly filter: Filter;
  readonly sort: Sort;
  /** Whether it stops after some documents. */
  readonly isLimited: boolean;
  /** Documents found by one call; undefined where the shape does not tell. */
  readonly found?: number;
  readonly calls: number;
  /** The paths that it reads of what it finds; undefined where that is all of them. */
  readonly reads?: readonly string[];
  /** The path of which it wants every value once. */
  readonly distinct?: string;
  /** It wants the first or last document for each value of a path, or the values alone: the `$group` behind its sort. */
  readonly group?: FirstOfEach;
  /** Names an index itself. */
  readonly isHinted: boolean;
  readonly origins: ObservedShape['origins'];
  /** A part of its filter cannot be asked for: an index for that may serve it, too. */
  readonly isPart?: true;
  /** Those that look in the same way, where it stands for several. */
  readonly alike?: readonly Need[];
}

/** A `$group` that one document of each group is enough for: an index gives that without the others. */
export interface FirstOfEach {
  readonly path: string;
  readonly stage: Readonly<Record<string, unknown>>;
}

/** The shapes that a need stands for, each with its own calls. */
export const shapesOf = (need: Need): readonly Need[] => need.alike ?? [need];

/** A shape that advice cannot take into account, and why. */
export interface Unread {
  readonly shape: string;
  readonly collection: string;
  readonly why: string;
}

/** How shapes look for documents. Writes look, too. */
export function needsOf(shapes: readonly ObservedShape[]): { needs: Need[]; unread: Unread[] } {
  const needs: Need[] = [];
  const unread: Unread[] = [];
  for (const one of shapes) {
    const { shape, text } = one;
    try {
      const own = needsOfShape(one).map(askable);
      for (const { filter } of own) conditionsOf(filter);
      needs.push(...own);
    } catch (error) {
      if (!(error instanceof Unadvisable) && !(error instanceof SyntaxError)) throw error;
      const why = error instanceof Unadvisable ? error.message : 'it is cut off';
      unread.push({ shape, collection: /^\{"\w+":"([^"]*)"/.exec(text)?.[1] ?? '', why });
    }
  }
  return { needs, unread };
}

/** A need without what cannot be asked for; how many documents the rest finds is not known then. */
function askable({ found, ...need }: Need): Need {
  const { filter, isWhole } = askableOf(need.filter);
  // Where nothing is left of it, it is said why.
  if (!isWhole && Object.keys(filter).length === 0) conditionsOf(need.filter);
  const counted = found !== undefined && { found };
  return { ...need, filter, ...(isWhole ? counted : { isPart: true }) };
}

function needsOfShape(stats: ObservedShape): Need[] {
  const { shape, text, calls, documents, origins } = stats;
  // Statistics can be written by whoever has the serving credential.
  if (!(calls > 0 && documents >= 0)) return [];
  if (isCut(text)) throw new Unadvisable('a part of it is cut off');
  const parsed = parseShape(text);
  const { command, collection, parts } = parsed;
  if (hasCollation(parsed)) throw new Unadvisable('it has a collation, which is a value');
  const average = documentsOfCall(stats);
  const found = average === undefined ? {} : { found: average };
  const common = { shape, collection, calls, origins, isHinted: 'hint' in parts };
  const look = (filter: unknown, more: Partial<Need>): Need[] => {
    if (filter !== undefined && !isRecord(filter)) throw new Unadvisable('its filter is a value');
    return [{ ...common, filter: filter ?? {}, sort: [], isLimited: false, ...found, ...more }];
  };
  switch (command) {
    case 'find':
      return look(parts['filter'], { sort: sortIn(parts['sort']), isLimited: 'limit' in parts });
    case 'count':
      return look(parts['query'], { reads: [] });
    case 'distinct': {
      const { key } = parts;
      const { found: _, ...need } = look(parts['query'], {
        ...(typeof key === 'string' && { reads: [pathIn(key)], distinct: pathIn(key) }),
      })[0]!;
      return [need];
    }
    case 'findAndModify':
      return look(parts['query'], { sort: sortIn(parts['sort']), isLimited: true });
    case 'update':
    case 'delete': {
      const statement = parts[command === 'update' ? 'updates' : 'deletes'];
      if (!isRecord(statement)) throw new Unadvisable('its statement is a value');
      const isMany = command === 'update' ? statement['multi'] === true : statement['limit'] !== 1;
      return look(statement['q'], { isLimited: !isMany });
    }
    case 'aggregate':
      return needsOfPipeline(parts['pipeline'], { ...common, ...found });
    default:
      return [];
  }
}

/** The sort of a shape. @throws Unadvisable */
export function sortIn(sort: unknown): Sort {
  if (sort === undefined) return [];
  if (!isRecord(sort)) throw new Unadvisable('its sort is a value');
  return Object.entries(sort).map(([path, direction]) => {
    if (direction !== 1 && direction !== -1) throw new Unadvisable('it sorts by a computed value');
    return [pathIn(path), direction];
  });
}
