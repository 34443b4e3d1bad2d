import { deflateSync, gzipSync } from 'node:zlib';
import { json } from '../support/http.js';
import { type Attack, group } from './attack.js';

const times = (count: number, make: (index: number) => string, between = ' ') =>
  Array.from({ length: count }, (_, index) => make(index)).join(between);
const TOO_LARGE = '400 OPERATION_TOO_LARGE';
const INVALID = '400 GRAPHQL_VALIDATION_FAILED';
const ANSWERED = '200 answered';

const aliases = group('aliases of a field');
for (const count of [31, 101, 10_000])
  for (const [to, field] of [
    ['edge', 'echo(text: "x")'],
    ['blog', 'posts(first: 1) { nodes { id } }'],
    ['composed', 'blog { posts(first: 1) { nodes { id } } }'],
  ] as const)
    aliases.document(`${count} of ${field}`, `{ ${times(count, (i) => `a${i}: ${field}`)} }`, TOO_LARGE, {
      to,
      ...(to === 'composed' && { as: 'operator' }),
    });
aliases.document('21 root fields', `{ ${times(21, (i) => `a${i}: echo(text: "x")`)} }`, TOO_LARGE);
aliases.document('20 root fields', `{ ${times(20, (i) => `a${i}: echo(text: "x")`)} }`, ANSWERED);
aliases.document('30 inside one field', `{ doll { ${times(30, (i) => `a${i}: id`)} } }`, ANSWERED);

const typenames = group('aliases of __typename');
for (const count of [31, 101, 10_000]) {
  typenames.document(`${count} at the root`, `{ ${times(count, (i) => `a${i}: __typename`)} }`, TOO_LARGE);
  typenames.document(
    `${count} inside`,
    `{ doll { ${times(count, (i) => `a${i}: __typename`)} } }`,
    TOO_LARGE,
  );
}

const repeated = group('one field again and again');
for (const count of [32, 500, 1_990]) {
  repeated.document(`${count} times id`, `{ doll { ${times(count, () => 'id')} } }`, TOO_LARGE);
  repeated.document(`${count} times __typename`, `{ ${times(count, () => '__typename')} }`, TOO_LARGE);
}
for (const count of [32, 200])
  repeated.document(
    `${count} times in inline fragments`,
    `{ ${times(count, () => '... on Query { doll { id } }')} }`,
    TOO_LARGE,
  );
repeated.document(
  '32 times in fragments',
  `{ ${times(32, (i) => `...F${i}`)} } ${times(32, (i) => `fragment F${i} on Query { doll { id } }`)}`,
  TOO_LARGE,
);
repeated.document(
  '4 times 8 times, in fragments of inline fragments',
  `{ doll { ${times(4, (i) => `...F${i}`)} } } ${times(4, (i) => `fragment F${i} on Doll { ${times(8, () => '... { id }')} }`)}`,
  TOO_LARGE,
);
repeated.document(
  'id and __typename in each of 20 fragments, as clients write them',
  `{ doll { __typename ${times(20, (i) => `...F${i}`)} } } ${times(20, (i) => `fragment F${i} on Doll { id __typename }`)}`,
  ANSWERED,
);
repeated.document('31 times id', `{ doll { ${times(31, () => 'id')} } }`, ANSWERED);

const dolls = (levels: number) =>
  `{ doll ${'{ inner '.repeat(levels - 2)} { id } ${'}'.repeat(levels - 2)} }`;
const depth = group('depth');
for (const levels of [13, 50, 500, 5_000]) {
  depth.document(`${levels} levels`, dolls(levels), TOO_LARGE);
  depth.document(`${levels} levels of the composed graph`, `{ edge ${dolls(levels)} }`, TOO_LARGE, {
    to: 'composed',
    as: 'operator',
  });
}
depth.document('12 levels', dolls(12), '200 nothing');
depth.document(
  '13 levels in fragments',
  `{ doll { ...F } } fragment F on Doll ${'{ inner '.repeat(11)} { id } ${'}'.repeat(11)}`,
  TOO_LARGE,
);
depth.document(
  '13 levels in inline fragments',
  `{ doll ${'{ ... { inner '.repeat(11)} { id } ${'} }'.repeat(11)} }`,
  TOO_LARGE,
);

const cycles = group('fragments that spread themselves');
cycles.document('one', '{ doll { ...A } } fragment A on Doll { inner { ...A } }', INVALID);
cycles.document('one, at its own level', '{ doll { ...A } } fragment A on Doll { ...A }', INVALID);
cycles.document(
  'three in a ring',
  '{ doll { ...A } } fragment A on Doll { ...B } fragment B on Doll { ...C } fragment C on Doll { ...A }',
  INVALID,
);
cycles.document(
  'two that hold each other, under an alias',
  '{ doll { ...A } } fragment A on Doll { a: inner { ...B } } fragment B on Doll { b: inner { ...A } }',
  INVALID,
);

const doubling = (leaf: string, links: number) =>
  `{ doll { ...F0 } } ${times(links, (i) => `fragment F${i} on Doll { ...F${i + 1} ...F${i + 1} }`)} fragment F${links} on Doll { ${leaf} }`;
const doubles = group('fragments that double');
for (const links of [6, 20, 100]) {
  doubles.document(`2^${links} aliases`, doubling('a: id', links), TOO_LARGE);
  doubles.document(`2^${links} directives`, doubling('id @skip(if: false)', links), TOO_LARGE);
  doubles.document(`2^${links} times one field, which is read once`, doubling('id', links), ANSWERED);
}

const directives = group('directives');
for (const count of [1, 10])
  directives.document(
    `${count} that nobody knows`,
    `{ __typename ${times(count, (i) => `@d${i}`)} }`,
    INVALID,
  );
directives.document('60 that nobody knows', `{ __typename ${times(60, (i) => `@d${i}`)} }`, TOO_LARGE);
directives.document(
  '10 times @include on one field',
  `{ __typename ${times(10, () => '@include(if: true)')} }`,
  INVALID,
);
directives.document(
  '51 times @include on one field',
  `{ __typename ${times(51, () => '@include(if: true)')} }`,
  TOO_LARGE,
);
directives.document(
  '52 on fragments',
  `{ doll { ${times(26, () => '... @include(if: true) @skip(if: false) { id }')} } }`,
  TOO_LARGE,
);
directives.document(
  '50 on fragments',
  `{ doll { ${times(25, () => '... @include(if: true) @skip(if: false) { id }')} } }`,
  ANSWERED,
);
directives.document(
  'one whose condition is null',
  'query ($c: Boolean) { __typename @include(if: $c) }',
  INVALID,
);

const batches = group('many operations in one request');
for (const count of [1, 2, 10, 1_000])
  batches.body(
    `an array of ${count}`,
    Array.from({ length: count }, () => ({ query: '{ __typename }' })),
    '400 BAD_REQUEST',
  );
batches.body('an array of none', [], '400 BAD_REQUEST');
batches.document(
  '200 in one document',
  times(200, (i) => `query Q${i} { __typename }`),
  '400 OPERATION_RESOLUTION_FAILURE',
);
batches.document(
  '10,000 in one document',
  times(10_000, (i) => `query Q${i} { __typename }`),
  TOO_LARGE,
);
batches.document('two of one name', 'query Q { __typename } query Q { __typename }', INVALID);

const guesses = group('many guesses in one document');
for (const count of [31, 500]) {
  const guess = (i: number) =>
    `s${i}: signIn(input: { email: "a@example.org", password: "guess-${i}" }) { token }`;
  guesses.document(`${count} sign-ins`, `mutation { ${times(count, guess)} }`, TOO_LARGE, { to: 'blog' });
}
guesses.document(
  '31 transfers',
  `mutation { ${times(31, (i) => `t${i}: transferCredits(input: { from: "a", to: "b", amount: 1, reason: "r", idempotencyKey: "k${i}" }) { id }`)} }`,
  TOO_LARGE,
  { to: 'aviation', as: 'operator' },
);

// What is hashed ends at 1,024 bytes, which is inside of a character here.
const passwords = group('passwords longer than what is hashed');
for (const [name, password] of [
  ['32 of a character that is eighteen letters', '\uFDFA'.repeat(32)],
  ['256 of a character that is four letters', '\u3300'.repeat(256)],
  ['256 faces', '\u{1F600}\uFE0F'.repeat(256)],
] as const)
  passwords.document(
    name,
    'mutation ($v: SignInInput!) { signIn(input: $v) { token } }',
    '200 UNAUTHENTICATED',
    { to: 'blog', variables: { v: { email: 'a@example.org', password } } },
  );

const tokens = group('tokens and brackets');
for (const count of [1_000, 20_000]) {
  const text = `{ sum(numbers: ${'['.repeat(count)}${']'.repeat(count)}) }`;
  tokens.document(`${count} nested brackets`, text, TOO_LARGE);
}
for (const count of [2_001, 100_000])
  tokens.document(`${count} tokens`, `{ sum(numbers: [[${'1 '.repeat(count)}]]) }`, TOO_LARGE);
tokens.document('nested objects', `{ echo(text: ${'{ a: '.repeat(600)} 1 ${'}'.repeat(600)}) }`, TOO_LARGE);
tokens.document(
  'a type of 980 lists',
  `query ($a: ${'['.repeat(980)} Int ${']'.repeat(980)}) { __typename }`,
  INVALID,
);
tokens.document(
  '300 variables that are not used',
  `query (${times(300, (i) => `$v${i}: Int`)}) { __typename }`,
  INVALID,
);
tokens.document(
  '10,000 variables',
  `query (${times(10_000, (i) => `$v${i}: Int`)}) { __typename }`,
  TOO_LARGE,
);

// Each error names a line, and to find it all of them are counted.
for (const [lines, end] of [
  [450_000, '\n'],
  [2_000, '\r'],
] as const)
  tokens.document(
    `${lines} empty lines before 100 errors`,
    `${end.repeat(lines)}{ ${times(100, (i) => `u${i}`)} }`,
    TOO_LARGE,
  );

const bodies = group('large bodies');
const MIB = 1024 * 1024;
bodies.body('1 MiB of comment', { query: `#${'x'.repeat(MIB)}\n{ __typename }` }, '413 PAYLOAD_TOO_LARGE');
bodies.body('1 MiB of white space', { query: `${' '.repeat(MIB)}{ __typename }` }, '413 PAYLOAD_TOO_LARGE');
bodies.body('900 KB of white space', { query: `${' '.repeat(900_000)}{ __typename }` }, TOO_LARGE);
bodies.body('a string of 1 MiB', { query: `{ echo(text: "${'x'.repeat(MIB)}") }` }, '413 PAYLOAD_TOO_LARGE');
bodies.body(
  '10 MB of variables',
  { query: '{ __typename }', variables: { a: 'x'.repeat(10_000_000) } },
  '413 PAYLOAD_TOO_LARGE',
);
const BOMB = Buffer.concat([
  Buffer.from('{"query":"'),
  Buffer.alloc(100_000_000, 32),
  Buffer.from('{__typename}"}'),
]);
for (const [encoding, packed] of [
  ['gzip', gzipSync(BOMB)],
  ['deflate', deflateSync(BOMB)],
] as const)
  bodies.request(
    `100 MB in ${Math.round(packed.length / 1_000)} KB of ${encoding}`,
    '',
    {
      ...json(''),
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      body: packed,
    },
    '413 PAYLOAD_TOO_LARGE',
  );
for (const encoding of ['br', 'zstd', 'nonsense', 'gzip, gzip'])
  bodies.body(`packed as ${encoding}`, { query: '{ __typename }' }, '415 BAD_REQUEST', {
    'content-encoding': encoding,
  });
bodies.body('gzip that is none', 'x', '400 BAD_REQUEST', { 'content-encoding': 'gzip' });
for (const encoding of ['gzip', 'deflate'])
  bodies.request(
    `500 KB of noise as ${encoding}`,
    '',
    {
      ...json(''),
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      body: Buffer.alloc(500_000, 0xef),
    },
    '400 BAD_REQUEST',
  );

const overlaps = group('selections that have to be compared');
for (const [outer, inner] of [
  [3, 8],
  [10, 10],
  [100, 50],
] as const)
  overlaps.document(
    `${outer} by ${inner} inline fragments`,
    `{ doll { ${times(outer, () => `... { inner { ${times(inner, () => '... { id }')} } }`)} } }`,
    outer * inner > 30 ? TOO_LARGE : ANSWERED,
  );
overlaps.document(
  '60 that do not agree',
  `{ doll { ${times(15, (i) => `... { a: inner { id${i % 2 ? '' : ' __typename'} } }`)} ... { a: id } } }`,
  INVALID,
);

const introspection = group('introspection where it is off');
introspection.document(
  'in circles',
  `{ __schema { types { ${'fields { type { '.repeat(5)} name ${'} } '.repeat(5)} } } }`,
  INVALID,
);
introspection.document('of the whole schema', '{ __schema { types { name } } }', INVALID);
introspection.document('of a type', '{ __type(name: "User") { fields { name } } }', INVALID, { to: 'blog' });
introspection.document('of the composed graph', '{ __schema { queryType { name } } }', INVALID, {
  to: 'composed',
  as: 'operator',
});
introspection.document(
  '31 times',
  `{ ${times(31, (i) => `a${i}: __schema { types { name } }`)} }`,
  TOO_LARGE,
);
introspection.document('a field misspelled', '{ ech(text: "x") }', INVALID);
introspection.document('a type misspelled', '{ doll { ... on Dol { id } } }', INVALID);
introspection.document('an argument misspelled', '{ echo(txt: "x") }', INVALID);
introspection.document('an enum value misspelled', '{ paint(colour: REDD) }', INVALID);

const pages = group('page sizes');
const page = (first: string) => `{ posts(first: ${first}) { nodes { id } } }`;
for (const size of ['-1', '101', '25000'])
  pages.document(`first: ${size}`, page(size), '200 BAD_USER_INPUT', { to: 'blog' });
for (const size of ['25001', '2147483647'])
  pages.document(`first: ${size}`, page(size), TOO_LARGE, { to: 'blog' });
for (const size of ['2147483648', '1e309', '1.5', '"5"', 'true', '[1]', '{ a: 1 }', 'ALL'])
  pages.document(`first: ${size}`, page(size), INVALID, { to: 'blog' });
pages.document('first: 0', page('0'), '200 nothing', { to: 'blog' });
pages.document(
  '$first: 2147483648',
  'query ($first: Int) { posts(first: $first) { nodes { id } } }',
  TOO_LARGE,
  { to: 'blog', variables: { first: 2_147_483_648 } },
);
for (const value of [1.5, '5', true, {}, [], [1, 2], '1e3'])
  pages.document(
    `$first: ${JSON.stringify(value)}`,
    'query ($first: Int) { posts(first: $first) { nodes { id } } }',
    '400 BAD_USER_INPUT',
    { to: 'blog', variables: { first: value } },
  );
pages.request(
  '$first: 1e400, of posts',
  '/graphql/blog',
  json(
    '{"query":"query ($first: Int) { posts(first: $first) { nodes { id } } }","variables":{"first":1e400}}',
  ),
  '400 BAD_USER_INPUT',
);
pages.document(
  '100 posts, 100 comments each, with their authors, under an alias twice',
  '{ posts(first: 100) { nodes { a: comments(first: 100) { nodes { author { id } } } b: comments(first: 100) { nodes { author { id } } } } } }',
  TOO_LARGE,
  { to: 'blog' },
);
pages.document('both ends', '{ posts(first: 1, last: 1) { nodes { id } } }', '200 BAD_USER_INPUT', {
  to: 'blog',
});

/** Attacks on the gateway's time and memory. */
export const resourceAttacks: readonly Attack[] = [
  aliases,
  typenames,
  repeated,
  depth,
  cycles,
  doubles,
  directives,
  batches,
  guesses,
  passwords,
  tokens,
  bodies,
  overlaps,
  introspection,
  pages,
].flatMap(({ attacks }) => attacks);
