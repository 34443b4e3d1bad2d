import { defineGateway } from 'bulkhead';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway } from '../support/gateway.js';
import { library } from '../support/library.js';

const { product, witness } = library();
let gateway: TestGateway;
const [ada, bob, gone, book] = Array.from({ length: 4 }, () => new mongo.ObjectId());
const times = { createdAt: new Date(), updatedAt: new Date() };
beforeAll(async () => {
  gateway = await TestGateway.start({ gateway: defineGateway({ products: { library: product } }) });
  const db = gateway.db('library');
  const author = { address: 'secret', account: '1', voice: 'soft', ...times };
  await db.collection('authors').insertMany([
    { _id: ada!, name: 'Ada', alias: 'a', ...author },
    { _id: bob!, name: 'Bob', alias: 'b', ...author },
  ]);
  await db.collection('books').insertMany([
    {
      _id: book!,
      title: 'A',
      author: ada,
      critic: bob,
      ghostwriter: bob,
      editors: [ada, gone, bob],
      readers: [bob, gone],
      pages: 3,
      ...times,
    },
    { title: 'B', author: gone, editors: [], pages: 5, ...times },
    { title: 'C', pages: 7, ...times },
  ] as mongo.OptionalId<mongo.Document>[]);
});
afterAll(() => gateway.close());

/** The answer, the same however often it is asked: interpreted first, compiled then. */
async function ask(query: string, token?: string) {
  const answers = [];
  for (let time = 0; time < 3; time += 1) answers.push((await gateway.ask('library', query, { token })).body);
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  return answers[0];
}
const found = async (query: string) =>
  (await gateway.commandsOf(() => gateway.ask('library', query))).map(({ command }) => ({
    find: command['find'],
    projection: command['projection'],
  }));

describe('a reference', () => {
  test('follows itself: null where nothing is, null and REFERENCE_MISSING where the document is gone', async () => {
    const { data, errors } = await ask('{ books { title author { name } } }');
    expect(data.books).toEqual([
      { title: 'A', author: { name: 'Ada' } },
      { title: 'B', author: null },
      { title: 'C', author: null },
    ]);
    expect(errors).toEqual([
      expect.objectContaining({ path: ['books', 1, 'author'], extensions: { code: 'REFERENCE_MISSING' } }),
    ]);
  });

  test('costs one command per level, with the fields that are asked of it', async () => {
    expect(await found('{ books { author { penName } reviewer { penName } } }')).toEqual([
      { find: 'books', projection: { _id: 1, author: 1, critic: 1 } },
      { find: 'authors', projection: { _id: 1, alias: 1 } },
    ]);
  });

  test('has a name of its own in the graph', async () => {
    const { data } = await ask('{ books { reviewer { name } } }');
    expect(data.books[0]).toEqual({ reviewer: { name: 'Bob' } });
  });

  test('behind a guard is followed only after it', async () => {
    const query = '{ books { ghostwriter { name } } }';
    const refused = await ask(query);
    expect(refused.data.books[0]).toEqual({ ghostwriter: null });
    expect(refused.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect((await found(query)).map(({ find }) => find)).toEqual(['books']);
    const open = await ask(query, await gateway.service('library', 'library:admin'));
    expect(open.data.books[0]).toEqual({ ghostwriter: { name: 'Bob' } });
  });

  test('in a list that is never null is left out when it is gone; no list is an empty one', async () => {
    const { data, errors } = await ask('{ books { editors { name } } }');
    expect(data.books).toEqual([
      { editors: [{ name: 'Ada' }, { name: 'Bob' }] },
      { editors: [] },
      { editors: [] },
    ]);
    expect(errors).toBeUndefined();
  });

  test('in a list that may hold null is null and REFERENCE_MISSING in its place', async () => {
    const { data, errors } = await ask('{ books { readers { name } } }');
    expect(data.books).toEqual([{ readers: [{ name: 'Bob' }, null] }, { readers: null }, { readers: null }]);
    expect(errors).toEqual([
      expect.objectContaining({
        path: ['books', 0, 'readers', 1],
        extensions: { code: 'REFERENCE_MISSING' },
      }),
    ]);
  });

  test('of a document that was just written is followed, too', async () => {
    const { data } = (
      await gateway.ask(
        'library',
        `mutation { addBook(title: "D", author: "${String(ada)}") { author { name } } }`,
      )
    ).body;
    expect(data.addBook).toEqual({ author: { name: 'Ada' } });
    await gateway.db('library').collection('books').deleteOne({ title: 'D' });
  });
});

describe('what a field reads', () => {
  test('is what a getter requires, and its class’s methods are there', async () => {
    const query = `{ author(id: "${String(ada)}") { signature } }`;
    expect((await ask(query)).data.author).toEqual({ signature: 'A. alias a' });
    expect(await found(query)).toEqual([{ find: 'authors', projection: { _id: 1, name: 1, alias: 1 } }]);
  });

  test('is what a field resolver requires', async () => {
    witness.roots.length = 0;
    const query = '{ books { leaves } }';
    expect((await ask(query)).data.books).toEqual([{ leaves: 2 }, { leaves: 3 }, { leaves: 4 }]);
    expect(witness.roots[0]).toEqual(['_id', 'pages']);
    expect(await found(query)).toEqual([{ find: 'books', projection: { _id: 1, pages: 1 } }]);
  });

  test('is the whole document for a field resolver that says nothing', async () => {
    witness.roots.length = 0;
    const query = '{ books { summary } }';
    expect((await ask(query)).data.books[0]).toEqual({ summary: 'A, 3 pages' });
    expect(witness.roots[0]).toEqual(expect.arrayContaining(['author', 'pages', 'title', 'updatedAt']));
    expect(await found(query)).toEqual([{ find: 'books', projection: undefined }]);
  });

  test('is the stored field behind another name', async () => {
    const query = `{ author(id: "${String(bob)}") { penName } }`;
    expect((await ask(query)).data.author).toEqual({ penName: 'b' });
    expect(await found(query)).toEqual([{ find: 'authors', projection: { _id: 1, alias: 1 } }]);
  });
});
