import { defineGateway } from 'bulkhead';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway } from '../support/gateway.js';
import { library } from '../support/library.js';

const left = library();
const right = library();
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({
    gateway: defineGateway({ products: { left: left.product, right: right.product } }),
  });
});
afterAll(() => gateway.close());

const times = () => ({ createdAt: new Date(), updatedAt: new Date() });
const ADD = 'mutation ($title: String!) { addBook(title: $title) { id title } }';

describe('two products whose classes have the same names', () => {
  test('store apart and see nothing of each other', async () => {
    const added = await gateway.ask('left', ADD, { variables: { title: 'Of the left' } });
    expect(added.body.data.addBook.title).toBe('Of the left');
    const [here, there, both] = await Promise.all([
      gateway.ask('left', '{ books { title } }'),
      gateway.ask('right', '{ books { title } }'),
      gateway.ask(undefined, '{ left { books { title } } right { books { title } } }'),
    ]);
    expect(here.body.data).toEqual({ books: [{ title: 'Of the left' }] });
    expect(there.body.data).toEqual({ books: [] });
    expect(both.body.data).toEqual({ left: here.body.data, right: there.body.data });
    expect(await gateway.db('left').collection('books').countDocuments()).toBe(1);
    expect(await gateway.db('right').collection('books').countDocuments()).toBe(0);
  });

  test('send each command on their own connection, to their own database', async () => {
    const commands = await gateway.commandsOf(() =>
      gateway.ask(undefined, '{ left { books { title } } right { books { title } } }'),
    );
    expect(new Map(commands.map(({ product, command }) => [product, command['$db']]))).toEqual(
      new Map(Object.entries(gateway.databases)),
    );
    expect(commands).toHaveLength(2);
  });

  test('have models of their own, on connections of their own', () => {
    const [one, other] = ['left', 'right'].map((name) => gateway.server.runtimes.get(name)!.link);
    const model = one!.models.model(left.classes.book);
    expect(model.db).toBe(one!.connection);
    expect(other!.models.model(right.classes.book).db).toBe(other!.connection);
    expect(() => other!.models.model(left.classes.book)).toThrow('is not a class of this product');
  });
});

describe('a resolver’s context', () => {
  const QUERY = '{ left { books { id } } right { books { id } } }';

  test('is frozen, and the same kind of thing on both endpoints', async () => {
    left.witness.contexts.length = 0;
    await gateway.ask('left', '{ books { id } }');
    await gateway.ask(undefined, QUERY);
    const [flat, composed] = left.witness.contexts;
    expect(Object.isFrozen(flat)).toBe(true);
    expect(Object.isFrozen(composed)).toBe(true);
    expect(Object.keys(composed!)).toEqual(Object.keys(flat!));
    expect(Object.keys(flat!).filter((key) => /enter|products|gateway/.test(key))).toEqual([]);
  });

  test('leads to nothing of another product', async () => {
    left.witness.contexts.length = right.witness.contexts.length = 0;
    await gateway.ask(undefined, QUERY);
    const reached = reachable(left.witness.contexts[0]);
    const runtime = gateway.server.runtimes.get('right')!;
    const foreign = [
      right.witness.contexts[0],
      runtime,
      runtime.link.connection,
      runtime.link.connection.getClient(),
      runtime.link.reader,
      runtime.link.models,
      runtime.compartment,
      ...Object.values(right.classes),
    ];
    expect(reached.size).toBeGreaterThan(20);
    expect(foreign.filter((one) => reached.has(one as object))).toEqual([]);
    // The search finds what is there.
    expect(reached.has(left.witness.contexts[0]!.loaders)).toBe(true);
  });
});

describe('guards and middlewares', () => {
  const AUTHOR = '{ author(id: "%") { id name penName address bank loud signature whisper } }';
  let id: string;
  beforeAll(async () => {
    const _id = new mongo.ObjectId();
    id = String(_id);
    const stored = { name: 'Ada', alias: 'A. L.', address: 'London', account: '42', voice: 'clear' };
    await gateway
      .db('left')
      .collection('authors')
      .insertOne({ _id, ...stored, ...times() });
    await gateway
      .db('left')
      .collection('vaults')
      .insertOne({ gold: 'all', ...times() });
  });

  test.each([
    ['the product’s own graph', 'left'],
    ['the composed graph', undefined],
  ])('stand before their fields in %s', async (_, endpoint) => {
    const flat = AUTHOR.replace('%', id);
    const query = endpoint ? flat : `{ left ${flat} }`;
    const dataOf = (body: { data: Record<string, unknown> }) =>
      (endpoint ? body.data : body.data['left']) as { author: unknown };
    // Whichever way the operation is run: interpreted first, compiled then.
    for (let time = 0; time < 3; time += 1) {
      const refused = await gateway.ask(endpoint, query.replace(' whisper', ''));
      expect(dataOf(refused.body).author).toEqual({
        id,
        name: 'Ada',
        penName: 'A. L.',
        address: null,
        bank: null,
        loud: 'CLEAR',
        signature: 'A. alias A. L.',
      });
      const codes = refused.body.errors.map((error: { path: string[]; extensions: { code: string } }) => [
        error.path.at(-1),
        error.extensions.code,
      ]);
      expect(codes.sort()).toEqual([
        ['address', 'UNAUTHENTICATED'],
        ['bank', 'UNAUTHENTICATED'],
      ]);
      const token = endpoint ? await gateway.service('left', 'left:admin') : await gateway.operator();
      const open = await gateway.ask(endpoint, query, { token });
      expect(dataOf(open.body).author).toMatchObject({ address: 'London', bank: '42', whisper: 'ada' });
    }
  });

  test('on a class stand before each of its fields', async () => {
    const query = '{ vaults { gold } }';
    for (let time = 0; time < 3; time += 1) {
      const { body } = await gateway.ask('left', query);
      expect(body.data).toEqual({ vaults: [{ gold: null }] });
      expect(body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    }
    const { body } = await gateway.ask('left', query, { token: await gateway.service('left', 'left:admin') });
    expect(body.data).toEqual({ vaults: [{ gold: 'all' }] });
  });

  test('are the only resolvers that fields of stored values have', () => {
    const schema = gateway.server.runtimes.get('left')!.graph.schema;
    const type = schema.getType('Author') as unknown as {
      getFields(): Record<string, { resolve?: unknown }>;
    };
    const resolved = Object.entries(type.getFields()).filter(([, field]) => field.resolve);
    expect(resolved.map(([name]) => name).sort()).toEqual([
      'address',
      'bank',
      'id',
      'loud',
      'penName',
      'signature',
      'whisper',
    ]);
  });
});

test('a union tells lean documents apart on both endpoints', async () => {
  const things = '{ things { __typename ... on %Book { title } } }';
  const flat = await gateway.ask('left', things.replace('%', ''));
  expect(flat.body.data.things).toEqual([{ __typename: 'Book', title: 'Lean' }, { __typename: 'Author' }]);
  const composed = await gateway.ask(undefined, `{ left ${things.replace('%', 'Left')} }`);
  expect(composed.body.data.left.things).toEqual([
    { __typename: 'LeftBook', title: 'Lean' },
    { __typename: 'LeftAuthor' },
  ]);
});

/** Every object that can be reached by properties and prototypes. */
function reachable(start: unknown): Set<object> {
  const seen = new Set<object>();
  const next = [start];
  while (next.length > 0) {
    const one = next.pop();
    if ((typeof one !== 'object' && typeof one !== 'function') || one === null || seen.has(one)) continue;
    // The language’s own objects are everybody’s.
    if (one === Object.prototype || one === Function.prototype || one === globalThis) continue;
    seen.add(one);
    next.push(Object.getPrototypeOf(one));
    if (one instanceof Map) for (const [key, value] of one) next.push(key, value);
    if (one instanceof Set) next.push(...one);
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(one))) next.push(value);
  }
  return seen;
}
