import { conditionsOf, Unadvisable } from './conditions.js';
import { unitsOf } from './cost.js';
import { measureFor } from './distinct.js';
import type { Need } from './need.js';
import { type Counted, type Question, questionsOf } from './probe.js';
import { rivalQuestionsOf } from './rivals.js';
import type { ScratchCopy } from './scratch-copy.js';

/** A need with questions that stand for it, and what they cost with the indexes that are there. */
export interface Measured {
  readonly need: Need;
  readonly questions: readonly Question[];
  readonly before: Counted;
  /** For each `$or` its branches. */
  readonly ways: readonly (readonly Measured[])[];
  /** The need in other cases that fit what was observed. */
  readonly rivals: readonly Measured[];
}

/** Asks the copy, with the indexes that are there. @throws Unadvisable */
export async function measureNeed(need: Need, copy: ScratchCopy): Promise<Measured> {
  const { ors } = conditionsOf(need.filter);
  const usual = await measureWith(await questionsOf(need, copy), need, copy);
  const { found: _, ...branch } = need;
  const ways: Measured[][] = [];
  for (const branches of ors) {
    const inner: Measured[] = [];
    for (const filter of branches) inner.push(await measureNeed({ ...branch, filter }, copy));
    // Branches of one form are one in the shape and at least two in the command.
    ways.push(inner.length === 1 ? [inner[0]!, inner[0]!] : inner);
  }
  const rivals: Measured[] = [];
  for (const questions of await rivalQuestionsOf(need, copy))
    rivals.push(await measureWith(questions, need, copy));
  return { ...usual, ways, rivals };
}

async function measureWith(questions: readonly Question[], need: Need, copy: ScratchCopy): Promise<Measured> {
  const before = await measureFor(need, copy, questions);
  if (!before) throw new Unadvisable('the server finds no plan for it');
  return { need, questions, before, ways: [], rivals: [] };
}

/** Whether there is little to gain: hardly more is read than is found. */
export const isServed = ({ before }: Measured): boolean => unitsOf(before) <= 2 * before.returned + 5;
