import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { productNames } from '../../src/config/names.js';
import { TestGateway } from '../support/gateway.js';
import { comparable, operations, type Writing, write } from '../support/operations.js';

let gateway: TestGateway;
let ids: { post: string; user: string; question: string; subject: string; student: string; account: string };
beforeAll(async () => {
  gateway = await TestGateway.start({ scale: 0.02 });
  const idOf = async (product: string, collection: string, filter = {}) =>
    String((await gateway.db(product).collection(collection).findOne(filter))!._id);
  // Every second author is gone: references that lead nowhere.
  const authors = await gateway.db('blog').collection('posts').distinct('author');
  const gone = authors.filter((_, index) => index % 2 === 0);
  await gateway
    .db('blog')
    .collection('users')
    .deleteMany({ _id: { $in: gone } });
  ids = {
    post: await idOf('blog', 'posts', { status: 'PUBLISHED' }),
    user: await idOf('blog', 'users'),
    question: await idOf('aviation', 'questions'),
    subject: await idOf('aviation', 'subjects'),
    student: await idOf('aviation', 'students'),
    account: await idOf('aviation', 'ledger.accounts', { user: { $ne: null } }),
  };
});
afterAll(() => gateway.close());

const NOBODY = '000000000000000000000000';
/** The ways to ask, for both products; small pages, ids of every kind, arguments that are refused. */
const ASKED = {
  'Query.post': ['(id: $post)', `(id: "${NOBODY}")`, '(id: "nonsense")'],
  'Query.user': ['(id: $user)'],
  'Query.posts': [
    '(first: 2)',
    '(last: 2, sort: OLDEST)',
    '(first: $few, filter: { status: $status })',
    '(first: 1000)',
    '(first: 1, after: "bogus")',
  ],
  'Post.comments': ['(first: 2)', '(first: $few)', '(first: -1)'],
  'Query.question': ['(id: $question)', '(id: "")'],
  'Query.questions': [
    '(first: 2)',
    '(first: $few, filter: { subject: $subject })',
    '(filter: { subject: "x" })',
  ],
  'Query.student': ['(id: $student)'],
  'Query.attempts': ['(student: $student, first: 2)', '(student: "none", first: 1)'],
  'Query.account': ['(id: $account)'],
  'Query.accounts': ['(owner: $student)'],
  'Query.transfers': ['(account: $account, first: 2)'],
};

describe.each(['blog', 'aviation'])(
  'the composed graph answers for %s as its own endpoint does',
  (product) => {
    const { field, typePrefix } = productNames(product);

    test('whatever is asked, interpreted and compiled', async () => {
      const variables: Writing['variables'] = {
        ...Object.fromEntries(Object.entries(ids).map(([name, value]) => [name, { type: 'ID!', value }])),
        few: { type: 'Int = 3', value: undefined },
        status: { type: 'PostStatus', value: 'PUBLISHED' },
      };
      const composedVariables = { ...variables, status: { type: 'BlogPostStatus', value: 'PUBLISHED' } };
      const typeName = (name: string) => (name === 'PageInfo' ? name : typePrefix + name);
      const { schema } = gateway.server.runtimes.get(product)!.graph;
      const token = await gateway.operator();
      const kinds = { answers: 0, errors: 0 };

      await fc.assert(
        fc.asyncProperty(operations({ schema, asked: ASKED }), fc.boolean(), async (generated, signed) => {
          const flat = write(generated, { variables });
          const composed = write(generated, { typeName, namespace: field, variables: composedVariables });
          const options = signed ? { token } : {};
          const ask = async (endpoint: string | undefined, written: typeof flat) =>
            (await gateway.ask(endpoint, written.query, { ...options, variables: written.variables })).body;
          // The second and third time each is compiled.
          const answers = [];
          for (let time = 0; time < 3; time += 1)
            answers.push(
              comparable(await ask(product, flat)),
              comparable(await ask(undefined, composed), undefined, field),
            );
          const [first, ...others] = answers.map((one) =>
            // The composed graph has the product’s names.
            ({ ...one, data: withoutPrefix(one.data, typePrefix) }),
          );
          for (const one of others) expect(one).toEqual(first);
          if (first!.data !== null) kinds.answers += 1;
          if (first!.errors.length > 0) kinds.errors += 1;
        }),
        { numRuns: 60 },
      );
      expect(kinds.answers).toBeGreaterThan(10);
      expect(kinds.errors).toBeGreaterThan(0);
    });
  },
);

const withoutPrefix = (data: unknown, prefix: string): unknown =>
  JSON.parse(JSON.stringify(data).replaceAll(`"${prefix}`, '"')) as unknown;

describe('one product that fails in an operation over both', () => {
  const QUERY =
    '{ blog { posts(first: 2) { nodes { title author { name } } } } aviation { subjects { code } } }';
  const FAULTS = [
    ['open', 'its database cannot be reached'],
    ['parked', 'the server refuses its credential'],
  ] as const;

  test.each(FAULTS)(
    'is null with one error when it is %s; the other’s data is complete',
    async (state, reason) => {
      const { compartment } = gateway.server.runtimes.get('blog')!;
      const whole = await gateway.ask(undefined, QUERY);
      compartment.set(state, reason);
      try {
        // More often than it takes to be compiled.
        for (let time = 0; time < 3; time += 1) {
          const { status, body } = await gateway.ask(undefined, QUERY);
          expect(status).toBe(200);
          expect(body.data).toEqual({ blog: null, aviation: whole.body.data.aviation });
          expect(body.errors).toEqual([
            expect.objectContaining({
              path: ['blog'],
              extensions: expect.objectContaining({ code: 'PRODUCT_UNAVAILABLE' }),
            }),
          ]);
          expect(JSON.stringify(body)).not.toContain(reason);
        }
      } finally {
        compartment.set('ready');
      }
      expect((await gateway.ask(undefined, QUERY)).body.data).toEqual(whole.body.data);
    },
  );

  test('fails alone when its own answer may not be null', async () => {
    const query = '{ blog { posts(first: 1000) { nodes { title } } } aviation { subjects { code } } }';
    for (let time = 0; time < 3; time += 1) {
      const { body } = await gateway.ask(undefined, query);
      expect(body.data.blog).toBeNull();
      expect(body.data.aviation.subjects).toHaveLength(13);
      expect(body.errors).toHaveLength(1);
      expect(body.errors[0]).toMatchObject({
        path: ['blog', 'posts'],
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
  });
});

test('the composed graph is named as promised', async () => {
  const { body } = await gateway.ask(
    undefined,
    '{ __schema { queryType { fields { name type { kind name } } } mutationType { fields { name type { kind } } } types { name } } }',
  );
  const { queryType, mutationType, types } = body.data.__schema;
  expect(queryType.fields).toEqual([
    { name: 'blog', type: { kind: 'OBJECT', name: 'BlogQuery' } },
    { name: 'aviation', type: { kind: 'OBJECT', name: 'AviationQuery' } },
    { name: 'ops', type: { kind: 'OBJECT', name: 'Ops' } },
  ]);
  const mutations: { name: string; type: { kind: string } }[] = mutationType.fields;
  expect(mutations.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['blogSignUp', 'blogCreatePost', 'aviationSignUp', 'aviationTransferCredits']),
  );
  expect(
    mutations.filter(({ name, type }) => !/^(blog|aviation)[A-Z]/.test(name) || type.kind === 'NON_NULL'),
  ).toEqual([]);
  const names: string[] = types.map(({ name }: { name: string }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'BlogUser',
      'AviationUser',
      'BlogPostStatus',
      'BlogPostFilter',
      'PageInfo',
      'DateTime',
      'Credits',
    ]),
  );
  const unprefixed = names.filter((name) => !/^(__|Blog|Aviation|Ops)/.test(name));
  expect(unprefixed.sort()).toEqual(
    [
      'Boolean',
      'Credits',
      'DateTime',
      'ID',
      'Int',
      'Float',
      'Mutation',
      'PageInfo',
      'Query',
      'String',
    ].sort(),
  );
});
