import { json } from '../support/http.js';
import { type Attack, group } from './attack.js';

const times = (count: number, make: (index: number) => string, between = ' ') =>
  Array.from({ length: count }, (_, index) => make(index)).join(between);
const TOO_LARGE = '400 OPERATION_TOO_LARGE';
const INVALID = '400 GRAPHQL_VALIDATION_FAILED';
const ANSWERED = '200 answered';

const lists = group('lists without a page size');
for (const [query, expected] of [
  ['{ dolls(count: 25000) { id } }', ANSWERED],
  ['{ dolls(count: 25001) { id } }', '200 OPERATION_TOO_LARGE'],
  ['{ a: dolls(count: 12500) { id } b: dolls(count: 12500) { id } }', ANSWERED],
  ['{ a: dolls(count: 12500) { id } b: dolls(count: 12501) { id } }', '200 OPERATION_TOO_LARGE'],
  ['{ shelf(count: 1000) { id } }', ANSWERED],
  ['{ shelf(count: 1001) { id } }', '200 OPERATION_TOO_LARGE'],
  [`{ ${times(20, (i) => `a${i}: shelf(count: 1) { id }`)} }`, ANSWERED],
  [`{ ${times(13, (i) => `a${i}: shelf(count: 1) { inner { id } }`)} }`, TOO_LARGE],
] as const)
  lists.document(query.slice(0, 70), query, expected);

const inputs = group('much input');
const RECORD = 'mutation ($v: [RecordAttemptInput!]!) { recordAttempts(input: $v) { correct } }';
const numbers = 'query ($v: [[Int!]!]!) { sum(numbers: $v) }';
const often = (field: string, type: string) =>
  `query ($v: ${type}) { ${times(20, (i) => `a${i}: ${field}`)} }`;
const ones = (count: number) => Array.from({ length: count }, () => 1);
const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 1]));
inputs.document('a list of 4,999', numbers, ANSWERED, { variables: { v: [ones(4_999)] } });
for (const count of [5_000, 250_000])
  inputs.document(`a list of ${count}`, numbers, TOO_LARGE, { variables: { v: [ones(count)] } });
inputs.document('250,000 lists', numbers, TOO_LARGE, { variables: { v: ones(250_000).map(() => []) } });
inputs.document('a list of 250,000 wrong items', numbers, TOO_LARGE, {
  variables: { v: [ones(250_000).map(() => 'x')] },
});
inputs.document('a list of 250 in 20 fields', often('sum(numbers: [$v])', '[Int!]!'), TOO_LARGE, {
  variables: { v: ones(250) },
});
inputs.document('a list of 240 in 20 fields', often('sum(numbers: [$v])', '[Int!]!'), ANSWERED, {
  variables: { v: ones(240) },
});
inputs.document(
  'a default of 250 in 20 fields',
  often('sum(numbers: [$v])', `[Int!] = [${ones(250).join()}]`),
  TOO_LARGE,
);
inputs.document('a text of a megabyte', 'query ($v: String!) { echo(text: $v) }', ANSWERED, {
  variables: { v: 'x'.repeat(1_000_000) },
});
inputs.document('a text of 100,000 in 20 fields', often('echo(text: $v)', 'String!'), TOO_LARGE, {
  variables: { v: 'x'.repeat(100_000) },
});
inputs.document(
  'a text of 100,000 inside an object, in 20 fields',
  often('posts(first: 1, filter: { tag: $v }) { nodes { id } }', 'String'),
  TOO_LARGE,
  { to: 'blog', variables: { v: 'x'.repeat(100_000) } },
);
const FILTER = 'query ($v: PostFilter) { posts(first: 1, filter: $v) { nodes { id } } }';
inputs.document('60,000 unknown keys', FILTER, TOO_LARGE, { to: 'blog', variables: { v: keys(60_000) } });
inputs.document('4,000 unknown keys', FILTER, '400 BAD_USER_INPUT', {
  to: 'blog',
  variables: { v: keys(4_000) },
});
inputs.document('an unknown key of half a megabyte', FILTER, '400 BAD_USER_INPUT', {
  to: 'blog',
  variables: { v: { ['k'.repeat(500_000)]: 1 } },
});
inputs.document('60,000 variables that nobody declares', '{ echo(text: "x") }', TOO_LARGE, {
  variables: keys(60_000),
});
inputs.document('60,000 values that a list of attempts would be checked for', RECORD, TOO_LARGE, {
  to: 'aviation',
  as: 'aviationUser',
  variables: { v: ones(15_000).map(() => ({ student: 'x', question: 'x', choice: 1 })) },
});
for (const levels of [33, 10_000, 400_000]) {
  const nested = '['.repeat(levels) + ']'.repeat(levels);
  for (const [what, query] of [
    ['a list', numbers],
    ['a filter', FILTER],
  ] as const)
    inputs.request(
      `${what}, ${levels} levels deep`,
      what === 'a list' ? '' : '/graphql/blog',
      json(`{"query":${JSON.stringify(query)},"variables":{"v":${nested}}}`),
      TOO_LARGE,
    );
}

// Each is as long as it may be: a search of the messages for its end, or printing it per error, would make a minute of it.
const quoted = group('values that messages quote');
const SUGGESTION = `${'x'.repeat(500)} ${'Did you mean '.repeat(75_000)}`;
for (const [type, argument] of [
  ['Int', 'long(length: $v)'],
  ['Colour', 'paint(colour: $v)'],
  ['Int', 'sum(numbers: [[$v]])'],
] as const)
  quoted.document(
    `a suggestion for ${argument}`,
    `query ($v: ${type}!) { ${argument} }`,
    '400 BAD_USER_INPUT',
    {
      variables: { v: SUGGESTION },
    },
  );
quoted.document(
  'a literal that looks like a suggestion',
  `{ long(length: "${SUGGESTION.slice(0, 90_000)}") }`,
  INVALID,
);
quoted.document('a name of 45,000 characters', `{ ${'x'.repeat(45_000)} }`, INVALID);
quoted.document(
  'a variable with a name of 45,000 characters',
  `query ($${'v'.repeat(45_000)}: Int!) { long(length: 1) }`,
  INVALID,
);
quoted.document(
  'a type with a name of 45,000 characters',
  `query ($v: ${'T'.repeat(45_000)}) { long(length: $v) }`,
  INVALID,
);
quoted.document(
  'an operation with a name of 45,000 characters, twice',
  `query ${'x'.repeat(45_000)} { doll { id } } query ${'x'.repeat(45_000)} { doll { id } }`,
  INVALID,
);

/** Attacks with what operations bring, and with lists that no page size bounds. */
export const inputAttacks: readonly Attack[] = [lists, inputs, quoted].flatMap(({ attacks }) => attacks);
