import type { Row } from 'bulkhead';
import type { Types } from 'mongoose';
import { countAttempts, everyAttemptFromIndex, joinById, joined, QUESTION_FIELDS, rate } from './stages.js';

/** Which questions are wanted. */
export interface TopQuestions {
  /** Questions with fewer answers are left out: their rate says nothing. */
  readonly minimumAnswers: number;
  readonly first: number;
}

/** Over attempts: the questions that are answered worst, of all subjects. */
export const topQuestions = (wanted: TopQuestions): Row[] => [
  everyAttemptFromIndex,
  { $group: { _id: '$question', ...countAttempts } },
  ...worst(wanted),
];

/**
 * Over questions: those of one subject that are answered worst. It reads the subject's part of the index of
 * attempts, where beginning at the attempts would read all of it.
 */
export const topQuestionsOf = (subject: Types.ObjectId, wanted: TopQuestions): Row[] => [
  { $match: { subject } },
  { $project: { _id: 1 } },
  {
    $lookup: {
      from: 'attempts',
      localField: '_id',
      foreignField: 'question',
      as: 'counted',
      pipeline: [{ $group: { _id: null, ...countAttempts } }],
    },
  },
  { $unwind: '$counted' },
  { $project: { answers: '$counted.answers', correct: '$counted.correct' } },
  ...worst(wanted),
];

/** Documents are joined for the questions that are answered, and for no others. */
const worst = ({ minimumAnswers, first }: TopQuestions): Row[] => [
  { $match: { answers: { $gte: minimumAnswers } } },
  { $addFields: { rate } },
  { $sort: { rate: 1, answers: -1, _id: 1 } },
  { $limit: first },
  joinById('questions', 'question', QUESTION_FIELDS),
  { $project: { _id: 0, question: joined('question'), answers: 1, correct: 1, rate: 1 } },
];
