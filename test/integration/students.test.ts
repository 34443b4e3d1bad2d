import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf } from '../support/answers.js';
import { type Answer, TestGateway } from '../support/gateway.js';
import { transactionOf, whileRefusing, writes } from '../support/writing.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({ scale: 0.01 });
});
afterAll(() => gateway.close());

const collection = (product: string, name: string) => gateway.db(product).collection(name);
const id = (text: string) => new mongo.ObjectId(text);

/** Answers `data`; fails on any error. */
async function ask(product: string, query: string, token?: string): Promise<Answer['body']> {
  const { body } = await gateway.ask(product, query, { token });
  expect(body.errors).toBeUndefined();
  return body.data;
}

describe('attempts', () => {
  let student: string;
  let token: string;
  let question: mongo.WithId<mongo.Document>;
  beforeAll(async () => {
    ({ token } = await gateway.signUp('aviation'));
    student = (await ask('aviation', 'mutation { createStudent(input: { name: "n" }) { id } }', token))
      .createStudent.id;
    question = (await collection('aviation', 'questions').findOne({ correctChoice: { $gt: 0 } }))!;
  });
  const input = (more: Record<string, unknown> = {}) => ({
    student,
    question: question._id.toHexString(),
    choice: question['correctChoice'] as number,
    ...more,
  });
  const record = (inputs: readonly object[]) =>
    gateway.ask(
      'aviation',
      'mutation ($input: [RecordAttemptInput!]!) { recordAttempts(input: $input) { correct attempts { correct answeredAt question { text } student { name } } } }',
      {
        token,
        variables: { input: inputs },
      },
    );
  const count = () => collection('aviation', 'attempts').countDocuments({ student: id(student) });

  test('the server decides what is correct', async () => {
    const { body } = await record([
      input(),
      input({ choice: 0 }),
      input({ answeredAt: '2026-03-01T08:00:00.000Z' }),
      input({ answeredAt: null }),
    ]);
    expect(body.errors).toBeUndefined();
    const { correct, attempts } = body.data.recordAttempts;
    expect(attempts.map((one: { correct: boolean }) => one.correct)).toEqual([true, false, true, true]);
    expect(correct).toBe(3);
    expect(attempts[2]).toMatchObject({
      answeredAt: '2026-03-01T08:00:00.000Z',
      question: { text: question['text'] },
      student: { name: 'n' },
    });
    const claimed = await record([{ ...input({ choice: 0 }), correct: true }]);
    expect(errorOf(claimed)[0]).toBe('BAD_USER_INPUT');
  });

  test('500 are one insert in one transaction, with one read of each class', async () => {
    const before = await count();
    const all = await gateway.commandsOf(() => record(Array.from({ length: 500 }, () => input())));
    const commands = all.filter(({ command }) => command['find'] !== 'sessions');
    expect(await count()).toBe(before + 500);
    expect(
      commands
        .slice(0, 2)
        .map(({ name, command }) => `${name} ${command[name]}`)
        .sort(),
    ).toEqual(['find questions', 'find students']);
    const sent = writes(commands);
    expect(sent.map(({ command }) => command['documents'].length)).toEqual([500]);
    expect(transactionOf(sent[0]!)).toBeDefined();
  });

  const unknown = 'a'.repeat(24);
  test.each([
    [
      'an unknown question',
      () => [input(), input({ question: unknown })],
      'NOT_FOUND',
      'There is no such question.',
    ],
    [
      'an unknown student',
      () => [input(), input({ student: unknown })],
      'NOT_FOUND',
      'There is no such student.',
    ],
    [
      'an id that is none',
      () => [input(), input({ question: 'x' })],
      'BAD_USER_INPUT',
      'input.question: expected an id of 24 hexadecimal digits.',
    ],
    [
      'a choice that is none',
      () => [input(), input({ choice: 20 })],
      'BAD_USER_INPUT',
      'input.choice: the question has no such choice.',
    ],
    [
      'an answer to come',
      () => [input(), input({ answeredAt: '2999-01-01T00:00:00Z' })],
      'BAD_USER_INPUT',
      'input.answeredAt: expected a moment in the past, since the year 2000.',
    ],
    [
      'an answer of antiquity',
      () => [input(), input({ answeredAt: '0001-01-01T00:00:00Z' })],
      'BAD_USER_INPUT',
      'input.answeredAt: expected a moment in the past, since the year 2000.',
    ],
    ['none', () => [], 'BAD_USER_INPUT', 'input: expected 1 to 500 attempts, got 0.'],
    [
      '501',
      () => Array.from({ length: 501 }, () => input()),
      'BAD_USER_INPUT',
      'input: expected 1 to 500 attempts, got 501.',
    ],
  ])('%s: nothing is recorded', async (_, inputs, code, message) => {
    const before = await count();
    let answer!: Answer;
    const commands = await gateway.commandsOf(async () => {
      answer = await record(inputs());
    });
    expect(errorOf(answer)).toEqual([code, message]);
    expect(answer.body.data).toEqual({ recordAttempts: null });
    expect(writes(commands)).toEqual([]);
    expect(await count()).toBe(before);
  });

  test('when the database refuses one of them, none is recorded', async () => {
    const before = await count();
    const work = async () => errorOf(await record([input(), input({ choice: 0 }), input()]));
    const [code] = await whileRefusing(gateway, 'aviation', 'attempts', work, { choice: { $ne: 0 } });
    expect(code).toBe('INTERNAL_SERVER_ERROR');
    expect(await count()).toBe(before);
  });
});

describe('a student and the account', () => {
  const create = (token: string) =>
    gateway.ask('aviation', 'mutation { createStudent(input: { name: "n" }) { id user { name } } }', {
      token,
    });

  test('are made in one transaction', async () => {
    const { token, id: user } = await gateway.signUp('aviation', 'Owner');
    let made!: Answer;
    const commands = await gateway.commandsOf(async () => {
      made = await create(token);
    });
    expect(made.body.data.createStudent.user).toEqual({ name: 'Owner' });
    const sent = writes(commands);
    expect(sent.map(({ name, command }) => `${name} ${command[name]}`)).toEqual([
      'insert students',
      'insert ledger.accounts',
    ]);
    expect(transactionOf(sent[0]!)).toBeDefined();
    expect(transactionOf(sent[1]!)).toBe(transactionOf(sent[0]!));
    const owner = id(made.body.data.createStudent.id as string);
    expect(await collection('aviation', 'ledger.accounts').find({ owner }).toArray()).toMatchObject([
      { user: id(user), balance: 0, held: 0, frozen: false, unit: 'credit' },
    ]);
    expect(errorOf(await create(token))).toEqual(['ALREADY_EXISTS', 'Taken: user.']);
    expect(await collection('aviation', 'ledger.accounts').countDocuments({ user: id(user) })).toBe(1);
  });

  test('are both missing when the account cannot be opened', async () => {
    const { token, id: user } = await gateway.signUp('aviation');
    const commands = await gateway.commandsOf(() =>
      whileRefusing(gateway, 'aviation', 'ledger.accounts', async () => {
        expect(errorOf(await create(token))[0]).toBe('INTERNAL_SERVER_ERROR');
      }),
    );
    expect(writes(commands).map(({ name, command }) => command[name])).toEqual([
      'students',
      'ledger.accounts',
    ]);
    expect(await collection('aviation', 'students').countDocuments({ user: id(user) })).toBe(0);
    expect(await collection('aviation', 'ledger.accounts').countDocuments({ user: id(user) })).toBe(0);
    expect((await create(token)).body.errors).toBeUndefined();
  });
});
