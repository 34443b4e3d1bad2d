import type { Row } from 'bulkhead';
import type { Types } from 'mongoose';
import {
  addUp,
  countAttempts,
  everyAttemptFromIndex,
  joinById,
  joined,
  rate,
  SUBJECT_FIELDS,
} from './stages.js';

/**
 * Over attempts: how well each subject is answered, by one student or by everybody, in the order of the subjects'
 * numbers. What cannot be assigned to a subject any more stands first.
 *
 * It is reduced before it is joined: there are many attempts, fewer questions and a handful of subjects.
 */
export const performanceBySubject = (student?: Types.ObjectId): Row[] => [
  student ? { $match: { student } } : everyAttemptFromIndex,
  { $group: { _id: '$question', ...countAttempts } },
  joinById('questions', 'question'),
  { $group: { _id: { $first: '$question.subject' }, ...addUp } },
  joinById('subjects', 'subject', SUBJECT_FIELDS),
  // Several subjects may be gone: together they are one line.
  { $group: { _id: joined('subject'), ...addUp } },
  { $sort: { '_id.code': 1 } },
  { $project: { _id: 0, subject: '$_id', answers: 1, correct: 1, rate } },
];
