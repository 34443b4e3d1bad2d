import type { mongo } from 'mongoose';
import { type Conditions, conditionsOf } from './conditions.js';
import { fillFilter, type Rare } from './fill.js';
import type { Need } from './need.js';
import {
  asFrequentAt,
  asQuestion,
  between,
  isAlwaysFull,
  isChance,
  matches,
  narrowWidths,
  OFF,
  type Question,
  WIDTHS,
} from './probe.js';
import { randomOf } from './random.js';
import type { ScratchCopy } from './scratch-copy.js';

/** Questions asked for each condition that may be the rare one, and random documents that the others are filled from. */
const QUESTIONS = 2;
const TRIES = 2;
/** Values that a `$nin` may leave out, the most frequent ones. */
const EXCLUDED = [1, 2, 3, 5, 10, 20];

/**
 * Of several conditions any may be the one that few documents meet, and how many were found does not tell which: a queue
 * that is mostly empty has a wide range (all that is due) and states that nobody is in, or many in them of whom hardly
 * any is due. For each condition the questions in which it alone is rare (values of nobody or of few, a narrow range)
 * and that find about as many as was observed.
 */
export async function rivalQuestionsOf(need: Need, copy: ScratchCopy): Promise<Question[][]> {
  const { filter, found } = need;
  const conditions = conditionsOf(filter);
  const { equal, some, ranges, excluded, ors } = conditions;
  const paths = [...equal, ...some, ...ranges, ...excluded];
  // An `$or` is looked up by its branches, of which nothing tells how many they find.
  if (found === undefined || paths.length < 2 || ors.length > 0) return [];
  const random = randomOf(`${need.shape} ${need.collection} rivals`);
  const rivals: Question[][] = [];
  for (const path of paths) {
    const fitting: { readonly filled: mongo.Document; readonly distance: number }[] = [];
    for (const rare of rareAt(path, conditions, need, copy))
      for (let n = 0; n < TRIES; n += 1) {
        const filled = fillFilter(filter, {
          values: copy.values,
          random,
          width: 1,
          from: 'apart',
          rare: { path, ...rare },
        });
        const matched = await matches(copy, filled);
        if (isFitting(matched, need, found, copy))
          fitting.push({ filled, distance: between(matched, found) });
      }
    const nearest = fitting.sort((one, other) => one.distance - other.distance).slice(0, QUESTIONS);
    if (nearest.length > 0) rivals.push(nearest.map(({ filled }) => asQuestion(need, filled)));
  }
  return rivals;
}

const isFitting = (matched: number, need: Need, found: number, copy: ScratchCopy): boolean =>
  between(matched, found) <= OFF ||
  isChance(matched, found, copy) ||
  // Of pages that are always full nothing tells how much more there is.
  (isAlwaysFull(need) && matched > found);

/** Values of nobody, and those that about as many documents have as were found; narrow ranges; all but a few values. */
function rareAt(
  path: string,
  { ranges, excluded }: Conditions,
  need: Need,
  copy: ScratchCopy,
): readonly Omit<Rare, 'path'>[] {
  const { found = 0 } = need;
  if (ranges.includes(path))
    // Behind a page that is always full are ranges of every width, as in the usual questions.
    return isAlwaysFull(need) ? [] : [0, ...narrowWidths(found, copy), ...WIDTHS].map((width) => ({ width }));
  if (excluded.includes(path)) return EXCLUDED.map((count) => ({ width: 1, excluded: count }));
  return [{}, ...asFrequentAt([path.split('.')], found, copy)].map((document) => ({ document, width: 1 }));
}
