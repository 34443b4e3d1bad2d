import type { Row } from 'bulkhead';
import type { Types } from 'mongoose';
import { Difficulty } from '../../../schema/aviation/index.js';
import type { DifficultyCount } from './payloads.js';

/** A difficulty that occurs, and how often. */
export interface Counted {
  readonly _id: Difficulty;
  readonly count: number;
}

/** Over questions: how many there are of each difficulty. The order asked for makes it an index scan that fetches nothing. */
export const difficultyDistribution = (subject?: Types.ObjectId): Row[] => [
  ...(subject ? [{ $match: { subject } }] : []),
  { $sort: { difficulty: 1 } },
  { $group: { _id: '$difficulty', count: { $sum: 1 } } },
];

/** Every difficulty, with zero where none was counted. */
export function everyDifficulty(counted: readonly Counted[]): DifficultyCount[] {
  const counts = new Map(counted.map((one) => [one._id, one.count]));
  return Object.values(Difficulty).map((difficulty) => ({ difficulty, count: counts.get(difficulty) ?? 0 }));
}
