import type { mongo } from 'mongoose';
import { stageNames } from './counted.js';
import { CannotRebuild, fillExpression, fillFilter } from './fill.js';
import { Sample } from './sample.js';
import { hasCollation, parseShape, type Shape, type ShapeText } from '../shape/shape.js';

/** What a shape is filled with. */
export interface Filling {
  /** Documents of a collection. */
  readonly sampleOf: (collection: string) => Sample;
  /** What stands for a limit. */
  readonly count: number;
  /** Only the stages of a pipeline that find and sort. */
  readonly isLeading?: boolean;
}

/**
 * A command that asks what a shape asks, with values of a sample; reads only: of a write, the read that finds what it
 * changes. Undefined for an insert, which has no plan.
 *
 * @throws CannotRebuild
 */
export function rebuild(shape: Shape, filling: Filling): mongo.Document | undefined {
  const { command, collection, parts } = shape;
  const sample = filling.sampleOf(collection);
  if (hasCollation(shape)) throw new CannotRebuild('it has a collation, which is a value');
  const query = (filter: unknown): mongo.Document => (filter === undefined ? {} : fillFilter(filter, sample));
  const find = (filter: unknown, more: mongo.Document = {}) => ({
    find: collection,
    filter: query(filter),
    ...more,
  });
  switch (command) {
    case 'find':
      return find(parts['filter'], {
        ...sortOf(parts),
        ...hintOf(parts),
        ...projectionOf(parts),
        // How many it skips is in no shape, and nothing tells: it is explained without.
        ...('limit' in parts && { limit: filling.count }),
      });
    case 'count':
      return { count: collection, query: query(parts['query']), ...hintOf(parts) };
    case 'distinct':
      return { distinct: collection, key: nameIn(parts['key']), query: query(parts['query']) };
    case 'findAndModify':
      return find(parts['query'], { ...sortOf(parts), limit: 1, ...hintOf(parts) });
    case 'update': {
      const { q, multi, hint } = statementOf(parts['updates']);
      return find(q, { ...(multi !== true && { limit: 1 }), ...hintOf({ hint }) });
    }
    case 'delete': {
      const { q, limit, hint } = statementOf(parts['deletes']);
      return find(q, { ...(limit === 1 && { limit: 1 }), ...hintOf({ hint }) });
    }
    case 'aggregate':
      return {
        aggregate: collection,
        pipeline: rebuildPipeline(parts['pipeline'], sample, filling),
        cursor: {},
        ...hintOf(parts),
      };
    default:
      return undefined;
  }
}

/** The collections that a shape reads, its own first. */
export const collectionsOf = ({ collection, parts }: Shape): readonly string[] => [
  ...new Set([collection, ...joinedIn(parts['pipeline'])]),
];

/** The collections that a shape reads beside its own; none for a text that is no shape. */
export function joinedBy(text: ShapeText): readonly string[] {
  if (!/"\$(?:lookup|unionWith|graphLookup)":/.test(text)) return [];
  try {
    return collectionsOf(parseShape(text)).slice(1);
  } catch {
    // Too deep, or cut off: it has no plan either.
    return [];
  }
}

/** The searches of graphs in a pipeline, in their order: each round finds documents of `from` by `field`. */
export function graphsIn({ parts }: Shape): readonly { readonly from: string; readonly field: string }[] {
  const { pipeline } = parts;
  if (!Array.isArray(pipeline)) return [];
  return (pipeline as unknown[]).flatMap((stage) => {
    const { $graphLookup } = Object(stage) as { $graphLookup?: { from?: unknown; connectToField?: unknown } };
    return $graphLookup
      ? [{ from: nameIn($graphLookup.from), field: nameIn($graphLookup.connectToField) }]
      : [];
  });
}

/** The first segments of everything that may be a field's name in a shape. */
export function fieldsOf({ parts }: Shape): readonly string[] {
  const fields = new Set<string>();
  const look = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(look);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const [field = ''] = key.split('.');
      if (/^[^$*…]/.test(field)) fields.add(field);
      look(inner);
    }
  };
  look(parts);
  return [...fields];
}

function joinedIn(pipeline: unknown): string[] {
  if (!Array.isArray(pipeline)) return [];
  return (pipeline as unknown[]).flatMap((stage) => {
    if (typeof stage !== 'object' || stage === null) return [];
    const { $unionWith, $lookup, $graphLookup, $facet } = stage as Record<string, unknown>;
    const {
      coll,
      from,
      pipeline: inner,
    } = Object($unionWith ?? $lookup ?? $graphLookup) as Record<string, unknown>;
    const name = typeof $unionWith === 'string' ? $unionWith : (coll ?? from);
    return [
      ...(typeof name === 'string' ? [name] : []),
      ...joinedIn(inner),
      ...Object.values($facet ?? {}).flatMap(joinedIn),
    ];
  });
}

const nameIn = (name: unknown): string => {
  if (typeof name === 'string' && !/[?*…]/.test(name)) return name;
  throw new CannotRebuild('a name in it is cut off');
};

function sortOf({ sort }: Shape['parts']): mongo.Document {
  if (sort === undefined) return {};
  if (
    typeof sort !== 'object' ||
    sort === null ||
    !Object.values(sort).every((one) => Math.abs(Number(one)) === 1)
  )
    throw new CannotRebuild('its sort is no list of fields');
  Object.keys(sort).forEach(nameIn);
  return { sort };
}

const hintOf = ({ hint }: Shape['parts']): mongo.Document => (hint === undefined ? {} : { hint });

/** What is left out, and what is not: it matters whether an index alone could answer. */
function projectionOf({ projection }: Shape['parts']): mongo.Document {
  const names = Array.isArray(projection) ? (projection as string[]) : [];
  const isSimple = names.length > 0 && names.every((name) => /^-?\w+$/.test(name));
  if (!isSimple) return {};
  return {
    projection: Object.fromEntries(
      names.map((name) => (name.startsWith('-') ? [name.slice(1), 0] : [name, 1])),
    ),
  };
}

function statementOf(statement: unknown): mongo.Document {
  if (typeof statement === 'object' && statement !== null) return statement;
  throw new CannotRebuild('its statement is cut off');
}

/** Stages after which documents are what they were, or have more. */
const KEEPS = new Set([
  '$match',
  '$sort',
  '$limit',
  '$skip',
  '$sample',
  '$unionWith',
  '$lookup',
  '$addFields',
  '$set',
  '$unwind',
]);
/** Stages that decide which documents are read. */
const LEADING = new Set(['$match', '$sort', '$limit', '$skip', '$unionWith']);
/** Stages that compute, by expressions. All others are refused: a stored text is not trusted with this credential. */
const COMPUTES = new Set([
  '$addFields',
  '$bucket',
  '$bucketAuto',
  '$count',
  '$densify',
  '$fill',
  '$graphLookup',
  '$group',
  '$project',
  '$redact',
  '$replaceRoot',
  '$replaceWith',
  '$set',
  '$setWindowFields',
  '$sortByCount',
  '$unset',
  '$unwind',
]);
/** Stages that write. */
const WRITES = new Set(['$out', '$merge']);

/** How many stages of a pipeline find and sort, before any other. */
export function leadingStages(pipeline: unknown): number {
  const names = stageNames(pipeline);
  const other = names.findIndex((name) => !LEADING.has(name));
  return other < 0 ? names.length : other;
}

function rebuildPipeline(stages: unknown, sample: Sample, filling: Filling): mongo.Document[] {
  if (!Array.isArray(stages)) throw new CannotRebuild('its pipeline is cut off');
  const pipeline: mongo.Document[] = [];
  let current = sample;
  for (const stage of stages as unknown[]) {
    const [[name, body] = ['', undefined]] = Object.entries(statementOf(stage)) as [string, unknown][];
    if (WRITES.has(name) || (filling.isLeading && !LEADING.has(name))) break;
    // How many it skips is in no shape, and nothing tells: it is explained without.
    if (name === '$skip') continue;
    pipeline.push({ [name]: rebuildStage(name, body, current, filling) });
    if (!KEEPS.has(name)) current = new Sample([]);
  }
  return pipeline;
}

function rebuildStage(name: string, body: unknown, sample: Sample, filling: Filling): unknown {
  const inner = (pipeline: unknown, collection: unknown) =>
    rebuildPipeline(pipeline, filling.sampleOf(nameIn(collection)), filling);
  switch (name) {
    case '$match':
      return fillFilter(body, sample);
    case '$sort':
      return sortOf({ sort: body })['sort'];
    case '$limit':
      return filling.count;
    case '$sample':
      return { size: filling.count };
    case '$unionWith': {
      if (typeof body === 'string') return nameIn(body);
      const { coll, pipeline = [] } = statementOf(body);
      return { coll: nameIn(coll), pipeline: inner(pipeline, coll) };
    }
    case '$lookup': {
      const { from, pipeline, let: variables, ...names } = statementOf(body);
      return {
        ...names,
        from: nameIn(from),
        ...(variables !== undefined && { let: fillExpression(variables) }),
        ...(pipeline !== undefined && { pipeline: inner(pipeline, from) }),
      };
    }
    case '$facet':
      return Object.fromEntries(
        Object.entries(statementOf(body)).map(([facet, pipeline]) => [
          facet,
          rebuildPipeline(pipeline, sample, filling),
        ]),
      );
    default:
      if (!COMPUTES.has(name)) throw new CannotRebuild(`it uses ${name}`);
      return fillExpression(body, name);
  }
}
