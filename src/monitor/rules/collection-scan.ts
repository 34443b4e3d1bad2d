import { type Kept, keptBehind, movable } from '../../indexes/advise/moved-match.js';
import type { ProductFacts, Rule, ShapeFacts } from '../facts/facts.js';
import type { PlanStage } from '../explain/plan.js';
import { walk } from '../explain/read-explain.js';
import { parseShape } from '../shape/shape.js';
import {
  collectionOfShape,
  count,
  counted,
  FEW_CALLS,
  findingOf,
  senderOf,
  SMALL_COLLECTION,
  subjectOf,
  window,
} from './say.js';
import { isLike, joins, returnedBy, scans, scansWhole, seenOf, sourceOf } from './work.js';

/** What a scan reads when it needs somebody today, if it is asked for often. */
export const LARGE_SCAN = 100_000;
/** Calls in an hour from which on a large scan is red. */
export const OFTEN_PER_HOUR = 60;
/** A scan of which so much is wanted is no fault: no index reads less. */
export const WANTED_SHARE = 0.5;

/** Shapes that read a collection from its beginning to its end. */
export const collectionScan: Rule = (facts) =>
  facts.shapes.filter(scans).flatMap((shape) => {
    const isCertain = isLike(shape) || scansWhole(facts, shape);
    const scanned = scannedBy(facts, shape);
    const returned = returnedBy(shape);
    const isWanted = returned >= scanned * WANTED_SHARE;
    // The first of a collection, or all of a small one: nothing is read for nothing.
    if (isWanted && scanned < SMALL_COLLECTION) return [];
    return [
      findingOf(
        {
          rule: 'collection-scan',
          severity: isCertain || seenOf(shape) ? severityOf(facts, shape, scanned) : 'info',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)} reads ${counted(scanned, 'document')} without an index and returns ${count(returned)}${sourceOf(shape, isCertain)}${isWanted ? ', which is most of them' : ''}; ${counted(shape.calls, 'time')} in ${window(facts)}.`,
          remedy: `bulkhead indexes advise ${facts.product}`,
        },
        [shape.shape],
      ),
    ];
  });

/** Documents that scans read in one execution; where they were not counted, all that there are. */
function scannedBy(facts: ProductFacts, shape: ShapeFacts): number {
  const seen = seenOf(shape);
  if (seen && !joins(shape)) return seen.documents;
  if (!isLike(shape) && scansWhole(facts, shape)) return collectionOfShape(facts, shape)!.documents;
  const stages = [...walk(shape.plan!.root)];
  const found = stages
    .filter(
      ({ stage, inputs }) =>
        /^(?:COLLSCAN|EQ_LOOKUP)$/.test(stage) || inputs.some((one) => one.stage === 'COLLSCAN'),
    )
    .reduce((sum, { documentsExamined = 0 }) => sum + documentsExamined, 0);
  return found > 0 || !shape.plan!.problem ? found : (collectionOfShape(facts, shape)?.documents ?? 0);
}

function severityOf(facts: ProductFacts, shape: ShapeFacts, scanned: number): 'red' | 'amber' | 'info' {
  if (scanned < SMALL_COLLECTION || shape.calls < FEW_CALLS || !narrows(shape)) return 'info';
  if (returnedBy(shape) >= scanned * WANTED_SHARE) return 'info';
  return scanned >= LARGE_SCAN && shape.calls / facts.hours >= OFTEN_PER_HOUR ? 'red' : 'amber';
}

/** Whether it asks for some documents and not for all: only then an index can spare others. */
function narrows({ text, plan }: ShapeFacts): boolean {
  const { parts } = parseShape(text);
  const { filter, query, sort, limit, pipeline, updates, deletes } = parts;
  if (filter !== undefined || query !== undefined || updates !== undefined || deletes !== undefined)
    return true;
  if (sort !== undefined && limit !== undefined) return true;
  return narrowsFirst(pipeline) || [...walk(plan!.root)].some(scansOther);
}

/** Stages before which documents may be left out by an index; behind any other, what was read is read. */
const PASSES = new Set([
  '$sort',
  '$skip',
  '$addFields',
  '$set',
  '$unset',
  '$project',
  '$unwind',
  '$lookup',
  '$graphLookup',
]);
/** Of those, the ones behind which a limited sort has read everything. */
const JOINS = new Set(['$unwind', '$lookup', '$graphLookup']);

function narrowsFirst(pipeline: unknown): boolean {
  let isSorted = false;
  let isJoined = false;
  let kept: Kept | undefined;
  for (const stage of Array.isArray(pipeline) ? (pipeline as unknown[]) : []) {
    const [name = '', body] = Object.entries(Object(stage) as object)[0] ?? [];
    if (name === '$limit' && isSorted) return true;
    // Each of its branches begins anew.
    if (name === '$unionWith') return true;
    if (name === '$match') {
      const moved = kept ? movable(Object(body) as Record<string, unknown>, kept) : {};
      if (!kept || Object.keys(moved).length > 0) return true;
      continue;
    }
    if (!PASSES.has(name)) return false;
    isJoined ||= JOINS.has(name);
    isSorted ||= name === '$sort' && !isJoined;
    if (name !== '$sort' && name !== '$skip') kept = keptBehind(name, body, kept);
  }
  return false;
}

/** A join that looks for what belongs to each document, and reads everything for it. */
const scansOther = ({ stage, index, inputs }: PlanStage): boolean =>
  (stage === 'EQ_LOOKUP' && index === undefined) ||
  // What feeds it stands first; what it scans itself behind that.
  ((stage === '$lookup' || stage === '$graphLookup') &&
    inputs.slice(1).some((one) => one.stage === 'COLLSCAN'));
