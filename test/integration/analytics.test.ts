import { randomUUID } from 'node:crypto';
import { mongo, Types } from 'mongoose';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import gateway from '../../bulkhead.config.js';
import { difficultyDistribution } from '../../resolvers/aviation/analytics/difficulty-distribution.js';
import { Interval } from '../../resolvers/aviation/analytics/payloads.js';
import { performanceBySubject } from '../../resolvers/aviation/analytics/performance-by-subject.js';
import {
  type Data,
  plain,
  type StoredAttempt,
} from '../../resolvers/aviation/analytics/plain.test.support.js';
import { QUESTION_FIELDS, SUBJECT_FIELDS } from '../../resolvers/aviation/analytics/stages.js';
import { studentProgress } from '../../resolvers/aviation/analytics/student-progress.js';
import { topQuestions, topQuestionsOf } from '../../resolvers/aviation/analytics/top-questions.js';
import { aviationSample } from '../../sample/aviation/index.js';
import { aviationSchema, Question, Subject } from '../../schema/aviation/index.js';
import { signToken } from '../../src/auth/token-keys.js';
import { secretKeys } from '../../src/config/token-keys.js';
import { DriverReader } from '../../src/database/driver-reader.js';
import type { Row } from '../../src/database/reader.js';
import { declaredFields } from '../../src/graph/type-graphql.js';
import { addIndexes } from '../../src/indexes/apply.js';
import { createGatewayServer, type GatewayServer } from '../../src/server/gateway-server.js';
import { eventually } from '../support/eventually.js';

const DATABASE = `analytics-${randomUUID().slice(0, 8)}`;
const keys = secretKeys(randomUUID(), 'aviation');
let client: mongo.MongoClient;
let server: GatewayServer;
let data: Data;
let commands: mongo.CommandStartedEvent[] = [];
const db = () => client.db(DATABASE);

beforeAll(async () => {
  const uri = new URL(inject('mongodAdminUri'));
  client = await mongo.MongoClient.connect(uri.href);
  await addIndexes(db(), aviationSchema);
  // Answers that are kept for ten seconds are counted here, and the server deletes them then.
  await db().collection('cachedresponses').dropIndex('expiresAt_1');
  for (const { collection, documents } of aviationSample({ scale: 0.05, passwordHash: 'x' }))
    await db().collection(collection).insertMany(documents);
  const all = async <T>(name: string) => (await db().collection(name).find().toArray()) as unknown as T[];
  data = {
    subjects: await all('subjects'),
    questions: await all('questions'),
    attempts: await all('attempts'),
  };

  if (!uri.searchParams.has('authSource')) uri.searchParams.set('authSource', 'admin');
  uri.pathname = DATABASE;
  server = await createGatewayServer({
    gateway,
    only: ['aviation'],
    logger: pino({ level: 'silent' }),
    monitorCommands: true,
    environment: {
      production: false,
      host: '127.0.0.1',
      port: 0,
      logLevel: 'silent',
      trustProxy: false,
      introspection: false,
      rateLimits: false,
      monitor: false,
      sandbox: false,
      dataDir: '',
      products: { aviation: { uri: uri.href, keys } },
    },
  });
  await server.settled();
  server.runtimes.get('aviation')!.link.client.on('commandStarted', (event) => void commands.push(event));
});

afterAll(async () => {
  await server?.close();
  await db().dropDatabase();
  await client.close();
});

const run = (collection: 'attempts' | 'questions', pipeline: Row[]): Promise<Row[]> =>
  new DriverReader(db).aggregate({ collection, pipeline }, { comment: 'test', maxTimeMS: 20_000 });

describe('what is joined', () => {
  it('is what the graph shows of a class, and no more', async () => {
    const visible = (target: typeof Subject | typeof Question) =>
      declaredFields(target)
        .map((one) => one.name)
        .filter((name) => name !== 'id')
        .toSorted();
    expect([...SUBJECT_FIELDS].toSorted()).toEqual(visible(Subject));
    expect([...QUESTION_FIELDS].toSorted()).toEqual(visible(Question));
    const wanted = { minimumAnswers: 1, first: 100 };
    const rows = [
      ...(await run('attempts', topQuestions(wanted))),
      ...(await run('questions', topQuestionsOf(data.subjects[0]!._id, wanted))),
      ...(await run('attempts', performanceBySubject())),
    ];
    expect(rows.length).toBeGreaterThan(data.questions.length / 2);
    expect(JSON.stringify(rows)).not.toMatch(/correctChoice|passwordHash/);
  });
});

describe('what is examined', () => {
  /** The server's own count for a whole aggregation, joins included: a scan of any collection would show in it. */
  const examined = async (collection: 'attempts' | 'questions', pipeline: Row[]) => {
    const comment = randomUUID();
    await db().command({ profile: 2, slowms: 0 });
    await db().collection(collection).aggregate(pipeline, { comment }).toArray();
    await db().command({ profile: 0 });
    const found = await db().collection('system.profile').findOne({ 'command.comment': comment });
    return { docs: found?.['docsExamined'], keys: found?.['keysExamined'], plan: found?.['planSummary'] };
  };
  const distinct = (attempts: readonly StoredAttempt[]) =>
    new Set(attempts.map((one) => String(one.question))).size;
  const COVERED = 'IXSCAN { question: 1, correct: 1 }';

  it('of everybody’s attempts: no document, only what is joined', async () => {
    const [answers, questions] = [data.attempts.length, distinct(data.attempts)];
    expect(await examined('attempts', performanceBySubject())).toEqual({
      docs: questions + data.subjects.length,
      keys: answers + questions + data.subjects.length,
      plan: COVERED,
    });
    expect(await examined('attempts', topQuestions({ minimumAnswers: 1, first: 10 }))).toEqual({
      docs: 10,
      keys: answers + 10,
      plan: COVERED,
    });
  });

  it('of a subject: its questions’ part of the index', async () => {
    const subject = data.subjects[0]!._id;
    const questions = data.questions.filter((one) => one.subject.equals(subject));
    const answers = data.attempts.filter(({ question }) => questions.some(({ _id }) => _id.equals(question)));
    const top = await examined('questions', topQuestionsOf(subject, { minimumAnswers: 1, first: 3 }));
    expect(top).toMatchObject({ docs: 3, plan: expect.stringContaining('IXSCAN { subject: 1') });
    // The count leaves out what the join read while its plan was tried.
    expect(top.keys).toBeLessThanOrEqual(questions.length + answers.length + 3);
    expect(await examined('questions', difficultyDistribution(subject))).toEqual({
      docs: 0,
      keys: questions.length,
      plan: 'IXSCAN { subject: 1, difficulty: 1, _id: 1 }',
    });
    expect(await examined('questions', difficultyDistribution())).toMatchObject({
      docs: 0,
      keys: data.questions.length,
    });
  });

  it('of a student: its own attempts', async () => {
    const { student, user } = data.attempts[0]!;
    const own = data.attempts.filter((one) => one.student.equals(student));
    const subjects = plain.performance({ ...data, attempts: own }).length;
    for (const rows of [[], [{ $match: { user } }]]) {
      const performance = await examined('attempts', [...rows, ...performanceBySubject(student)]);
      expect(performance).toMatchObject({ docs: own.length + distinct(own) + subjects });
      expect(performance.plan).toContain('IXSCAN { student: 1');
      const progress = await examined('attempts', [
        ...rows,
        ...studentProgress(student, Interval.WEEK, 'UTC'),
      ]);
      expect(progress).toMatchObject({ docs: own.length, plan: performance.plan });
    }
  });
});

describe('the graph', () => {
  interface Answer {
    readonly data: Record<string, Row[]> | null;
    readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
  }
  const ask = async (query: string, token?: string): Promise<Answer> => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/graphql/aviation',
      headers: token ? { authorization: `Bearer ${token}` } : {},
      payload: { query },
    });
    return answer.json();
  };
  const answered = async (query: string, token?: string): Promise<Row[]> => {
    const { data: fields, errors } = await ask(query, token);
    expect(errors).toBeUndefined();
    return Object.values(fields!)[0]!;
  };
  const tokenOf = (...scopes: string[]) => signToken(keys, { subject: 'reports', scopes, expiresInS: 600 });
  const kept = () => db().collection('cachedresponses');
  const written = () =>
    eventually(
      'the answers are written',
      () => server.runtimes.get('aviation')!.link.answers!.underWay === 0,
    );
  const aggregates = () => commands.filter((one) => one.commandName === 'aggregate');
  let student: Types.ObjectId;
  let own: StoredAttempt[];
  let owner: string;
  let other: string;

  /** A session of a user; the attempts of a student are then that user's. */
  const signUp = async (email: string): Promise<{ token: string; id: Types.ObjectId }> => {
    const input = `{ name: "Ada", email: "${email}", password: "a long password" }`;
    const { data: fields } = await ask(`mutation { signUp(input: ${input}) { token viewer { id } } }`);
    const payload = fields!['signUp'] as unknown as { token: string; viewer: { id: string } };
    return { token: payload.token, id: new Types.ObjectId(payload.viewer.id) };
  };

  beforeAll(async () => {
    ({ student } = data.attempts[0]!);
    own = data.attempts.filter((one) => one.student.equals(student));
    const signedUp = await signUp('ada@example.com');
    ({ token: owner } = signedUp);
    ({ token: other } = await signUp('eve@example.com'));
    await db()
      .collection('attempts')
      .updateMany({ student }, { $set: { user: signedUp.id } });
  });
  beforeEach(async () => {
    await written();
    await kept().deleteMany();
    commands = [];
  });

  const PERFORMANCE = 'subject { id code name } answers correct rate';
  const asNamed = (rows: readonly Row[]) =>
    rows.map(({ subject, question, ...rest }) => ({
      ...(subject !== undefined && { subject: (subject as { code: string }).code }),
      ...(question !== undefined && { question: (question as { id: string }).id }),
      ...rest,
    }));

  it('answers each question with one aggregation, limited in time, named, and free to use the disk', async () => {
    const subject = data.subjects[0]!._id;
    const questions = data.questions.filter((one) => one.subject.equals(subject));
    const about = data.attempts.filter(({ question }) => questions.some(({ _id }) => _id.equals(question)));
    const cases: [query: string, expected: unknown][] = [
      [`{ performanceBySubject { ${PERFORMANCE} } }`, plain.performance(data)],
      [
        `{ performanceBySubject(student: "${String(student)}") { ${PERFORMANCE} } }`,
        plain.performance({ ...data, attempts: own }),
      ],
      [`{ difficultyDistribution { difficulty count } }`, plain.difficulties(data.questions)],
      [
        `{ difficultyDistribution(subject: "${String(subject)}") { difficulty count } }`,
        plain.difficulties(questions),
      ],
      [
        `{ studentProgress(student: "${String(student)}") { from answers correct rate } }`,
        plain.progress(own, Interval.WEEK, 'UTC'),
      ],
      [
        `{ studentProgress(student: "${String(student)}", interval: DAY, timeZone: "Asia/Tokyo") { from answers correct rate } }`,
        plain.progress(own, Interval.DAY, 'Asia/Tokyo'),
      ],
      ['{ topQuestions { question { id } answers correct rate } }', plain.top(data.attempts, 50, 10)],
      [
        `{ topQuestions(subject: "${String(subject)}", minimumAnswers: 5, first: 4) { question { id text difficulty choices { text } } answers correct rate } }`,
        plain.top(about, 5, 4),
      ],
    ];
    for (const [query, expected] of cases) {
      commands = [];
      const rows = asNamed(await answered(query, owner));
      expect([query, rows]).toEqual([query, expected]);
      expect(aggregates()).toHaveLength(1);
      const [{ command }] = aggregates() as [mongo.CommandStartedEvent];
      expect(command).toMatchObject({ allowDiskUse: true });
      expect(command['maxTimeMS']).toBeGreaterThan(0);
      expect(command['comment']).toMatch(/^bulkhead:aviation:-:Query\.\w+$/);
    }
  });

  it('follows what a joined question refers to', async () => {
    const [row] = await answered('{ topQuestions(first: 1) { question { subject { code } createdAt } } }');
    expect(row).toMatchObject({ question: { subject: { code: expect.stringMatching(/^\d{3}$/) } } });
    // The second time the joined question comes from the kept answer.
    expect(await answered('{ topQuestions(first: 1) { question { subject { code } createdAt } } }')).toEqual([
      row,
    ]);
    expect(aggregates()).toHaveLength(1);
  });

  it('shows a student’s own answers to whoever may see them, and never a kept answer to somebody else', async () => {
    const queries = [
      `{ performanceBySubject(student: "${String(student)}") { answers } }`,
      `{ studentProgress(student: "${String(student)}") { answers } }`,
    ];
    for (const query of queries) {
      const seen = await answered(query, owner);
      expect(seen.length).toBeGreaterThan(0);
      expect(await answered(query, other)).toEqual([]);
      expect(await answered(query)).toEqual([]);
      for (const scope of ['aviation:read', 'aviation:admin'])
        expect(await answered(query, await tokenOf(scope))).toEqual(seen);
      expect(await answered(query, await tokenOf('blog:admin'))).toEqual([]);
    }
    await written();
    // Owner, other, everything: kept apart. Whoever sees no row needs no answer.
    expect(await kept().countDocuments()).toBe(2 * 3);
  });

  it('serves a kept answer until it expires, and the same one to all where it holds no row', async () => {
    const cases = [
      ['{ performanceBySubject { answers } }', 60, [owner, undefined]],
      [`{ performanceBySubject(student: "${String(student)}") { answers } }`, 10, [owner]],
      [`{ studentProgress(student: "${String(student)}", interval: MONTH) { answers } }`, 10, [owner]],
      ['{ topQuestions(minimumAnswers: 1, first: 100) { answers } }', 60, [owner, undefined]],
    ] as const;
    const attempts = db().collection('attempts');
    const total = (rows: readonly Row[]) => rows.reduce((sum, one) => sum + Number(one['answers']), 0);
    for (const [query, seconds, callers] of cases) {
      await written();
      await kept().deleteMany();
      const before = await answered(query, owner);
      await written();
      const [entry] = await kept().find().toArray();
      expect(Math.abs((+entry!['expiresAt'] - +entry!['updatedAt']) / 1000 - seconds)).toBeLessThan(1);

      const { _id, ...copied } = (await attempts.findOne({ student }))!;
      const { insertedId } = await attempts.insertOne({
        ...copied,
        createdAt: new Date(),
        updatedAt: new Date(),
      });
      for (const caller of callers) expect(await answered(query, caller)).toEqual(before);
      expect(await kept().countDocuments()).toBe(1);

      await kept().updateOne({}, { $set: { expiresAt: new Date() } });
      expect(total(await answered(query, owner))).toBe(total(before) + 1);
      await attempts.deleteOne({ _id: insertedId });
    }
  });

  it('refuses what it cannot answer, before it asks the database', async () => {
    const refused = [
      'performanceBySubject(student: "x") { answers }',
      'performanceBySubject(student: "") { answers }',
      'difficultyDistribution(subject: "x") { count }',
      'studentProgress(student: "x") { answers }',
      `studentProgress(student: "${String(student)}", timeZone: "Mars/Olympus") { answers }`,
      'topQuestions(subject: "x") { answers }',
      'topQuestions(first: 0) { answers }',
      'topQuestions(first: 101) { answers }',
      'topQuestions(minimumAnswers: 0) { answers }',
    ];
    for (const field of refused) {
      const { errors } = await ask(`{ ${field} }`);
      expect([field, errors?.[0]?.extensions.code]).toEqual([field, 'BAD_USER_INPUT']);
    }
    expect(commands).toEqual([]);
    const nothing = '{ topQuestions(subject: null, minimumAnswers: null, first: null) { answers } }';
    expect(await answered(nothing)).toHaveLength(10);
    expect(
      await answered(
        `{ difficultyDistribution(subject: "${new Types.ObjectId().toHexString()}") { count } }`,
      ),
    ).toEqual([0, 0, 0].map((count) => ({ count })));
  });
});

it('every stored document has its timestamps, kept answers too', async () => {
  for (const { name } of await db()
    .listCollections({ name: /^(?!system\.)/ })
    .toArray()) {
    const unstamped = { $or: [{ createdAt: { $exists: false } }, { updatedAt: { $exists: false } }] };
    expect([name, await db().collection(name).countDocuments(unstamped)]).toEqual([name, 0]);
  }
});
