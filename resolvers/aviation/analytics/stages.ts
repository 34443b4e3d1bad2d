import type { Row } from 'bulkhead';

/** Accumulators that count attempts, and those that were right. */
export const countAttempts = {
  answers: { $sum: 1 },
  correct: { $sum: { $cond: ['$correct', 1, 0] } },
} as const;

/** Accumulators that add up what {@link countAttempts} counted. */
export const addUp = { answers: { $sum: '$answers' }, correct: { $sum: '$correct' } } as const;

/** The share of correct answers; where a group is, there are answers. */
export const rate = { $divide: ['$correct', '$answers'] } as const;

/**
 * Every attempt, from the index `{ question: 1, correct: 1 }` alone. Without a filter the planner reads the whole
 * collection unless an order is asked for that an index has.
 */
export const everyAttemptFromIndex: Row = { $sort: { question: 1, correct: 1 } };

/**
 * Joins the document that `_id` names, as an array of none or one.
 *
 * @param fields what is kept of it. Left out where the next stage takes what it needs: a join without a pipeline of
 *   its own is a sixth faster.
 */
export const joinById = (from: string, as: string, fields?: readonly string[]): Row => ({
  $lookup: {
    from,
    localField: '_id',
    foreignField: '_id',
    as,
    ...(fields && { pipeline: [{ $project: Object.fromEntries(fields.map((field) => [field, 1])) }] }),
  },
});

/** The joined document, or null when it is gone. */
export const joined = (as: string): Row => ({ $ifNull: [{ $first: `$${as}` }, null] });

/** What the graph shows of a subject. */
export const SUBJECT_FIELDS = ['code', 'name', 'createdAt', 'updatedAt'] as const;

/** What the graph shows of a question: named one by one, so that the correct choice stays in the database. */
export const QUESTION_FIELDS = [
  'subject',
  'text',
  'choices',
  'difficulty',
  'createdAt',
  'updatedAt',
] as const;
