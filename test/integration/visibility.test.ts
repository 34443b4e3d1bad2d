import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signToken } from '../../src/auth/token-keys.js';
import { blogPost, stamped } from '../support/documents.js';
import { type Answer, PASSWORD, TestGateway } from '../support/gateway.js';

type Product = 'blog' | 'aviation';
/** Who asks, in the order of the table's columns. `reader` to `admin` are services of the product itself. */
const PRINCIPALS = [
  'nobody',
  'owner',
  'stranger',
  'reader',
  'writer',
  'admin',
  'operator',
  'blogReader',
] as const;
type Principal = (typeof PRINCIPALS)[number];

interface Case {
  readonly name: string;
  readonly product: Product;
  /** A root field as the product's own endpoint takes it; a mutation prepares what it changes. */
  readonly ask: () => string | Promise<string>;
  readonly mutation?: true;
  /** What the value says, in one word. Errors say their code instead. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape is the query's
  readonly says: (value: any) => string;
  /** What each principal gets, in the order of {@link PRINCIPALS}. */
  readonly expected: string;
}

/** Codes of errors as the table writes them. */
const SHORT: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: '401',
  FORBIDDEN: '403',
  NOT_FOUND: '404',
  ALREADY_EXISTS: '409',
  BAD_USER_INPUT: '400',
  REFERENCE_MISSING: 'missing',
};

let gateway: TestGateway;
const tokens: Record<Product, Record<Principal, string | undefined>> = {
  blog: {} as never,
  aviation: {} as never,
};
/** Credentials that are not good, and those of the other product. */
const bad: Record<Product, Record<string, string>> = { blog: {}, aviation: {} };
const foreign: Record<Product, Record<string, string>> = { blog: {}, aviation: {} };
const users: Record<Product, Record<'owner' | 'stranger', { id: string; token: string }>> = {
  blog: {} as never,
  aviation: {} as never,
};
const ids: Record<string, string> = {};
const answers: string[] = [];

const collection = (product: Product, name: string) => gateway.db(product).collection(name);
const at = (day: number) => new Date(Date.UTC(2026, 2, day));

async function admin(product: Product, query: string): Promise<Answer['body']['data']> {
  const { body } = await gateway.ask(product, query, { token: tokens[product].operator });
  expect(body.errors).toBeUndefined();
  return body.data;
}

beforeAll(async () => {
  gateway = await TestGateway.start();
  for (const product of ['blog', 'aviation'] as const) {
    users[product] = {
      owner: await gateway.signUp(product, 'Owner'),
      stranger: await gateway.signUp(product, 'Stranger'),
    };
    tokens[product] = {
      nobody: undefined,
      owner: users[product].owner.token,
      stranger: users[product].stranger.token,
      reader: await gateway.service(product, `${product}:read`),
      writer: await gateway.service(product, `${product}:write`),
      admin: await gateway.service(product, `${product}:admin`),
      operator: await gateway.operator('*:admin'),
      blogReader: await gateway.operator('blog:read'),
    };
    const keys = gateway.environment.products[product]!.keys!;
    const expired = await gateway.signUp(product);
    await collection(product, 'sessions').updateOne(
      { user: new mongo.ObjectId(expired.id) },
      { $set: { expiresAt: new Date(Date.now() - 1) } },
    );
    bad[product] = {
      'an expired token': await signToken(keys, {
        subject: 's',
        scopes: [`${product}:admin`],
        expiresInS: -60,
      }),
      'an expired session': expired.token,
      'an unknown session': `bhs_${product}_${'a'.repeat(43)}`,
      'no token at all': 'nonsense',
    };
  }
  for (const [product, other] of [
    ['blog', 'aviation'],
    ['aviation', 'blog'],
  ] as const) {
    foreign[product] = {
      'a service of the other product': tokens[other].admin!,
      'a service of the other product that claims this one': await gateway.service(
        other,
        `${product}:admin`,
        '*:admin',
      ),
      'a user of the other product': tokens[other].owner!,
    };
  }
  await fillBlog();
  await fillAviation();
});
afterAll(() => gateway.close());

async function fillBlog(): Promise<void> {
  const [owner, stranger] = (['owner', 'stranger'] as const).map((name) => ({
    _id: new mongo.ObjectId(users.blog[name].id),
    name,
  }));
  const posts = [
    blogPost(stranger!, { title: 'S', tags: ['theirs'], publishedAt: at(4) }),
    blogPost(owner!, { title: 'P', tags: ['tag'], publishedAt: at(3) }),
    blogPost(owner!, { title: 'A', tags: ['tag'], publishedAt: at(2), status: 'ARCHIVED' }),
    blogPost(owner!, { title: 'D', tags: ['tag'], status: 'DRAFT' }),
  ];
  await collection('blog', 'posts').insertMany(posts);
  for (const { _id, title } of posts) ids[title] = _id.toHexString();
  const on = (title: string) =>
    stamped({
      body: `on ${title}`,
      authorName: 'o',
      author: owner!._id,
      post: new mongo.ObjectId(ids[title]),
    });
  await collection('blog', 'comments').insertMany([on('P'), on('D')]);
  const { posts: page } = await admin('blog', '{ posts { edges { cursor node { title } } } }');
  for (const { cursor, node } of page.edges) ids[`cursor ${node.title}`] = cursor;
}

async function fillAviation(): Promise<void> {
  const subject = stamped({ code: '010', name: 'Air law' });
  const question = stamped({
    subject: subject._id,
    text: 'Which?',
    choices: [{ text: 'This.' }, { text: 'That.' }],
    difficulty: 'EASY',
    correctChoice: 1,
  });
  await collection('aviation', 'subjects').insertOne(subject);
  await collection('aviation', 'questions').insertOne(question);
  ids['question'] = question._id.toHexString();
  ids['subject'] = subject._id.toHexString();
  for (const name of ['owner', 'stranger'] as const) {
    const made = await admin(
      'aviation',
      `mutation { createStudent(input: { name: "${name}", user: "${users.aviation[name].id}" }) { id } }`,
    );
    ids[name] = made.createStudent.id;
    const { accounts } = await admin('aviation', `{ accounts(owner: "${ids[name]}") { id } }`);
    ids[`${name}'s account`] = accounts[0].id;
  }
  await admin(
    'aviation',
    `mutation {
    a: recordAttempt(input: { student: "${ids['owner']}", question: "${ids['question']}", choice: 1, answeredAt: "2026-03-02T08:00:00Z" }) { id }
    b: recordAttempt(input: { student: "${ids['owner']}", question: "${ids['question']}", choice: 0, answeredAt: "2026-03-01T08:00:00Z" }) { id }
    c: issueCredits(input: { to: "${ids["owner's account"]}", amount: 100000, idempotencyKey: "i", reason: "r" }) { id }
    d: transferCredits(input: { from: "${ids["owner's account"]}", to: "${ids["stranger's account"]}", amount: 5, idempotencyKey: "t", reason: "r" }) { id }
  }`,
  );
  const { attempts } = await admin(
    'aviation',
    `{ attempts(student: "${ids['owner']}") { edges { cursor } } }`,
  );
  ids['cursor last attempt'] = attempts.edges[1].cursor;
}

/** A new post of the owner, for a mutation to change. */
async function fresh(status: string): Promise<string> {
  const owner = { _id: new mongo.ObjectId(users.blog.owner.id), name: 'Owner' };
  const post = blogPost(owner, { title: 'fresh', status, tags: ['fresh'], author: owner._id });
  await collection('blog', 'posts').insertOne(post);
  return post._id.toHexString();
}
/** A new user of aviation without a student. */
async function freshUser(): Promise<string> {
  const _id = new mongo.ObjectId();
  const user = stamped({
    _id,
    name: 'Fresh',
    email: `${_id.toHexString()}@example.org`,
    passwordHash: 'secret-hash',
  });
  await collection('aviation', 'users').insertOne(user);
  return _id.toHexString();
}
let keys = 0;
const credits = (sides: string) => `{ ${sides}, amount: 1, idempotencyKey: "k${++keys}", reason: "r" }`;

interface Titled {
  readonly title: string;
}
const one = (value: Titled | null) => value?.title ?? '-';
const titles = ({ nodes }: { nodes: readonly Titled[] }) =>
  nodes
    .map((node) => node.title)
    .sort()
    .join('') || '-';
const some = (value: unknown) =>
  value === null || (Array.isArray(value) && value.length === 0) ? '-' : 'yes';
const length = ({ nodes }: { nodes: readonly unknown[] }) => String(nodes.length);
const total = (rows: readonly { answers?: number; count?: number }[]) =>
  rows.reduce((sum, row) => sum + (row.answers ?? row.count ?? 0), 0) > 0 ? 'yes' : '-';

const q = (
  product: Product,
  name: string,
  ask: () => string,
  says: Case['says'],
  expected: string,
): Case => ({
  product,
  name,
  ask,
  says,
  expected,
});
const m = (product: Product, name: string, ask: Case['ask'], expected: string): Case => ({
  product,
  name,
  ask,
  says: some,
  expected,
  mutation: true,
});

// Rows: what is asked, and by which way in. Columns: see PRINCIPALS.
// prettier-ignore
const TABLE: readonly Case[] = [
  //                                                                                                                  nobody owner stranger reader writer admin operator blogReader
  q('blog', 'viewer', () => 'viewer { id scopes }', some,                                                             '-    yes  yes  yes  yes  yes  yes  yes'),
  q('blog', 'a published post', () => `post(id: "${ids['P']}") { title }`, one,                                       'P    P    P    P    P    P    P    P'),
  q('blog', 'a draft', () => `post(id: "${ids['D']}") { title }`, one,                                                '-    D    -    -    -    D    D    -'),
  q('blog', 'an archived post', () => `post(id: "${ids['A']}") { title }`, one,                                       '-    A    -    -    -    A    A    -'),
  q('blog', 'the list', () => 'posts(filter: { tag: "tag" }) { nodes { title } }', titles,                            'P    ADP  P    P    P    ADP  ADP  P'),
  q('blog', 'the list by status', () => 'posts(filter: { status: DRAFT, tag: "tag" }) { nodes { title } }', titles,   '-    D    -    -    -    D    D    -'),
  q('blog', 'the list by author', () => `posts(filter: { author: "${users.blog.owner.id}", tag: "tag" }) { nodes { title } }`, titles, 'P ADP P P P ADP ADP P'),
  q('blog', 'edges, oldest first', () => 'posts(sort: OLDEST, filter: { tag: "tag" }) { edges { node { title } } }',
    ({ edges }) => edges.map((edge: { node: Titled }) => edge.node.title).join(''),                                   'P    DAP  P    P    P    DAP  DAP  P'),
  q('blog', 'before the cursor of a draft', () => `posts(before: "${ids['cursor D']}", filter: { tag: "tag" }) { nodes { title } }`, titles, 'P AP P P P AP AP P'),
  q('blog', 'after the cursor of an archived post', () => `posts(after: "${ids['cursor A']}", filter: { tag: "tag" }) { nodes { title } }`, titles, '- D - - - D D -'),
  q('blog', 'whether there is more', () => 'posts(first: 1, filter: { tag: "tag" }) { pageInfo { hasNextPage } }',
    ({ pageInfo }) => (pageInfo.hasNextPage ? 'yes' : '-'),                                                           '-    yes  -    -    -    yes  yes  -'),
  q('blog', 'whether a cursor stands for something', () => `posts(last: 1, before: "${ids['cursor D']}", filter: { tag: "tag" }) { pageInfo { hasNextPage } }`,
    ({ pageInfo }) => (pageInfo.hasNextPage ? 'yes' : '-'),                                                           '-    yes  -    -    -    yes  yes  -'),
  q('blog', 'comments of a post', () => `post(id: "${ids['P']}") { comments { nodes { body } } }`, (post) => String(post.comments.nodes.length), '1 1 1 1 1 1 1 1'),
  q('blog', 'comments of a draft', () => `post(id: "${ids['D']}") { comments { nodes { body } } }`, some,             '-    yes  -    -    -    yes  yes  -'),
  q('blog', 'back from a comment to its post', () => `post(id: "${ids['P']}") { comments { nodes { post { title } } } }`,
    (post) => post.comments.nodes[0].post.title,                                                                      'P    P    P    P    P    P    P    P'),
  q('blog', 'a user', () => `user(id: "${users.blog.owner.id}") { name }`, some,                                      'yes  yes  yes  yes  yes  yes  yes  yes'),
  q('blog', 'the author of a post', () => `post(id: "${ids['P']}") { author { name } }`, (post) => post.author.name,   'Owner Owner Owner Owner Owner Owner Owner Owner'),
  q('blog', 'sign-ups', () => `signUpsPerDay(month: "${new Date().toISOString().slice(0, 7)}") { count }`, total,      'yes  yes  yes  yes  yes  yes  yes  yes'),
  m('blog', 'createPost', () => 'createPost(input: { title: "t", body: "b", tags: ["fresh"] }) { id }',               '401  yes  yes  403  400  400  400  403'),
  m('blog', 'createPost for the owner', () => `createPost(input: { title: "t", body: "b", author: "${users.blog.owner.id}" }) { id }`, '401 yes 403 403 403 yes yes 403'),
  m('blog', 'updatePost, published', async () => `updatePost(id: "${await fresh('PUBLISHED')}", input: { title: "t" }) { id }`, '401 yes 403 403 403 yes yes 403'),
  m('blog', 'updatePost, draft', async () => `updatePost(id: "${await fresh('DRAFT')}", input: { title: "t" }) { id }`, '401 yes 404 403 404 yes yes 403'),
  m('blog', 'publishPost', async () => `publishPost(id: "${await fresh('DRAFT')}") { id }`,                            '401  yes  404  403  404  yes  yes  403'),
  m('blog', 'archivePost', async () => `archivePost(id: "${await fresh('PUBLISHED')}") { id }`,                        '401  yes  403  403  403  yes  yes  403'),
  m('blog', 'addComment', async () => `addComment(input: { post: "${await fresh('PUBLISHED')}", body: "b" }) { id }`,  '401  yes  yes  403  403  403  403  403'),
  m('blog', 'addComment to a draft', () => `addComment(input: { post: "${ids['D']}", body: "b" }) { id }`,             '401  404  404  403  403  403  403  403'),
  m('blog', 'updateProfile', () => 'updateProfile(input: { bio: "b" }) { id }',                                        '401  yes  yes  403  403  403  403  403'),

  q('aviation', 'viewer', () => 'viewer { id scopes }', some,                                                         '-    yes  yes  yes  yes  yes  yes  -'),
  q('aviation', 'subjects', () => 'subjects { code }', some,                                                          'yes  yes  yes  yes  yes  yes  yes  yes'),
  q('aviation', 'a question', () => `question(id: "${ids['question']}") { text choices { text } subject { name } }`, some, 'yes yes yes yes yes yes yes yes'),
  q('aviation', 'questions', () => `questions(filter: { subject: "${ids['subject']}" }) { nodes { text } }`, length,  '1    1    1    1    1    1    1    1'),
  q('aviation', 'a student', () => `student(id: "${ids['owner']}") { name }`, some,                                   '-    yes  -    yes  yes  yes  yes  -'),
  q('aviation', "a student's user", () => `student(id: "${ids['owner']}") { user { name } }`, some,                   '-    yes  -    yes  yes  yes  yes  -'),
  q('aviation', 'attempts', () => `attempts(student: "${ids['owner']}", last: 2) { nodes { correct } }`, length,      '0    2    0    2    2    2    2    0'),
  q('aviation', 'what attempts refer to', () => `attempts(student: "${ids['owner']}", last: 1) { nodes { student { user { name } } question { text } } }`, length, '0 1 0 1 1 1 1 0'),
  q('aviation', 'before the cursor of an attempt', () => `attempts(student: "${ids['owner']}", before: "${ids['cursor last attempt']}") { edges { node { correct } } }`,
    ({ edges }) => some(edges),                                                                                       '-    yes  -    yes  yes  yes  yes  -'),
  q('aviation', 'whether there are attempts', () => `attempts(student: "${ids['owner']}", first: 0) { pageInfo { hasNextPage } }`,
    ({ pageInfo }) => (pageInfo.hasNextPage ? 'yes' : '-'),                                                           '-    yes  -    yes  yes  yes  yes  -'),
  q('aviation', "a student's performance", () => `performanceBySubject(student: "${ids['owner']}") { answers }`, total, '-  yes  -    yes  yes  yes  yes  -'),
  q('aviation', "a student's progress", () => `studentProgress(student: "${ids['owner']}") { answers }`, total,       '-    yes  -    yes  yes  yes  yes  -'),
  q('aviation', "everybody's performance", () => 'performanceBySubject { answers }', total,                           'yes  yes  yes  yes  yes  yes  yes  yes'),
  q('aviation', 'difficulties', () => 'difficultyDistribution { count }', total,                           'yes  yes  yes  yes  yes  yes  yes  yes'),
  q('aviation', 'worst questions', () => 'topQuestions(minimumAnswers: 1) { answers }', total,                        'yes  yes  yes  yes  yes  yes  yes  yes'),
  q('aviation', 'sign-ups', () => `signUpsPerDay(month: "${new Date().toISOString().slice(0, 7)}") { count }`, total,  'yes  yes  yes  yes  yes  yes  yes  yes'),
  q('aviation', 'an account', () => `account(id: "${ids["owner's account"]}") { balance }`, some,                     '-    yes  -    yes  yes  yes  yes  -'),
  q('aviation', 'accounts', () => `accounts(owner: "${ids['owner']}") { balance }`, some,                             '-    yes  -    yes  yes  yes  yes  -'),
  q('aviation', 'transfers', () => `transfers(account: "${ids["stranger's account"]}", last: 1) { nodes { amount } }`, length, '0 1 1    1    1    1    1    0'),
  q('aviation', 'a transfer of others', () => `transfers(account: "${ids["owner's account"]}", last: 1) { nodes { amount reason } }`, (page) => String(page.nodes[0]?.amount ?? '-'),
                                                                                                                      '-    100000 5  100000 100000 100000 100000 -'),
  q('aviation', 'both sides of a transfer', () => `transfers(account: "${ids["stranger's account"]}", last: 1) { nodes { from { balance } to { balance } } }`, length,
                                                                                                                      '0    missing missing 1 1 1   1    0'),
  m('aviation', 'createStudent', () => 'createStudent(input: { name: "n" }) { id }',                                  '401  409  409  403  400  400  400  401'),
  m('aviation', 'createStudent for another', async () => `createStudent(input: { name: "n", user: "${await freshUser()}" }) { id }`, '401 403 403 403 403 yes yes 401'),
  m('aviation', 'recordAttempt', () => `recordAttempt(input: { student: "${ids['owner']}", question: "${ids['question']}", choice: 1 }) { id }`, '401 yes 404 403 yes yes yes 401'),
  m('aviation', 'recordAttempts', () => `recordAttempts(input: [{ student: "${ids['owner']}", question: "${ids['question']}", choice: 1 }]) { correct }`, '401 yes 404 403 yes yes yes 401'),
  m('aviation', 'issueCredits', () => `issueCredits(input: ${credits(`to: "${ids["owner's account"]}"`)}) { id }`,    '401  403  403  403  403  yes  yes  401'),
  m('aviation', 'transferCredits', () => `transferCredits(input: ${credits(`from: "${ids["owner's account"]}", to: "${ids["stranger's account"]}"`)}) { id }`, '401 403 403 403 403 yes yes 401'),
];

/** Asks one case by one way in, and says in one word what came back. */
async function outcome(one: Case, token: string | undefined, composed: boolean): Promise<string> {
  const text = await one.ask();
  const { product } = one;
  const query = one.mutation
    ? `mutation { r: ${composed ? product + text[0]!.toUpperCase() + text.slice(1) : text} }`
    : composed
      ? `{ ${product} { r: ${text} } }`
      : `{ r: ${text} }`;
  const { status, body } = await gateway.ask(composed ? undefined : product, query, { token });
  answers.push(JSON.stringify(body));
  if (body.errors) {
    const code = String(body.errors[0].extensions.code);
    expect(status).toBe(body.data === undefined ? 401 : 200);
    return SHORT[code] ?? code;
  }
  const root = composed && !one.mutation ? body.data[product] : body.data;
  return one.says(root.r);
}

describe.each([
  ['its own endpoint', false],
  ['the composed graph', true],
] as const)('through %s', (_, composed) => {
  test.each(TABLE)('$product: $name', async (one) => {
    const got: string[] = [];
    // One after another: what is kept for the owner must not be served to the stranger.
    for (const principal of PRINCIPALS)
      got.push(await outcome(one, tokens[one.product][principal], composed));
    expect(got).toEqual(one.expected.split(/ +/));
  });

  test('credentials of the other product are refused there, and anonymous beside their own', async () => {
    for (const one of TABLE) {
      const asNobody = one.expected.split(/ +/)[0];
      for (const [name, token] of Object.entries(foreign[one.product]))
        expect([one.name, name, await outcome(one, token, composed)]).toEqual([
          one.name,
          name,
          composed ? asNobody : '401',
        ]);
    }
  });

  test('credentials that are not good are refused everywhere, also where anybody may ask', async () => {
    for (const one of TABLE.filter(({ name }) =>
      /viewer|a published post|subjects|updatePost|recordAttempt$/.test(name),
    ))
      for (const [name, token] of Object.entries(bad[one.product]))
        expect([one.name, name, await outcome(one, token, composed)]).toEqual([one.name, name, '401']);
  });
});

test('the table asks every root field of both products', async () => {
  // Anybody may sign up, in and out.
  const open = ['signUp', 'signIn', 'signOut'];
  for (const product of ['blog', 'aviation'] as const) {
    const query = '{ __schema { queryType { fields { name } } mutationType { fields { name } } } }';
    const { body } = await gateway.ask(product, query);
    const { queryType, mutationType } = body.data.__schema;
    const fields = [...queryType.fields, ...mutationType.fields].map(({ name }: { name: string }) => name);
    const covered = new Set(open);
    for (const one of TABLE) if (one.product === product) covered.add(/^\w+/.exec(await one.ask())![0]);
    expect(fields.filter((name) => !covered.has(name))).toEqual([]);
  }
});

describe('what no way leads to', () => {
  const INTROSPECTION = '{ __schema { types { name kind fields { name } inputFields { name } } } }';
  const SECRET = ['correctChoice', 'passwordHash', 'email', 'tokenHash', 'password'];

  test.each(['blog', 'aviation', undefined])('%s: no field shows or filters by a secret', async (product) => {
    const { body } = await gateway.ask(product, INTROSPECTION, { token: tokens.blog.operator });
    const types: { name: string; fields: Titles; inputFields: Titles }[] = body.data.__schema.types;
    const having = (key: 'fields' | 'inputFields') =>
      types.filter((type) => type[key]?.some(({ name }) => SECRET.includes(name))).map(({ name }) => name);
    expect(having('fields')).toEqual([]);
    const inputs = ['SignInInput', 'SignUpInput'];
    expect(having('inputFields').sort()).toEqual(
      product ? inputs : ['Aviation', 'Blog'].flatMap((prefix) => inputs.map((name) => prefix + name)),
    );
  });
  type Titles = readonly { readonly name: string }[] | null;

  test('no answer of this file held one', async () => {
    expect(answers.length).toBeGreaterThan(TABLE.length * PRINCIPALS.length * 2);
    const secrets: string[] = [PASSWORD, 'secret-hash'];
    for (const product of ['blog', 'aviation'] as const) {
      for (const user of await collection(product, 'users').find().toArray())
        secrets.push(user['email'], user['passwordHash']);
      for (const session of await collection(product, 'sessions').find().toArray())
        secrets.push(session['tokenHash']);
    }
    const all = answers.join('\n');
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
    expect(all).not.toMatch(/correctChoice|passwordHash|tokenHash/);
  });
});
