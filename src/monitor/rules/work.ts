import { countedOf, hasRowsOf, isOneForOne } from '../explain/counted.js';
import type { ProductFacts, ShapeFacts } from '../facts/facts.js';
import type { Examined } from '../stats/read-examined.js';
import { parseShape } from '../shape/shape.js';
import { collectionOfShape, count, wastedIn } from './say.js';

/** Calls that the profiler has seen from which on its figures say what a shape does. */
export const SEEN = 5;

/** What was seen of a shape, by one call; undefined for too few. */
export function seenOf({ examined }: ShapeFacts): Examined | undefined {
  if (!examined || examined.calls < SEEN) return undefined;
  const { calls, documents, keys, scans, sorts } = examined;
  return {
    calls,
    documents: documents / calls,
    keys: keys / calls,
    scans: scans / calls,
    sorts: sorts / calls,
  };
}

/** Documents that one call returns: as counted where that can be compared with a plan. */
export function returnedBy(shape: ShapeFacts): number {
  const { plan, text } = shape;
  const parsed = parseShape(text);
  const counted = plan?.counted === undefined ? undefined : countedOf(parsed, shape).found;
  const returned = counted ?? plan?.returned ?? 0;
  // What is unwound answers several rows for a document: of no more documents than rows.
  return hasRowsOf(parsed) && shape.calls > 0 ? Math.min(returned, shape.documents / shape.calls) : returned;
}

/** Whether a plan says something about what runs: it was made with values that find about as many as were counted. */
export const isLike = ({ plan }: ShapeFacts): boolean => !plan?.isOff;

/** Whether it reads other collections, or its own once more: which of them is scanned, the profiler does not say. */
export const joins = ({ text }: ShapeFacts): boolean => /"\$(?:lookup|unionWith|graphLookup)":/.test(text);

/** Whether it scans: as seen where it was, and as it is planned with values like those that were asked for. */
export function scans(shape: ShapeFacts): boolean {
  if (!shape.plan) return false;
  const seen = seenOf(shape);
  return seen && !joins(shape) ? seen.scans > 0 : shape.plan.collectionScan;
}

/**
 * Whether a scan reads its whole collection whatever the values are: none of the indexes takes some values and not
 * others, and no limit ends it. Then it does not matter which values were explained.
 */
export function scansWhole(facts: ProductFacts, shape: ShapeFacts): boolean {
  const collection = collectionOfShape(facts, shape);
  if (!shape.plan?.collectionScan || joins(shape) || !collection) return false;
  const isNamed = (path: string) => shape.text.includes(JSON.stringify(path));
  const takesSome = collection.indexes.some(({ key, isPartial, isSparse, hasCollation }) =>
    Object.keys(key).some(
      (path) => path.endsWith('$**') || ((isPartial || isSparse || hasCollation) && isNamed(path)),
    ),
  );
  return !takesSome && countedOf(parseShape(shape.text), shape).limit === undefined;
}

/** What is read in vain by one call, documents or keys; as seen where it was. Undefined where nobody knows. */
export function wasteOf(
  shape: ShapeFacts,
): { readonly documents: number; readonly keys: number; readonly wasted: number } | undefined {
  const [{ plan }, seen] = [shape, seenOf(shape)];
  if (seen && isOneForOne(parseShape(shape.text)) && !joins(shape)) {
    const { documents, keys } = seen;
    return { documents, keys, wasted: Math.max(0, Math.max(documents, keys) - returnedBy(shape)) };
  }
  if (!plan || plan.problem !== undefined || plan.isOff) return undefined;
  return { documents: plan.documentsExamined, keys: plan.keysExamined, wasted: wastedIn(shape) };
}

/** Where figures are from, for a reason; empty where they are certain, or by an estimate that agrees with what was counted. */
export function sourceOf(shape: ShapeFacts, isCertain = isLike(shape)): string {
  const seen = seenOf(shape);
  if (seen) return `, as the profiler has seen in ${count(seen.calls)} calls`;
  return isCertain ? '' : ', by an estimate that disagrees with what was counted';
}
