import { mongo, type UpdateQuery } from 'mongoose';
import { readFileSync } from 'node:fs';
import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Writer } from '../../src/database/models.js';
import { noTurn } from '../../src/database/write-turn.js';
import type { Row } from '../../src/database/reader.js';
import { CachedResponse } from '../../schema/aviation/index.js';
import { Post, PostStatus } from '../../schema/blog/index.js';
import { errorOf } from '../support/answers.js';
import { blogPost, stamped } from '../support/documents.js';
import { eventually } from '../support/eventually.js';
import { type Answer, TestGateway } from '../support/gateway.js';
import { transactionOf, whileRefusing, writes } from '../support/writing.js';

let gateway: TestGateway;
let operator: string;
beforeAll(async () => {
  // With sample data, whose documents are checked for timestamps when the gateway closes.
  gateway = await TestGateway.start({ scale: 0.01 });
  operator = await gateway.operator();
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
const writerOf = <T extends object>(product: string, target: new () => T) => {
  const { models, reader } = gateway.server.runtimes.get(product)!.link;
  return new Writer<T>(models.model(target), reader, () => ({ comment: 'test', maxTimeMS: 5_000 }), noTurn);
};
describe('indexes', () => {
  test.each([
    ['blog', 'posts', { status: 1, publishedAt: -1, _id: -1 }, {}],
    ['blog', 'comments', { post: 1, createdAt: 1, _id: 1 }, {}],
    ['blog', 'users', { email: 1 }, { unique: true }],
    ['blog', 'sessions', { tokenHash: 1 }, { unique: true }],
    ['blog', 'sessions', { expiresAt: 1 }, { expireAfterSeconds: 0 }],
    ['blog', 'auditentries', { createdAt: 1 }, { expireAfterSeconds: 90 * 24 * 60 * 60 }],
    ['aviation', 'attempts', { student: 1, answeredAt: -1, _id: -1 }, {}],
    ['aviation', 'questions', { subject: 1, difficulty: 1, _id: 1 }, {}],
    ['aviation', 'students', { user: 1 }, { unique: true }],
    ['aviation', 'sessions', { expiresAt: 1 }, { expireAfterSeconds: 0 }],
    ['aviation', 'cachedresponses', { expiresAt: 1 }, { expireAfterSeconds: 0 }],
  ])('%s.%s has %o', async (product, name, key, options) => {
    expect(await collection(product, name).indexes()).toContainEqual(
      expect.objectContaining({ key, ...options }),
    );
  });

  test('the server deletes what has expired, and nothing else', async () => {
    const past = new Date(Date.now() - 1_000);
    const future = new Date(Date.now() + 600_000);
    const old = new Date(Date.now() - 91 * 24 * 60 * 60 * 1_000);
    const session = (expiresAt: Date) =>
      stamped({ user: new mongo.ObjectId(), tokenHash: new mongo.ObjectId().toHexString(), expiresAt });
    const entry = (at: Date) => stamped({ actor: 'a', action: 'b', target: 'c' }, at);
    const kept = (expiresAt: Date) =>
      stamped({ key: new mongo.ObjectId().toHexString(), answer: [], expiresAt });
    const stored = [
      ['blog', 'sessions', session(past), session(future)],
      ['aviation', 'sessions', session(past), session(future)],
      ['aviation', 'cachedresponses', kept(past), kept(future)],
      ['blog', 'auditentries', entry(old), entry(new Date())],
    ] as const;
    for (const [product, name, ...documents] of stored)
      await collection(product, name).insertMany([...documents]);
    for (const [product, name, gone, stays] of stored) {
      await eventually(
        `what has expired is gone from ${product}.${name}`,
        async () => (await collection(product, name).findOne({ _id: gone._id })) === null,
      );
      expect(await collection(product, name).findOne({ _id: stays._id })).not.toBeNull();
    }
  });
});

describe('timestamps', () => {
  const old = new Date('2026-01-01T00:00:00Z');
  /** What a write does to a document's timestamps. */
  async function effect(name: string, _id: mongo.ObjectId, write: () => Promise<unknown>) {
    const rows = collection(name === 'cachedresponses' ? 'aviation' : 'blog', name);
    await rows.updateOne({ _id }, { $set: { createdAt: old, updatedAt: old } });
    const before = Date.now();
    await write();
    const { createdAt, updatedAt } = (await rows.findOne({ _id }))!;
    return { createdAt, moved: (updatedAt as Date).getTime() >= before };
  }

  test('a change moves updatedAt and never createdAt, by whatever path', async () => {
    const { token, id: userId } = await gateway.signUp('blog');
    const made = await ask(
      'blog',
      'mutation { createPost(input: { title: "t", body: "b" }) { id createdAt updatedAt } }',
      token,
    );
    const { id: postId, createdAt, updatedAt } = made.createPost;
    expect(createdAt).toBe(updatedAt);
    const posts = writerOf('blog', Post);
    const byWriter = (change: UpdateQuery<Row>) => () => posts.update({ _id: id(postId) }, change);
    const byGraph =
      (mutation: string, who = token) =>
      () =>
        ask('blog', `mutation { ${mutation} { id } }`, who);
    const paths: readonly (readonly [string, string, () => Promise<unknown>])[] = [
      ['posts', postId, byGraph(`updatePost(id: "${postId}", input: { title: "new" })`)],
      ['posts', postId, byGraph(`publishPost(id: "${postId}")`)],
      ['posts', postId, byGraph(`archivePost(id: "${postId}")`, operator)],
      ['users', userId, byGraph('updateProfile(input: { name: "New" })')],
      ['posts', postId, byWriter({ $set: { title: 'by writer' } })],
      ['posts', postId, byWriter({ title: 'without an operator' })],
      ['posts', postId, byWriter({ $set: { createdAt: new Date(0), updatedAt: new Date(0), title: 'x' } })],
      ['posts', postId, byWriter({ $push: { tags: 'more' } })],
      ['posts', postId, () => posts.upsert({ _id: id(postId) }, { $set: { title: 'upserted' } })],
      [
        'posts',
        postId,
        () => posts.upsert({ _id: id(postId) }, { $set: { title: 'x', createdAt: new Date(0) } }),
      ],
    ];
    for (const [name, text, write] of paths)
      expect(await effect(name, id(text), write)).toEqual({ createdAt: old, moved: true });
  });

  test('what an upsert makes has both; what it finds keeps the one', async () => {
    const answers = writerOf('aviation', CachedResponse);
    const [key, expiresAt] = ['upsert', new Date(Date.now() + 600_000)];
    await answers.upsert({ key }, { $set: { answer: [1], expiresAt } });
    const first = (await collection('aviation', 'cachedresponses').findOne({ key }))!;
    expect(first).toMatchObject({ answer: [1], createdAt: expect.any(Date), updatedAt: first['createdAt'] });
    const again = () => answers.upsert({ key }, { $set: { answer: [2], expiresAt } });
    expect(await effect('cachedresponses', first._id, again)).toEqual({ createdAt: old, moved: true });
  });

  test('everything that can be written by the graph was written, and has both', async () => {
    const { token, id: userId } = await gateway.signUp('aviation');
    const { questions } = await ask('aviation', '{ questions(first: 1) { nodes { id } } }');
    const { createStudent } = await ask(
      'aviation',
      'mutation { createStudent(input: { name: "n" }) { id } }',
      token,
    );
    const attempt = `{ student: "${createStudent.id}", question: "${questions.nodes[0].id}", choice: 0 }`;
    await ask(
      'aviation',
      `mutation { a: recordAttempt(input: ${attempt}) { id } b: recordAttempts(input: [${attempt}, ${attempt}]) { correct } }`,
      token,
    );
    const { accounts } = await ask('aviation', `{ accounts(owner: "${createStudent.id}") { id } }`, token);
    await ask(
      'aviation',
      `mutation { issueCredits(input: { to: "${accounts[0].id}", amount: 1, idempotencyKey: "k", reason: "r" }) { id } }`,
      operator,
    );
    await ask('aviation', '{ difficultyDistribution { count } }');
    const both = { createdAt: { $type: 'date' }, updatedAt: { $type: 'date' } };
    const stamped = [
      ['users', { _id: id(userId) }, 1],
      ['sessions', { user: id(userId) }, 1],
      ['students', { user: id(userId) }, 1],
      ['attempts', { user: id(userId) }, 3],
      ['ledger.accounts', { user: id(userId) }, 1],
      ['ledger.transfers', { to: id(accounts[0].id) }, 1],
    ] as const;
    for (const [name, filter, count] of stamped)
      expect([name, await collection('aviation', name).countDocuments({ ...filter, ...both })]).toEqual([
        name,
        count,
      ]);
    expect(await collection('aviation', 'cachedresponses').countDocuments(both)).toBeGreaterThan(0);
  });
});

describe('validation of documents', () => {
  const draft = (more: Record<string, unknown> = {}) =>
    ({
      title: 'canary',
      body: 'b',
      status: PostStatus.DRAFT,
      tags: [],
      authorName: 'n',
      author: new mongo.ObjectId(),
      ...more,
    }) as never;
  const wrong: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['a title of 201 characters', { title: 'canary'.repeat(34).slice(0, 201) }, 'title (maxlength)'],
    ['an enum out of range', { status: 'CANARY' }, 'status (enum)'],
    ['a missing author', { author: undefined }, 'author (required)'],
    ['a title of blanks', { title: '  ' }, 'title (required)'],
    ['a date that is none', { publishedAt: 'canary' }, 'publishedAt (date)'],
  ];

  test.each(wrong)('%s is not stored, and not repeated', async (_, more, message) => {
    const posts = writerOf('blog', Post);
    const before = await collection('blog', 'posts').countDocuments();
    const refused = {
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(new RegExp(`^Not valid: ${message.replace(/[()]/g, '\\$&')}`, 'i')),
    };
    await expect(posts.insert(draft(more))).rejects.toMatchObject(refused);
    // With good ones around it, in one go: none is stored.
    await expect(posts.insertMany([draft(), draft(more), draft()])).rejects.toMatchObject(refused);
    expect(await collection('blog', 'posts').countDocuments()).toBe(before);
  });

  test.each(wrong.filter(([, more]) => !('author' in more)))(
    '%s is refused in a change, too',
    async (_, more) => {
      const posts = writerOf('blog', Post);
      const { _id } = await posts.insert(draft());
      const failure: unknown = await posts.update({ _id }, { $set: more }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'BAD_USER_INPUT' });
      expect((failure as Error).message).not.toMatch(/canary/i);
      expect(await collection('blog', 'posts').findOne({ _id })).toMatchObject({
        title: 'canary',
        status: 'DRAFT',
      });
    },
  );

  test('a field that the class does not declare is not stored', async () => {
    const { _id } = await writerOf('blog', Post).insert(draft({ secret: 1 }));
    expect(await collection('blog', 'posts').findOne({ _id })).not.toHaveProperty('secret');
  });
});

test.each([
  ['blog', 'createPost', 'title: "t", body: "b", author', 'author { id }'],
  ['aviation', 'createStudent', 'name: "n", user', 'user { id }'],
])(
  '%s: a session may name itself, in capitals too, and nobody else',
  async (product, field, input, named) => {
    const [own, other] = [await gateway.signUp(product), await gateway.signUp(product)];
    const make = (id: string) =>
      gateway.ask(product, `mutation { ${field}(input: { ${input}: "${id}" }) { ${named} } }`, {
        token: own.token,
      });
    for (const id of [other.id, 'x'])
      expect((await make(id)).body.errors[0].extensions.code).toBe('FORBIDDEN');
    const { body } = await make(own.id.toUpperCase());
    expect(body.errors).toBeUndefined();
    expect(Object.values(body.data[field])).toEqual([{ id: own.id }]);
  },
);

test('a new name shows at once where it is referenced, and where it is embedded after the next edit', async () => {
  const { token } = await gateway.signUp('blog', 'Before');
  const { createPost } = await ask(
    'blog',
    'mutation { createPost(input: { title: "t", body: "b" }) { id } }',
    token,
  );
  const names = async () =>
    (await ask('blog', `{ post(id: "${createPost.id}") { authorName author { name } } }`)).post;
  await ask('blog', `mutation { publishPost(id: "${createPost.id}") { id } }`, token);
  await ask('blog', `mutation { addComment(input: { post: "${createPost.id}", body: "b" }) { id } }`, token);
  expect(await names()).toEqual({ authorName: 'Before', author: { name: 'Before' } });
  await ask('blog', 'mutation { updateProfile(input: { name: "After" }) { name } }', token);
  expect(await names()).toEqual({ authorName: 'Before', author: { name: 'After' } });
  await ask(
    'blog',
    `mutation { updatePost(id: "${createPost.id}", input: { tags: ["edited"] }) { id } }`,
    token,
  );
  expect(await names()).toEqual({ authorName: 'After', author: { name: 'After' } });
  const { post } = await ask(
    'blog',
    `{ post(id: "${createPost.id}") { comments { nodes { authorName author { name } } } } }`,
  );
  expect(post.comments.nodes).toEqual([{ authorName: 'Before', author: { name: 'After' } }]);
});

describe('audit', () => {
  const audits = () => collection('blog', 'auditentries');
  async function draftOf(token: string): Promise<string> {
    return (await ask('blog', 'mutation { createPost(input: { title: "t", body: "b" }) { id } }', token))
      .createPost.id;
  }

  test("an administrator's change of somebody else's post is on record, in the same transaction", async () => {
    const { token, id: author } = await gateway.signUp('blog');
    const post = await draftOf(token);
    const changes = [
      ['publishPost', `publishPost(id: "${post}") { id }`],
      ['updatePost', `updatePost(id: "${post}", input: { title: "n" }) { id }`],
      ['archivePost', `archivePost(id: "${post}") { id }`],
      ['createPost', `createPost(input: { title: "t", body: "b", author: "${author}" }) { id }`],
    ] as const;
    for (const [action, mutation] of changes) {
      let target = '';
      const commands = await gateway.commandsOf(async () => {
        target = `Post ${(await ask('blog', `mutation { r: ${mutation} }`, operator)).r.id}`;
      });
      expect(await audits().find({ target, action }).toArray()).toMatchObject([
        { actor: 'operator:op-1', createdAt: expect.any(Date) },
      ]);
      const sent = writes(commands);
      expect(sent.map(({ name, command }) => command[name])).toEqual(['posts', 'auditentries']);
      expect(transactionOf(sent[0]!)).toBeDefined();
      expect(transactionOf(sent[1]!)).toBe(transactionOf(sent[0]!));
    }
    const count = await audits().countDocuments();
    await ask(
      'blog',
      `mutation { a: publishPost(id: "${post}") { id } b: updatePost(id: "${post}", input: { title: "o" }) { id } }`,
      token,
    );
    expect(await audits().countDocuments()).toBe(count);
  });

  test('a change that cannot be put on record does not happen', async () => {
    const { token } = await gateway.signUp('blog');
    const post = await draftOf(token);
    const [code] = await whileRefusing(gateway, 'blog', 'auditentries', async () =>
      errorOf(
        await gateway.ask('blog', `mutation { publishPost(id: "${post}") { id } }`, { token: operator }),
      ),
    );
    expect(code).toBe('INTERNAL_SERVER_ERROR');
    expect(await collection('blog', 'posts').findOne({ _id: id(post) })).toMatchObject({ status: 'DRAFT' });
  });

  test('a change that meets another one is tried again, and both happen', async () => {
    const { id: author } = await gateway.signUp('blog');
    const post = blogPost({ _id: id(author), name: 'n' }, { status: 'DRAFT', title: 'first' });
    await collection('blog', 'posts').insertOne(post);
    const session = gateway.admins.get('blog')!.startSession();
    session.startTransaction();
    const touched = { $set: { body: 'touched', updatedAt: new Date() } };
    await collection('blog', 'posts').updateOne({ _id: post._id }, touched, { session });
    const commands = await gateway.commandsOf(async () => {
      const asked = ask(
        'blog',
        `mutation { publishPost(id: "${post._id.toHexString()}") { status body } }`,
        operator,
      );
      await eventually('it has tried again', () => writes(gateway.commands).length > 1);
      await session.commitTransaction();
      expect((await asked).publishPost).toEqual({ status: 'PUBLISHED', body: 'touched' });
    });
    await session.endSession();
    const tries = new Set(writes(commands).map(transactionOf));
    expect(tries.size).toBeGreaterThan(1);
    expect(await audits().countDocuments({ target: `Post ${post._id.toHexString()}` })).toBe(1);
  });
});

test.each(['blog', 'aviation'])('every query in docs/%s.md is one that the product answers', (product) => {
  const page = readFileSync(new URL(`../../docs/${product}.md`, import.meta.url), 'utf8');
  const queries = [...page.matchAll(/^```graphql\n([^`]+)^```/gm)].map(([, text]) => text!);
  expect(queries.length).toBeGreaterThan(4);
  const { schema } = gateway.server.runtimes.get(product)!.graph;
  for (const query of queries) expect(validate(schema, parse(query))).toEqual([]);
});
