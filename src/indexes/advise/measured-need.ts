import { conditionsOf, Unadvisable } from './conditions.js';
import { unitsOf } from './cost.js';
import { measureFor } from './distinct.js';
import type { Need } from './need.js';
import { type Counted, type Question, questionsOf } from './probe.js';
import type { ScratchCopy } from './scratch-copy.js';

/** A need with questions that stand for it, and what they cost with the indexes that are there. */
export interface Measured {
  readonly need: Need;
  readonly questions: readonly Question[];
  readonly before: Counted;
  readonly branches: readonly Measured[];
}

/** Asks the copy, with the indexes that are there. @throws Unadvisable */
export async function measureNeed(need: Need, copy: ScratchCopy): Promise<Measured> {
  const { branches } = conditionsOf(need.filter);
  const questions = await questionsOf(need, copy);
  const before = await measureFor(need, copy, questions);
  if (!before) throw new Unadvisable('the server finds no plan for it');
  const inner: Measured[] = [];
  for (const filter of branches) {
    const { found: _, ...branch } = need;
    inner.push(await measureNeed({ ...branch, filter }, copy));
  }
  // Branches of one form are one in the shape and at least two in the command.
  return { need, questions, before, branches: inner.length === 1 ? [inner[0]!, inner[0]!] : inner };
}

/** Whether there is little to gain: hardly more is read than is found. */
export const isServed = ({ before }: Measured): boolean => unitsOf(before) <= 2 * before.returned + 5;
