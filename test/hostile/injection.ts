import { type Attack, group } from './attack.js';

const NOTHING = '200 nothing';
const INPUT = '400 BAD_USER_INPUT';

const operators: readonly [string, unknown][] = [
  ['$ne', { $ne: null }],
  ['$gt', { $gt: '' }],
  ['$regex', { $regex: '.*' }],
  ['$where', { $where: 'sleep(5000)' }],
  ['$in', { $in: [] }],
  ['an object with toString', { toString: 'x', valueOf: 1 }],
  ['a list of objects', [{ $ne: null }]],
];
/** Every argument by which a client's value can come to a filter. */
const places: readonly [name: string, to: string, query: string, variable: (value: unknown) => unknown][] = [
  ['post.id', 'blog', 'query ($v: ID!) { post(id: $v) { id } }', (v) => v],
  ['user.id', 'blog', 'query ($v: ID!) { user(id: $v) { id } }', (v) => v],
  [
    'posts.filter.tag',
    'blog',
    'query ($v: PostFilter) { posts(first: 1, filter: $v) { nodes { id } } }',
    (v) => ({ tag: v }),
  ],
  [
    'posts.filter.author',
    'blog',
    'query ($v: PostFilter) { posts(first: 1, filter: $v) { nodes { id } } }',
    (v) => ({ author: v }),
  ],
  [
    'posts.filter.status',
    'blog',
    'query ($v: PostFilter) { posts(first: 1, filter: $v) { nodes { id } } }',
    (v) => ({ status: v }),
  ],
  [
    'posts.filter',
    'blog',
    'query ($v: PostFilter) { posts(first: 1, filter: $v) { nodes { id } } }',
    (v) => v,
  ],
  ['posts.after', 'blog', 'query ($v: String) { posts(first: 1, after: $v) { nodes { id } } }', (v) => v],
  [
    'signIn.email',
    'blog',
    'mutation ($v: SignInInput!) { signIn(input: $v) { token } }',
    (v) => ({ email: v, password: 'x' }),
  ],
  [
    'signIn.password',
    'blog',
    'mutation ($v: SignInInput!) { signIn(input: $v) { token } }',
    (v) => ({ email: 'a@example.org', password: v }),
  ],
  ['signUpsPerDay.month', 'blog', 'query ($v: String!) { signUpsPerDay(month: $v) { day } }', (v) => v],
  ['question.id', 'aviation', 'query ($v: ID!) { question(id: $v) { id } }', (v) => v],
  [
    'questions.filter.subject',
    'aviation',
    'query ($v: QuestionFilter) { questions(first: 1, filter: $v) { nodes { id } } }',
    (v) => ({ subject: v }),
  ],
  ['topQuestions.subject', 'aviation', 'query ($v: ID) { topQuestions(subject: $v) { answers } }', (v) => v],
  [
    'studentProgress.student',
    'aviation',
    'query ($v: ID!) { studentProgress(student: $v) { answers } }',
    (v) => v,
  ],
  ['accounts.owner', 'aviation', 'query ($v: ID!) { accounts(owner: $v) { id } }', (v) => v],
];
const objects = group('operators of the database as values');
for (const [place, to, query, variable] of places)
  for (const [operator, value] of operators)
    objects.document(`${operator} as ${place}`, query, INPUT, {
      to,
      as: to === 'aviation' ? 'aviationUser' : undefined,
      variables: { v: variable(value) },
    });

const prototypes = group('prototypes as values');
for (const [place, to, query, variable] of places)
  prototypes.document(place, query, '400 BAD_REQUEST', {
    to,
    as: to === 'aviation' ? 'aviationUser' : undefined,
    variables: { v: variable(JSON.parse('{"__proto__":{"x":1}}')) },
  });

const strings = group('operators of the database as text');
for (const text of [
  '{"$ne":null}',
  '$where',
  'this.constructor',
  "'; sleep(5000); '",
  '[object Object]',
  'a.b',
  '$secret',
])
  for (const [place, to, query] of [
    ['post.id', 'blog', 'query ($v: ID!) { post(id: $v) { id } }'],
    ['user.id', 'blog', 'query ($v: ID!) { user(id: $v) { id } }'],
    ['question.id', 'aviation', 'query ($v: ID!) { question(id: $v) { id } }'],
  ] as const)
    strings.document(`${text} as ${place}: nothing has such an id`, query, NOTHING, {
      to,
      as: to === 'aviation' ? 'aviationUser' : undefined,
      variables: { v: text },
    });
for (const text of ['(a+)+$', '.*', '$ne', 'a'.repeat(41)])
  strings.document(
    `${text.slice(0, 10)} as a tag`,
    'query ($t: String) { posts(first: 1, filter: { tag: $t }) { nodes { id } } }',
    text.length > 40 ? '200 BAD_USER_INPUT' : NOTHING,
    { to: 'blog', variables: { t: text } },
  );
for (const cursor of [
  'e30',
  'eyIkbmUiOm51bGx9',
  'bnVsbA',
  '[]',
  'W10',
  '__proto__',
  '../../etc/passwd',
  'a'.repeat(10_000),
])
  strings.document(
    `${cursor.slice(0, 16)} as a cursor`,
    'query ($c: String) { posts(first: 1, after: $c) { nodes { id } } }',
    '200 CURSOR_INVALID',
    { to: 'blog', variables: { c: cursor } },
  );

const ids = group('ids');
for (const id of [
  'abcdefghijkl',
  '0',
  '-1',
  '',
  ' '.repeat(24),
  'g'.repeat(24),
  '0'.repeat(23),
  '0'.repeat(25),
  'ａ'.repeat(24),
])
  ids.document(`"${id}" names nothing`, 'query ($v: ID!) { post(id: $v) { id } }', NOTHING, {
    to: 'blog',
    variables: { v: id },
  });
for (const value of [1.5, true, null, {}, []])
  ids.document(`${JSON.stringify(value)} is no id`, 'query ($v: ID!) { post(id: $v) { id } }', INPUT, {
    to: 'blog',
    variables: { v: value },
  });
for (const value of [0, 2 ** 53])
  ids.document(`${value} as a number names nothing`, 'query ($v: ID!) { post(id: $v) { id } }', NOTHING, {
    to: 'blog',
    variables: { v: value },
  });

const amounts = group('amounts');
const transfer = 'mutation ($v: TransferCreditsInput!) { transferCredits(input: $v) { id } }';
const input = (more: object) => ({
  v: { from: '0'.repeat(24), to: '1'.repeat(24), amount: 1, reason: 'r', idempotencyKey: 'k', ...more },
});
for (const amount of [0, -1, -0])
  amounts.document(`${Object.is(amount, -0) ? '-0' : amount}`, transfer, '200 AMOUNT_INVALID', {
    to: 'aviation',
    as: 'operator',
    variables: input({ amount }),
  });
for (const amount of [0.5, 1e21, '1', '1e3', true, null, [], {}, { $numberLong: '1' }])
  amounts.document(JSON.stringify(amount), transfer, INPUT, {
    to: 'aviation',
    as: 'operator',
    variables: input({ amount }),
  });
amounts.document('2^53', transfer, INPUT, {
  to: 'aviation',
  as: 'operator',
  variables: input({ amount: 2 ** 53 }),
});
amounts.document('between one account and itself', transfer, '200 SAME_ACCOUNT', {
  to: 'aviation',
  as: 'operator',
  variables: input({ to: '0'.repeat(24) }),
});
amounts.document('between accounts that are not there', transfer, '200 ACCOUNT_NOT_FOUND', {
  to: 'aviation',
  as: 'operator',
  variables: input({}),
});
const UNFIT_KEYS = ['', ' ', 'k'.repeat(256), 'k'.repeat(10_000), 'a\0b', '\uD800', 'a\nb', '\u202Ek'];
for (const key of [...UNFIT_KEYS, 'k\u200E', 'k\u200F', 'k\u061C', '\u200B'])
  amounts.document(
    `the key ${JSON.stringify(key.slice(0, 6))} of ${key.length}`,
    transfer,
    '200 BAD_USER_INPUT',
    { to: 'aviation', as: 'operator', variables: input({ idempotencyKey: key }) },
  );
for (const reason of ['', 'r'.repeat(501), 'a\u001b[31m', 'a\r\nb', '\u202Egnp.exe', 'r\u200F', '\u2060'])
  amounts.document(
    `the reason ${JSON.stringify(reason.slice(0, 6))} of ${reason.length}`,
    transfer,
    '200 BAD_USER_INPUT',
    { to: 'aviation', as: 'operator', variables: input({ reason }) },
  );
amounts.document('by a user', transfer, '200 FORBIDDEN', {
  to: 'aviation',
  as: 'aviationUser',
  variables: input({}),
});
amounts.document('by nobody', transfer, '200 UNAUTHENTICATED', { to: 'aviation', variables: input({}) });

const fields = group('fields that are not there');
for (const field of ['passwordHash', 'email', '_id', '__proto__', 'constructor', 'password'])
  fields.document(
    `user.${field}`,
    `{ user(id: "${'0'.repeat(24)}") { ${field} } }`,
    '400 GRAPHQL_VALIDATION_FAILED',
    { to: 'blog' },
  );
fields.document('sessions', '{ sessions { tokenHash } }', '400 GRAPHQL_VALIDATION_FAILED', { to: 'blog' });
fields.document('_service', '{ _service { sdl } }', '400 GRAPHQL_VALIDATION_FAILED', {
  to: 'composed',
  as: 'operator',
});
fields.document(
  '_entities',
  '{ _entities(representations: []) { __typename } }',
  '400 GRAPHQL_VALIDATION_FAILED',
  { to: 'composed', as: 'operator' },
);

/** Attacks by values. */
export const injectionAttacks: readonly Attack[] = [
  objects,
  prototypes,
  strings,
  ids,
  amounts,
  fields,
].flatMap(({ attacks }) => attacks);
