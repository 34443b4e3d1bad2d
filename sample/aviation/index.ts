import type { SampleBatch } from 'bulkhead';
import { countAt, toBatches, type SampleOptions } from '../batch.js';
import { SignUps } from '../sign-ups.js';
import { attempts } from './attempts.js';
import { accounts, transfers } from './ledger.js';
import { QUESTIONS_PER_SUBJECT, QuestionPlan } from './question-plan.js';
import { questions } from './questions.js';
import { students, users } from './students.js';
import { SUBJECTS, subjects } from './subjects.js';

export type { SampleBatch } from 'bulkhead';
export type { SampleOptions } from '../batch.js';

/** How many documents {@link aviationSample} makes at a scale; transfers come on top, about 1.3 per student. */
export function aviationCounts(scale: number) {
  const people = countAt(scale, 800, 8);
  return {
    subjects: SUBJECTS.length,
    questions: countAt(scale, 1_200, QUESTIONS_PER_SUBJECT * SUBJECTS.length),
    users: people,
    students: people,
    attempts: countAt(scale, 100_000, 100),
    'ledger.accounts': people + 1,
  };
}

/**
 * The sample of Aviation Infinity: the subjects and their questions, students, a half year of their answers, and
 * a ledger that adds up. The same scale always gives the same documents. Memory is constant: each batch is made
 * when it is asked for.
 *
 * @example for (const { collection, documents } of aviationSample({ scale: 1, passwordHash })) …
 */
export function* aviationSample(options: SampleOptions): Generator<SampleBatch> {
  const counts = aviationCounts(options.scale);
  const signUps = new SignUps('aviation', counts.users);
  const plan = new QuestionPlan(counts.questions);
  yield* toBatches('subjects', subjects());
  yield* toBatches('questions', questions(plan));
  yield* toBatches('users', users(counts.users, signUps, options.passwordHash));
  yield* toBatches('students', students(counts.students, signUps));
  yield* toBatches('ledger.accounts', accounts(counts.students, signUps));
  yield* toBatches('ledger.transfers', transfers(counts.students, signUps));
  yield* toBatches('attempts', attempts(counts.attempts, counts.students, plan, signUps));
}
