import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { mongo, Types } from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { aviationSchema, Difficulty } from '../../../schema/aviation/index.js';
import { DriverReader } from '../../../src/database/driver-reader.js';
import type { Row } from '../../../src/database/reader.js';
import { addIndexes } from '../../../src/indexes/apply.js';
import { type Counted, difficultyDistribution, everyDifficulty } from './difficulty-distribution.js';
import { Interval } from './payloads.js';
import { performanceBySubject } from './performance-by-subject.js';
import { type Data, named, plain } from './plain.test.support.js';
import { type ActiveInterval, everyInterval, studentProgress } from './student-progress.js';
import { topQuestions, topQuestionsOf } from './top-questions.js';

let client: mongo.MongoClient;
const db = () => client.db(DATABASE);
const DATABASE = `analytics-${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  client = await mongo.MongoClient.connect(inject('mongodAdminUri'));
  await addIndexes(db(), aviationSchema);
});

afterAll(async () => {
  await db().dropDatabase();
  await client.close();
});

const run = async <T = Row>(collection: 'attempts' | 'questions', pipeline: Row[]): Promise<T[]> =>
  (await new DriverReader(db).aggregate(
    { collection, pipeline },
    { comment: 'test', maxTimeMS: 20_000 },
  )) as T[];

describe('over generated data', () => {
  const ZONES = [
    'UTC',
    'Europe/Vienna',
    'America/St_Johns',
    'America/Sao_Paulo',
    'Asia/Kathmandu',
    'Pacific/Kiritimati',
    'Pacific/Apia',
  ];
  /** Changes of the clock (one skips midnight, one a whole day), ends of years, a leap day. */
  const MOMENTS = [
    '2026-03-29T01:00Z',
    '2026-10-25T01:00Z',
    '2018-11-04T03:00Z',
    '2018-02-18T02:00Z',
    '2011-12-30T10:00Z',
    '2025-12-31T23:00Z',
    '2024-12-30T00:00Z',
    '2024-02-29T12:00Z',
  ].map((text) => new Date(text).getTime());
  const HOUR_MS = 3_600_000;

  const idOf = (kind: number, n: number) =>
    new Types.ObjectId(`${kind}`.repeat(20) + String(n).padStart(4, '0'));
  const near = (moment: number) =>
    fc.oneof(
      fc.integer({ min: -40 * HOUR_MS, max: 40 * HOUR_MS }).map((ms) => moment + ms),
      fc.integer({ min: -1_500, max: 1_500 }).map((hours) => moment + hours * HOUR_MS),
    );
  interface Drawn {
    readonly subjects: number;
    readonly questions: readonly { readonly subject: number; readonly difficulty: Difficulty }[];
    readonly attempts: readonly {
      readonly student: number;
      readonly question: number;
      readonly correct: boolean;
      readonly at: number;
    }[];
  }
  /** One subject and one question more than there are: some references lead nowhere. */
  const dataOf = (moment: number): fc.Arbitrary<Drawn> =>
    fc.record({
      subjects: fc.integer({ min: 0, max: 3 }),
      questions: fc.array(
        fc.record({ subject: fc.nat(3), difficulty: fc.constantFrom(...Object.values(Difficulty)) }),
        { maxLength: 6 },
      ),
      attempts: fc.array(
        fc.record({ student: fc.nat(1), question: fc.nat(6), correct: fc.boolean(), at: near(moment) }),
        { maxLength: 40 },
      ),
    });

  const store = async (drawn: Drawn): Promise<Data> => {
    const stamps = { createdAt: new Date(), updatedAt: new Date() };
    const stored = {
      subjects: Array.from({ length: drawn.subjects }, (_, n) => ({
        _id: idOf(1, n),
        code: `0${9 - n}0`,
        name: `Subject ${n}`,
        ...stamps,
      })),
      questions: drawn.questions.map(({ subject, difficulty }, n) => ({
        _id: idOf(2, n),
        subject: idOf(1, subject),
        difficulty,
        text: 'Which?',
        choices: [{ text: 'this' }, { text: 'that' }],
        correctChoice: 1,
        ...stamps,
      })),
      attempts: drawn.attempts.map(({ student, question, correct, at }, n) => ({
        _id: idOf(3, n),
        student: idOf(4, student),
        user: idOf(5, student),
        question: idOf(2, question),
        choice: 0,
        correct,
        answeredAt: new Date(at),
        ...stamps,
      })),
    };
    for (const [name, documents] of Object.entries(stored)) {
      const collection = db().collection(name);
      await collection.deleteMany();
      if (documents.length > 0) await collection.insertMany(documents);
    }
    return stored;
  };

  it('every pipeline answers what a plain computation answers', async () => {
    const drawn = fc
      .constantFrom(...MOMENTS)
      .chain((moment) =>
        fc.tuple(
          dataOf(moment),
          fc.constantFrom(...ZONES),
          fc.integer({ min: 1, max: 3 }),
          fc.integer({ min: 1, max: 4 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(drawn, async ([made, zone, minimumAnswers, first]) => {
        const all = await store(made);
        const student = idOf(4, 0);
        const own = all.attempts.filter((one) => one.student.equals(student));
        const subject = idOf(1, 0);
        const ofSubject = all.questions.filter((one) => one.subject.equals(subject));
        const known = (id: string) => (all.questions.some(({ _id }) => String(_id) === id) ? id : null);
        const aboutSubject = all.attempts.filter(({ question }) =>
          ofSubject.some(({ _id }) => _id.equals(question)),
        );
        const wanted = { minimumAnswers, first };

        expect(named(await run('attempts', performanceBySubject()))).toEqual(plain.performance(all));
        expect(named(await run('attempts', performanceBySubject(student)))).toEqual(
          plain.performance({ ...all, attempts: own }),
        );
        for (const [id, questions] of [[undefined, all.questions] as const, [subject, ofSubject] as const])
          expect(everyDifficulty(await run<Counted>('questions', difficultyDistribution(id)))).toEqual(
            plain.difficulties(questions),
          );
        expect(named(await run('attempts', topQuestions(wanted)))).toEqual(
          plain
            .top(all.attempts, minimumAnswers, first)
            .map((one) => ({ ...one, question: known(one.question) })),
        );
        expect(named(await run('questions', topQuestionsOf(subject, wanted)))).toEqual(
          plain.top(aboutSubject, minimumAnswers, first),
        );
        for (const interval of Object.values(Interval)) {
          const active = await run<ActiveInterval>('attempts', studentProgress(student, interval, zone));
          expect(everyInterval(active, interval)).toEqual(plain.progress(own, interval, zone));
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('a date of long ago costs an error, not a million points', () => {
    const active = ['0000-01-02', '2026-01-01'].map((day) => ({
      _id: new Date(day),
      answers: 1,
      correct: 1,
    }));
    expect(() => everyInterval(active, Interval.DAY)).toThrow(/at most 1000 intervals/);
  });

  it('a moment before the first year that can be written is left out', async () => {
    await store({
      subjects: 0,
      questions: [],
      attempts: [{ student: 0, question: 0, correct: true, at: 0 }],
    });
    const attempts = db().collection('attempts');
    await attempts.updateMany({}, { $set: { answeredAt: new Date('0000-01-01T00:00:00Z') } });
    expect(await run('attempts', studentProgress(idOf(4, 0), Interval.DAY, 'America/St_Johns'))).toEqual([]);
  });
});
