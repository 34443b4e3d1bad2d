import { type Budget, expectOperation } from 'bulkhead';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
/** Ids of the sample data by what they are of. */
const ids: Record<string, string> = {};
let token: string;

beforeAll(async () => {
  gateway = await TestGateway.start({ scale: 0.1 });
  const one = async (product: string, collection: string) =>
    String(
      (await gateway
        .db(product)
        .collection(collection)
        .findOne({}, { sort: { _id: 1 } }))!._id,
    );
  for (const [name, product, collection] of [
    ['post', 'blog', 'posts'],
    ['user', 'blog', 'users'],
    ['question', 'aviation', 'questions'],
    ['student', 'aviation', 'students'],
    ['subject', 'aviation', 'subjects'],
    ['account', 'aviation', 'ledger.accounts'],
  ] as const)
    ids[name] = await one(product, collection);
  token = await gateway.operator();
});
afterAll(() => gateway.close());

/** An operation of each root field, as a client would ask it, and the most that it may cost. */
type Budgets = Readonly<Record<string, readonly [query: string, budget: Budget]>>;
const CHEAP = { collectionScans: 0, inMemorySorts: 0 };

const BUDGETS: Readonly<Record<string, Budgets>> = {
  blog: {
    post: [
      '{ post(id: "$post") { title author { name } comments(first: 3) { nodes { body author { name } } } } }',
      { ...CHEAP, commands: 3, documentsExamined: 10 },
    ],
    posts: [
      '{ posts(first: 10) { nodes { title author { name } comments(first: 3) { nodes { body author { name } } } } } }',
      { ...CHEAP, commands: 4, documentsExamined: 60 },
    ],
    signUpsPerDay: [
      '{ signUpsPerDay(month: "2026-10") { day count } }',
      { ...CHEAP, commands: 1, documentsExamined: 0 },
    ],
    user: ['{ user(id: "$user") { name } }', { ...CHEAP, commands: 1, documentsExamined: 1 }],
    viewer: ['{ viewer { id } }', { ...CHEAP, commands: 0, documentsExamined: 0 }],
  },
  aviation: {
    account: ['{ account(id: "$account") { balance } }', { ...CHEAP, commands: 1, documentsExamined: 1 }],
    accounts: [
      '{ accounts(owner: "$student") { balance } }',
      { ...CHEAP, commands: 1, documentsExamined: 1 },
    ],
    attempts: [
      '{ attempts(student: "$student", first: 10) { nodes { id question { text } } } }',
      { ...CHEAP, commands: 2, documentsExamined: 25 },
    ],
    difficultyDistribution: [
      '{ difficultyDistribution(subject: "$subject") { difficulty count } }',
      { ...CHEAP, commands: 3, documentsExamined: 5 },
    ],
    performanceBySubject: [
      '{ performanceBySubject { subject { code } } }',
      { ...CHEAP, commands: 3, documentsExamined: 200 },
    ],
    question: [
      '{ question(id: "$question") { text subject { code } } }',
      { ...CHEAP, commands: 2, documentsExamined: 2 },
    ],
    questions: [
      '{ questions(first: 10, filter: { subject: "$subject" }) { nodes { text subject { code } } } }',
      { ...CHEAP, commands: 2, documentsExamined: 15 },
    ],
    signUpsPerDay: [
      '{ signUpsPerDay(month: "2026-10") { day count } }',
      { ...CHEAP, commands: 3, documentsExamined: 5 },
    ],
    student: ['{ student(id: "$student") { id } }', { ...CHEAP, commands: 1, documentsExamined: 1 }],
    studentProgress: [
      '{ studentProgress(student: "$student") { from answers } }',
      { ...CHEAP, commands: 3, documentsExamined: 400 },
    ],
    subjects: ['{ subjects { code } }', { ...CHEAP, commands: 1, documentsExamined: 13 }],
    topQuestions: [
      '{ topQuestions(subject: "$subject", first: 5) { question { text } } }',
      { ...CHEAP, commands: 3, documentsExamined: 15 },
    ],
    transfers: [
      '{ transfers(account: "$account", first: 10) { nodes { amount } } }',
      { ...CHEAP, commands: 1, documentsExamined: 10 },
    ],
    viewer: ['{ viewer { id } }', { ...CHEAP, commands: 0, documentsExamined: 0 }],
  },
};

describe.each(Object.entries(BUDGETS))('%s', (product, budgets) => {
  test('every root field has a budget', () => {
    const { graph } = gateway.server.runtimes.get(product)!;
    expect(Object.keys(budgets)).toEqual(Object.keys(graph.schema.getQueryType()!.getFields()).sort());
  });

  test.each(Object.entries(budgets))('%s keeps to its budget', async (_, [query, budget]) => {
    const asked = query.replaceAll(/\$(\w+)/g, (_, name: string) => ids[name]!);
    const cost = await expectOperation({ url: gateway.url(product), query: asked, token }).toCost(budget);
    expect(cost.list).toHaveLength(budget.commands!);
  });
});

describe('expectOperation', () => {
  const posts = { query: '{ posts(first: 5) { nodes { title author { name } } } }' };
  const own = () => ({ ...posts, url: gateway.url('blog'), token });

  test('names every command of an operation that is over its budget', async () => {
    const over = expectOperation(own()).toCost({ commands: 1, documentsExamined: 1_000 });
    await expect(over).rejects.toThrow(
      /^The operation costs more than its budget\.\ncommands: expected at most 1, got 2\n {2}Query\.posts: find posts, 6 documents and 6 keys examined by \S+\n {2}Post\.author: find users/,
    );
  });

  test('is not held by a budget of nothing', async () => {
    const misspelt = { command: 2, documentsexamined: 3 } as Budget;
    await expect(expectOperation(own()).toCost(misspelt)).rejects.toThrow(
      'A budget has no command, documentsexamined; it has commands, documentsExamined, keysExamined, collectionScans, inMemorySorts.',
    );
    await expect(expectOperation(own()).toCost({ commands: Number.NaN })).rejects.toThrow(
      /commands: expected/,
    );
  });

  test('counts a scan and a sort in memory, and what each of several operations at once costs alone', async () => {
    const { db } = { db: gateway.db('blog') };
    const indexes = await db.collection('posts').listIndexes().toArray();
    await db.collection('posts').dropIndexes();
    try {
      const costs = await Promise.all([1, 2, 3].map(() => expectOperation(own()).toCost({ commands: 2 })));
      for (const cost of costs) {
        expect(cost).toMatchObject({ commands: 2, collectionScans: 1, inMemorySorts: 1 });
        expect(cost.list.filter(({ collection }) => collection === 'posts')).toHaveLength(1);
      }
    } finally {
      await db.collection('posts').createIndexes(indexes as mongo.IndexDescription[]);
    }
  });

  test('adds up the products of the composed graph, and measures a write without doing it again', async () => {
    const query = '{ blog { posts(first: 5) { nodes { title } } } aviation { subjects { code } } }';
    await expectOperation({ url: gateway.url(undefined), query, token }).toCost({ ...CHEAP, commands: 2 });
    const { token: session, id } = await gateway.signUp('blog');
    const created = 'mutation { createPost(input: { title: "Measured", body: "Once" }) { id } }';
    const cost = await expectOperation({ url: gateway.url('blog'), query: created, token: session }).toCost(
      CHEAP,
    );
    expect(cost.list.map(({ command, collection }) => `${command} ${collection}`)).toContain('insert posts');
    const written = { title: 'Measured', author: new mongo.ObjectId(id) };
    expect(await gateway.db('blog').collection('posts').countDocuments(written)).toBe(1);
  });

  test('fails for an operation that is not answered, and where nobody says what it costs', async () => {
    await expect(expectOperation({ ...own(), query: '{ nothing }' }).toCost({})).rejects.toThrow(
      /Cannot query field/,
    );
    const silent = await TestGateway.start({ env: { BULKHEAD_MONITOR: 'false' } });
    const asked = expectOperation({ ...posts, url: silent.url('blog') }).toCost({});
    await expect(asked).rejects.toThrow(/while BULKHEAD_MONITOR is on/);
    await silent.close();
  });

  test('is for operators in production', async () => {
    const production = await TestGateway.start({ env: { NODE_ENV: 'production' } });
    const ask = (token?: string) =>
      expectOperation({ ...posts, url: production.url('blog'), ...(token && { token }) }).toCost({
        collectionScans: 0,
      });
    await expect(ask()).rejects.toThrow(/to operators/);
    await expect(ask(await production.service('blog', 'blog:admin'))).rejects.toThrow(/to operators/);
    expect((await ask(await production.operator())).commands).toBeGreaterThan(0);
    await production.close();
  });
});
