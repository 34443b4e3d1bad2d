import { defineGateway } from 'bulkhead';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestGateway } from '../support/gateway.js';
import { library } from '../support/library.js';

const ISSUE = (alias: string, to: string, key: string, amount = '10') =>
  `${alias}: %ssueCredits(input: { to: "${to}", amount: ${amount}, idempotencyKey: "${key}", reason: "test" }) { amount to { balance } }`;

describe.each([
  ['the product’s own graph', 'aviation', 'i', 't'],
  ['the composed graph', undefined, 'aviationI', 'aviationT'],
])('mutations of %s', (_, endpoint, issue, transfer) => {
  let gateway: TestGateway;
  let token: string;
  let accounts: [string, string];
  let round = 0;
  beforeAll(async () => {
    gateway = await TestGateway.start();
    token = await gateway.operator();
  });
  beforeEach(async () => {
    round += 1;
    const open = async () => {
      const user = await gateway.signUp('aviation');
      const { body } = await gateway.ask(
        'aviation',
        'mutation { createStudent(input: { name: "Student" }) { id } }',
        { token: user.token },
      );
      const { data } = (
        await gateway.ask('aviation', `{ accounts(owner: "${body.data.createStudent.id}") { id } }`, {
          token,
        })
      ).body;
      return data.accounts[0].id as string;
    };
    accounts = [await open(), await open()];
  });
  afterAll(() => gateway.close());
  const ask = async (query: string, variables: Record<string, unknown> = {}) =>
    (await gateway.ask(endpoint, query.replaceAll('%s', issue + 's'), { token, variables })).body;
  const key = (name: string) => `${name}-${round}`;

  test('see what those before them did: fresh loaders for each', async () => {
    const [to, other] = accounts;
    const { data, errors } = await ask(`mutation {
      ${ISSUE('a', to, key('a'))}
      ${ISSUE('b', to, key('b'))}
      c: ${transfer}ransferCredits(input: { from: "${to}", to: "${other}", amount: 5, idempotencyKey: "${key('c')}", reason: "test" }) { from { balance } to { balance } }
      ${ISSUE('d', to, key('d'))}
    }`);
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      a: { amount: 10, to: { balance: 10 } },
      b: { amount: 10, to: { balance: 20 } },
      c: { from: { balance: 15 }, to: { balance: 5 } },
      d: { amount: 10, to: { balance: 25 } },
    });
  });

  test('run in the order of the document, through aliases, fragments and conditions', async () => {
    const [to] = accounts;
    const { data } = await ask(
      `mutation ($yes: Boolean!, $no: Boolean!) {
        ...First
        ... @include(if: $yes) { ${ISSUE('third', to, key('third'))} }
        ... @include(if: $no) { ${ISSUE('never', to, key('never'))} }
        ${ISSUE('fourth', to, key('fourth'))}
        ...First @skip(if: $no)
        first: %ssueCredits(input: { to: "${to}", amount: 10, idempotencyKey: "${key('first')}", reason: "test" }) { id }
      }
      fragment First on Mutation { ${ISSUE('first', to, key('first'))} ...Second }
      fragment Second on Mutation { ${ISSUE('second', to, key('second'))} }`,
      { yes: true, no: false },
    );
    expect(Object.keys(data)).toEqual(['first', 'second', 'third', 'fourth']);
    expect(
      Object.values(data as Record<string, { to: { balance: number } }>).map(({ to }) => to.balance),
    ).toEqual([10, 20, 30, 40]);
    expect(data.first).toEqual({ id: expect.any(String), amount: 10, to: { balance: 10 } });
    const stored = await gateway
      .db('aviation')
      .collection('ledger.transfers')
      .find({ idempotencyKey: new RegExp(`-${round}$`) })
      .sort({ _id: 1 })
      .toArray();
    expect(stored.map(({ idempotencyKey }) => idempotencyKey)).toEqual(
      ['first', 'second', 'third', 'fourth'].map(key),
    );
  });

  test('that are refused are null with an error, and the next still run', async () => {
    const [to] = accounts;
    const { data, errors } = await ask(`mutation {
      ${ISSUE('a', to, key('a'))}
      ${ISSUE('b', '000000000000000000000000', key('b'))}
      ${ISSUE('c', to, key('c'), '0')}
      ${ISSUE('d', to, key('d'))}
    }`);
    expect(data).toEqual({
      a: { amount: 10, to: { balance: 10 } },
      b: null,
      c: null,
      d: { amount: 10, to: { balance: 20 } },
    });
    expect(
      errors.map(({ path, extensions }: { path: string[]; extensions: { code: string } }) => [
        path,
        extensions.code,
      ]),
    ).toEqual([
      [['b'], 'ACCOUNT_NOT_FOUND'],
      [['c'], 'AMOUNT_INVALID'],
    ]);
  });

  test('finish what is selected of them before the next begins', async () => {
    const [to] = accounts;
    const commands = await gateway.commandsOf(() =>
      ask(`mutation Two { ${ISSUE('a', to, key('a'))} ${ISSUE('b', to, key('b'))} }`),
    );
    const order = commands
      .filter(({ name, command }) => name === 'insert' || command['find'] === 'ledger.accounts')
      .map(({ name, command }) => `${name} ${/:[^:]*$/.exec(String(command['comment']))?.[0]}`)
      .filter((one) => one.startsWith('insert') || one.includes('Transfer.to'));
    expect(order).toEqual([
      'insert :Mutation.issueCredits',
      'find :Transfer.to',
      'insert :Mutation.issueCredits',
      'find :Transfer.to',
    ]);
  });

  test('that were replayed are named by their response keys', async () => {
    const [to] = accounts;
    const query = `mutation { ${ISSUE('a', to, key('same'))} ${ISSUE('b', to, key('same'))} ${ISSUE('c', to, key('other'))} }`;
    const first = await ask(query);
    expect(first.extensions).toEqual({ replayed: ['b'] });
    expect(first.data.b).toEqual({ amount: 10, to: { balance: 10 } });
    const again = await ask(query);
    expect(again.extensions).toEqual({ replayed: ['a', 'b', 'c'] });
    expect(again.data.c).toEqual({ amount: 10, to: { balance: 20 } });
  });

  test.each([
    ['1.5', 'BAD_USER_INPUT'],
    ['9007199254740993', 'BAD_USER_INPUT'],
    ['"10"', 'BAD_USER_INPUT'],
    ['0', 'AMOUNT_INVALID'],
    ['-10', 'AMOUNT_INVALID'],
  ])('with the amount %s written into the document are refused as %s', async (amount, code) => {
    const [to] = accounts;
    const { errors } = await ask(`mutation { ${ISSUE('a', to, key('amount'), amount)} }`);
    expect(errors.map((error: { extensions: { code: string } }) => error.extensions.code)).toEqual([code]);
  });
});

describe('mutations whose time is up', () => {
  const { product, witness } = library({ deadlineMs: 400, rootFields: 2 ** 30, cost: 2 ** 30 });
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await TestGateway.start({ gateway: defineGateway({ products: { library: product } }) });
  });
  afterAll(() => gateway.close());

  test.each([
    ['library', 'addBook'],
    [undefined, 'libraryAddBook'],
  ])('do not begin (%s)', async (endpoint, addBook) => {
    const query = `mutation { a: ${addBook}(title: "${addBook} quick") { title } b: ${addBook}(title: "${addBook} slow", waitMs: 600) { title } c: ${addBook}(title: "${addBook} late") { title } }`;
    const { body } = await gateway.ask(endpoint, query);
    expect(body.data).toEqual({ a: { title: `${addBook} quick` }, b: null, c: null });
    expect(body.errors.map(({ extensions }: { extensions: { code: string } }) => extensions.code)).toEqual([
      'PRODUCT_UNAVAILABLE',
      'PRODUCT_UNAVAILABLE',
    ]);
    const late = gateway
      .db('library')
      .collection('books')
      .countDocuments({ title: `${addBook} late` });
    expect(await late).toBe(0);
  });

  test('a failed one is masked, and the next runs', async () => {
    witness.failure = new Error('mongodb://user:secret@db.example/library');
    const query = 'mutation { a: addBook(title: "") { title } b: addBook(title: "after") { title } }';
    const { body } = await gateway.ask('library', query);
    expect(body.data).toEqual({ a: null, b: { title: 'after' } });
    expect(body.errors).toHaveLength(1);
    expect(body.errors[0]).toMatchObject({ path: ['a'], extensions: { code: 'INTERNAL_SERVER_ERROR' } });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  test('fragments that spread others twice cost no time', async () => {
    const levels = 28;
    const fragments = Array.from(
      { length: levels },
      (_, n) => `fragment F${n} on Mutation { ...F${n + 1} ...F${n + 1} }`,
    );
    const query = `mutation { ...F0 } ${fragments.join(' ')} fragment F${levels} on Mutation { addBook(title: "once") { title } }`;
    const { body } = await gateway.ask('library', query);
    expect(body.data).toEqual({ addBook: { title: 'once' } });
    expect(await gateway.db('library').collection('books').countDocuments({ title: 'once' })).toBe(1);
  });

  test('a key that every object has is a key like others', async () => {
    const { body } = await gateway.ask(
      'library',
      'mutation { constructor: addBook(title: "key") { title } }',
    );
    expect(body.data).toEqual({ constructor: { title: 'key' } });
  });
});
