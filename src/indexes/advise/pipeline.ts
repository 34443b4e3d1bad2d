import { type Filter, isRecord, Unadvisable } from './conditions.js';
import { type Kept, keptBehind, movable } from './moved-match.js';
import { type FirstOfEach, type Need, type Sort, sortIn } from './need.js';

/** Outer documents for which a `$lookup` looks, where the shape does not tell. */
const OUTER = 10;
/** Stages behind which most of a document is what it was: what follows is still about the collection's fields. */
const KEEPS = new Set([
  '$addFields',
  '$set',
  '$unset',
  '$project',
  '$unwind',
  '$skip',
  '$lookup',
  '$graphLookup',
  '$unionWith',
]);
const JOINS = new Set(['$lookup', '$graphLookup', '$unionWith']);

type Common = Pick<Need, 'shape' | 'collection' | 'calls' | 'origins' | 'isHinted' | 'found'>;

/** How a pipeline looks for documents: by its leading stages, and by what it joins. @throws Unadvisable */
export function needsOfPipeline(pipeline: unknown, common: Common): Need[] {
  if (!Array.isArray(pipeline)) throw new Unadvisable('its pipeline is cut off');
  const stages = pipeline.filter(isRecord);
  const { filter, sort, isLimited, isPlain, reads, group, rest } = leadingOf(stages);
  const { found, ...about } = common;
  const own: Need = {
    ...about,
    filter,
    sort,
    isLimited,
    ...(isPlain && found !== undefined && { found }),
    ...(reads && { reads }),
    ...(group && { group }),
  };
  const outer = isPlain || !rest.some((stage) => '$group' in stage) ? (found ?? OUTER) : OUTER;
  return [own, ...stages.flatMap((stage) => joinsOf(stage, { ...about, found: outer }))];
}

/** What the stages before the others look for; behind them stands what the server cannot move to the front. */
function leadingOf(stages: readonly Record<string, unknown>[]) {
  const filters: Filter[] = [];
  let sort: Sort = [];
  let isLimited = false;
  let isWhole = true;
  let joined = false;
  /** Nothing but `$match` and `$sort` came before. */
  let isAlone = true;
  let kept: Kept | undefined;
  const leading = (rest: readonly Record<string, unknown>[]) => ({
    filter: together(filters),
    sort,
    isLimited,
    isPlain: rest.length === 0 && isWhole && !joined,
    reads: readsOf(rest[0], kept),
    group: isAlone ? firstOfEach(rest[0]) : undefined,
    rest,
  });
  for (const [at, stage] of stages.entries()) {
    const [name = '', body] = Object.entries(stage)[0] ?? [];
    const isCut = isLimited || !isWhole;
    if (name !== '$match' && name !== '$sort' && name !== '$group') isAlone = false;
    if (name === '$match' && !isCut) {
      if (!isRecord(body)) throw new Unadvisable('its filter is a value');
      const moved = kept ? movable(body, kept) : body;
      filters.push(moved);
      isWhole = JSON.stringify(moved) === JSON.stringify(body);
    } else if (name === '$sort' && sort.length === 0 && !isCut && !kept) sort = sortIn(body);
    // Documents pass these stages one by one: none is read behind a limit.
    else if (name === '$limit') isLimited ||= isWhole;
    else if (KEEPS.has(name)) {
      joined ||= JOINS.has(name);
      if (name !== '$skip') kept = keptBehind(name, body, kept);
    } else return leading(stages.slice(at));
  }
  return leading([]);
}

const together = (filters: readonly Filter[]): Filter =>
  filters.length <= 1 ? (filters[0] ?? {}) : { $and: filters };

/** The paths that a group reads, or a count: none; undefined where it reads what an earlier stage has made. */
function readsOf(stage: Record<string, unknown> | undefined, kept: Kept | undefined): string[] | undefined {
  if (!stage) return undefined;
  if ('$count' in stage) return [];
  if (!('$group' in stage)) return undefined;
  const paths = new Set<string>();
  let isWhole = false;
  const look = (value: unknown): void => {
    if (typeof value === 'string' && value.startsWith('$$')) isWhole = true;
    else if (typeof value === 'string' && value.startsWith('$')) paths.add(value.slice(1));
    else if (Array.isArray(value)) value.forEach(look);
    else if (isRecord(value)) Object.values(value).forEach(look);
  };
  look(stage['$group']);
  return isWhole || (kept && ![...paths].every(kept)) ? undefined : [...paths];
}

const FIRST_OR_LAST = new Set(['$first', '$last']);

function firstOfEach(stage: Record<string, unknown> | undefined): FirstOfEach | undefined {
  if (!stage || !isRecord(stage['$group'])) return undefined;
  const { _id, ...picked } = stage['$group'];
  const [[name, by] = ['', undefined], ...more] = Object.entries(isRecord(_id) ? _id : { _id });
  if (name.startsWith('$') || typeof by !== 'string' || more.length > 0 || !/^\$[^$*…]+$/.test(by))
    return undefined;
  const isOne = Object.values(picked).every(
    (one) => isRecord(one) && Object.keys(one).every((operator) => FIRST_OR_LAST.has(operator)),
  );
  return isOne ? { path: by.slice(1), stage } : undefined;
}

function joinsOf(stage: Record<string, unknown>, about: Common): Need[] {
  const { $lookup, $unionWith, $graphLookup, $facet } = stage;
  const times = Math.max(1, about.found ?? OUTER);
  const { found: _, ...rest } = about;
  if (isRecord($lookup) && typeof $lookup['from'] === 'string') {
    const { from: collection, foreignField, pipeline = [] } = $lookup;
    const by: Filter = typeof foreignField === 'string' ? { [foreignField]: '?' } : {};
    const [inner, ...more] = needsOfPipeline(pipeline, { ...rest, collection, calls: about.calls * times });
    return inner ? [{ ...inner, filter: together([by, inner.filter].filter(isSome)) }, ...more] : [];
  }
  if (isRecord($graphLookup) && typeof $graphLookup['from'] === 'string') {
    const { from: collection, connectToField } = $graphLookup;
    if (typeof connectToField !== 'string') return [];
    const filter = { [connectToField]: '?' };
    return [{ ...rest, collection, calls: about.calls * times, filter, sort: [], isLimited: false }];
  }
  if (isRecord($unionWith) && typeof $unionWith['coll'] === 'string')
    return needsOfPipeline($unionWith['pipeline'] ?? [], { ...rest, collection: $unionWith['coll'] });
  // A facet begins with what the stages before it have found: of its pipelines only the joins look for documents.
  if (isRecord($facet))
    return Object.values($facet).flatMap((pipeline) =>
      Array.isArray(pipeline) ? pipeline.filter(isRecord).flatMap((one) => joinsOf(one, about)) : [],
    );
  return [];
}

const isSome = (filter: Filter): boolean => Object.keys(filter).length > 0;
