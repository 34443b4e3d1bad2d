/** Numbers that follow from a seed (mulberry32), so that what was found can be found again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Well-formed bodies to begin with: queries and mutations of both products, plain and under the composed graph's names. */
export interface Seed {
  readonly endpoint: 'blog' | 'aviation' | 'composed';
  readonly body: string;
}

const id = '0'.repeat(24);
const OPERATIONS: readonly [endpoint: Seed['endpoint'], query: string, variables?: object][] = [
  [
    'blog',
    'query Posts($n: Int, $f: PostFilter) { posts(first: $n, filter: $f) { nodes { id title tags author { id name } comments(first: 2) { nodes { body } } } pageInfo { endCursor hasNextPage } } }',
    { n: 5, f: { status: 'PUBLISHED', tag: 'rust' } },
  ],
  [
    'blog',
    'query One($id: ID!) { post(id: $id) { ...P } user(id: $id) { id name } } fragment P on Post { id title }',
    { id },
  ],
  [
    'blog',
    '{ viewer { id scopes } signUpsPerDay(month: "2026-11", timeZone: "Europe/Vienna") { day count } }',
  ],
  [
    'blog',
    'mutation In($i: SignInInput!) { signIn(input: $i) { token } }',
    { i: { email: 'a@example.org', password: 'x' } },
  ],
  [
    'blog',
    'mutation New($i: CreatePostInput!) { createPost(input: $i) { id title } }',
    { i: { title: 't', body: 'b', tags: ['a'] } },
  ],
  [
    'aviation',
    '{ subjects { code name } difficultyDistribution { difficulty count } performanceBySubject { rate subject { name } } }',
  ],
  [
    'aviation',
    'query Q($n: Int) { questions(first: $n, filter: { difficulty: HARD }) { edges { cursor node { id text subject { name } } } } }',
    { n: 3 },
  ],
  [
    'aviation',
    'query S($id: ID!) { student(id: $id) { id name } attempts(student: $id, first: 2) { nodes { id } } studentProgress(student: $id) { answers } }',
    { id },
  ],
  [
    'aviation',
    'mutation T($i: TransferCreditsInput!) { transferCredits(input: $i) { id amount } }',
    { i: { from: id, to: '1'.repeat(24), amount: 1, reason: 'r', idempotencyKey: 'k' } },
  ],
  [
    'aviation',
    'mutation I($i: IssueCreditsInput!) { issueCredits(input: $i) { id } }',
    { i: { to: id, amount: 5, reason: 'r', idempotencyKey: 'k2' } },
  ],
  [
    'composed',
    '{ blog { posts(first: 2) { nodes { title author { name } } } } aviation { subjects { code } } }',
  ],
  [
    'composed',
    'query C($id: ID!, $yes: Boolean!) { blog @include(if: $yes) { post(id: $id) { title } } aviation @skip(if: $yes) { question(id: $id) { text } } }',
    { id, yes: true },
  ],
  ['composed', 'mutation { blogSignOut aviationSignOut }'],
  [
    'composed',
    '{ __schema { queryType { name fields { name args { name } } } } __type(name: "BlogPost") { name } }',
  ],
];
export const SEEDS: readonly Seed[] = OPERATIONS.map(([endpoint, query, variables]) => ({
  endpoint,
  body: JSON.stringify({ query, variables, operationName: /^(?:query|mutation) (\w+)/.exec(query)?.[1] }),
}));

const NASTY = [
  'null',
  '-1',
  '0',
  '1e309',
  '9007199254740993',
  '2147483648',
  '"\\u0000"',
  '"\\ud800"',
  '{"$ne":null}',
  '[]',
  '{}',
  '{"__proto__":{}}',
  '"$where"',
  '[[[[[[[[]]]]]]]]',
  'true',
  '""',
  '"\u202E"',
  '{"$regex":"(a+)+$"}',
  '"0000-01"',
];
const WORDS = [
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ':',
  '!',
  '$',
  '@',
  '...',
  '|',
  '&',
  '=',
  '"',
  '"""',
  '\\',
  ',',
  '#',
  'on',
  'fragment',
  'query',
  'mutation',
  'subscription',
  '@include(if: true)',
  '@skip(if: null)',
  '@x',
  '__typename',
  '__schema { types { name } }',
  'first: 99999',
  'first: -1',
  'after: "x"',
  'id',
  'a: id',
  '...P',
  '\u0000',
  '\uFEFF',
  '💥',
  '\r\n',
  '1e400',
  '-0',
  'null',
  '$n',
  '{ id }',
  'nodes',
];

type Random = () => number;
const below = (random: Random, n: number) => Math.floor(random() * n);
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!;

const MUTATIONS: readonly ((body: Buffer, random: Random) => Buffer)[] = [
  // One byte another.
  (body, random) => {
    const copy = Buffer.from(body);
    copy[below(random, copy.length)] = below(random, 256);
    return copy;
  },
  // A stretch left out, or twice.
  (body, random) => {
    const [from, length] = [below(random, body.length), below(random, 40)];
    return Buffer.concat([body.subarray(0, from), body.subarray(from + length)]);
  },
  (body, random) => {
    const [from, length] = [below(random, body.length), below(random, 200)];
    const stretch = body.subarray(from, from + length);
    return Buffer.concat([
      body.subarray(0, from),
      ...Array.from({ length: 1 + below(random, 30) }, () => stretch),
      body.subarray(from),
    ]);
  },
  // Cut off.
  (body, random) => body.subarray(0, below(random, body.length)),
  // Words of GraphQL where they do not belong, escaped as the text of a document.
  (body, random) => {
    const at = below(random, body.length);
    const word = JSON.stringify(pick(random, WORDS)).slice(1, -1);
    return Buffer.concat([body.subarray(0, at), Buffer.from(word), body.subarray(at)]);
  },
  // A value of the JSON another.
  (body, random) => {
    const text = body.toString('utf8');
    const values = [
      ...text.matchAll(/(?<=:)("(?:[^"\\]|\\.)*"|-?\d+|true|false|null|\{[^{}]*\}|\[[^[\]]*\])/g),
    ];
    if (values.length === 0) return body;
    const value = pick(random, values);
    return Buffer.from(
      text.slice(0, value.index) + pick(random, NASTY) + text.slice(value.index + value[0].length),
    );
  },
  // A number in the document another.
  (body, random) =>
    Buffer.from(
      body
        .toString('utf8')
        .replaceAll(/(?<=first: )\d+/g, () => String(pick(random, [0, -1, 101, 25_001, 2 ** 31, 1.5]))),
    ),
  // Nested without end.
  (body, random) => {
    const depth = 1 + below(random, 3_000);
    const [open, close] = pick(random, [
      ['{ a ', '}'],
      ['[', ']'],
      ['(a: ', ')'],
      ['{\\"a\\":', '}'],
    ] as const);
    const at = below(random, body.length);
    return Buffer.concat([
      body.subarray(0, at),
      Buffer.from(open.repeat(depth) + close.repeat(depth)),
      body.subarray(at),
    ]);
  },
];

/** A body made from a seed by one to four mutations. */
export function mutate(seed: Seed, random: Random): Buffer {
  let body = Buffer.from(seed.body);
  for (let n = 1 + below(random, 4); n > 0 && body.length > 0; n -= 1)
    body = Buffer.from(pick(random, MUTATIONS)(body, random));
  return body;
}
