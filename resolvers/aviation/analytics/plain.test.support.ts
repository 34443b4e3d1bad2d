import type { Types } from 'mongoose';
import type { Row } from '../../../src/database/reader.js';
import { Difficulty } from '../../../schema/aviation/index.js';
import { Interval } from './payloads.js';

export interface StoredSubject {
  readonly _id: Types.ObjectId;
  readonly code: string;
}
export interface StoredQuestion {
  readonly _id: Types.ObjectId;
  readonly subject: Types.ObjectId;
  readonly difficulty: Difficulty;
}
export interface StoredAttempt {
  readonly _id: Types.ObjectId;
  readonly student: Types.ObjectId;
  readonly user: Types.ObjectId;
  readonly question: Types.ObjectId;
  readonly correct: boolean;
  readonly answeredAt: Date;
}
export interface Data {
  readonly subjects: readonly StoredSubject[];
  readonly questions: readonly StoredQuestion[];
  readonly attempts: readonly StoredAttempt[];
}

/** The answers, computed in the plainest way there is. */
export const plain = {
  tally(attempts: readonly StoredAttempt[]) {
    const [answers, correct] = [attempts.length, attempts.filter((one) => one.correct).length];
    return { answers, correct, rate: correct / answers };
  },
  groups<T, K>(list: readonly T[], keyOf: (one: T) => K): [K, T[]][] {
    const keys = [...new Set(list.map(keyOf))];
    return keys.map((key) => [key, list.filter((one) => keyOf(one) === key)]);
  },
  performance({ subjects, questions, attempts }: Data) {
    const subjectOf = (attempt: StoredAttempt) => {
      const question = questions.find(({ _id }) => _id.equals(attempt.question));
      return (question && subjects.find(({ _id }) => _id.equals(question.subject))?.code) ?? null;
    };
    return plain
      .groups(attempts, subjectOf)
      .map(([subject, group]) => ({ subject, ...plain.tally(group) }))
      .toSorted((a, b) => (a.subject ?? '').localeCompare(b.subject ?? ''));
  },
  difficulties(questions: readonly StoredQuestion[]) {
    return Object.values(Difficulty).map((difficulty) => ({
      difficulty,
      count: questions.filter((one) => one.difficulty === difficulty).length,
    }));
  },
  top(attempts: readonly StoredAttempt[], minimumAnswers: number, first: number) {
    return plain
      .groups(attempts, (one) => one.question.toHexString())
      .map(([question, group]) => ({ question, ...plain.tally(group) }))
      .filter((one) => one.answers >= minimumAnswers)
      .toSorted((a, b) => a.rate - b.rate || b.answers - a.answers || a.question.localeCompare(b.question))
      .slice(0, first);
  },
  progress(attempts: readonly StoredAttempt[], interval: Interval, timeZone: string) {
    const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
    const textOf = (day: Date) => day.toISOString().slice(0, 10);
    const beginning = (date: string) => {
      if (interval === Interval.MONTH) return `${date.slice(0, 7)}-01`;
      const day = new Date(date);
      while (interval === Interval.WEEK && day.getUTCDay() !== 1) day.setUTCDate(day.getUTCDate() - 1);
      return textOf(day);
    };
    const dated = attempts.map((one) => ({ ...one, date: format.format(one.answeredAt) }));
    const dates = dated.map((one) => one.date).toSorted();
    const from = new Set<string>();
    for (
      let day = new Date(dates[0] ?? 0);
      textOf(day) <= (dates.at(-1) ?? '');
      day = new Date(+day + 86_400_000)
    )
      from.add(beginning(textOf(day)));
    return [...from].map((one) => {
      const { answers, correct, rate } = plain.tally(dated.filter(({ date }) => beginning(date) === one));
      return { from: one, answers, correct, rate: answers === 0 ? null : rate };
    });
  },
};

/** Rows as the plain computation names them: a subject by its code, a question by its id. */
export const named = (rows: readonly Row[]) =>
  rows.map(({ subject, question, ...rest }) => ({
    ...(subject !== undefined && { subject: (subject as StoredSubject | null)?.code ?? null }),
    ...(question !== undefined && {
      question: (question as StoredQuestion | null)?._id.toHexString() ?? null,
    }),
    ...rest,
  }));
