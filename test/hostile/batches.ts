import { createHash } from 'node:crypto';
import { json, send } from '../support/http.js';
import { type Attack, group } from './attack.js';

const PATH = '/graphql/batched';
const BAD = '400 BAD_REQUEST';
const TOO_LARGE = '400 OPERATION_TOO_LARGE';
const ASK = { query: '{ __typename }' };
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

const arrays = group('arrays of operations, where up to ten are answered');
const array = (what: string, body: unknown, expected: string, headers?: Record<string, string>) =>
  arrays.request(what, PATH, json(body, headers), expected);
/** Ten of one operation. */
const ten = (what: string, query: string, outcome: string) =>
  array(`ten times ${what}`, times(10, { query }), `200 [${outcome}]`);

array('none', [], BAD);
for (const count of [11, 1_000, 30_000]) array(`${count}`, times(count, ASK), TOO_LARGE);
array('11 that are none', times(11, null), TOO_LARGE);
for (const [what, one] of [
  ['null', null],
  ['a number', 1],
  ['a text', '{ __typename }'],
  ['true', true],
  ['an array of none', []],
  ['an array of one', [ASK]],
] as const)
  array(`a good one, then ${what}`, [ASK, one], BAD);
array('a hundred arrays in one another', `${'['.repeat(100)}${']'.repeat(100)}`, BAD);
array('a million brackets', '['.repeat(1_000_000), '400 OPERATION_TOO_LARGE');
array('a thousand brackets', '['.repeat(1_000), BAD);
array(
  '1 MiB of good ones',
  times(10, { query: `{ __typename } #${'x'.repeat(110_000)}` }),
  '413 PAYLOAD_TOO_LARGE',
);
array('a key __proto__ in the second', '[{"query":"{ __typename }"},{"__proto__":{"query":"x"}}]', BAD);
array('one, for which nothing speaks that is answered', [ASK], '406 BAD_REQUEST', { accept: 'text/html' });
array('as text', [ASK], '415 BAD_REQUEST', { 'content-type': 'text/plain' });
array('as a form of several parts', [ASK], '415 BAD_REQUEST', {
  'content-type': 'multipart/form-data; boundary=x',
});
arrays.request('by PUT', PATH, { ...json([ASK]), method: 'PUT' }, '405 BAD_REQUEST');
const GET = { headers: { 'apollo-require-preflight': '1' } };
arrays.request(
  'by GET, as the query',
  `${PATH}?query=${encodeURIComponent(JSON.stringify([ASK]))}`,
  GET,
  '400 GRAPHQL_PARSE_FAILED',
);
arrays.request('by GET, several queries', `${PATH}?query=a&query=b`, GET, BAD);

ten('what is asked', '{ __typename }', 'answered');
ten(
  '31 aliases',
  `{ ${times(31, 'x')
    .map((x, i) => `${x}${i}: __typename`)
    .join(' ')} }`,
  'OPERATION_TOO_LARGE',
);
ten('2,001 tokens', `{ sum(numbers: [[${'1 '.repeat(2_001)}]]) }`, 'OPERATION_TOO_LARGE');
ten('13 levels', `{ doll ${'{ inner '.repeat(11)} { id } ${'}'.repeat(11)} }`, 'OPERATION_TOO_LARGE');
ten('the schema', '{ __schema { types { name } } }', 'GRAPHQL_VALIDATION_FAILED');
ten('nonsense', '{{{', 'GRAPHQL_PARSE_FAILED');
ten('a subscription', 'subscription { x }', 'OPERATION_RESOLUTION_FAILURE');
ten('what costs a fifth of the limit', '{ doll { inner { id } } }', 'answered, OPERATION_TOO_LARGE');
ten('an answer of a third of the limit', '{ long(length: 2700000) }', 'answered, OPERATION_TOO_LARGE');
ten('a mutation', 'mutation { touch }', 'answered');

for (const [what, one, outcome] of [
  ['nothing', {}, 'BAD_REQUEST'],
  ['a query that is an array', { query: [ASK] }, 'BAD_REQUEST'],
  ['variables that are an array', { ...ASK, variables: [] }, 'BAD_REQUEST'],
  ['an operator of the database as a query', { query: { $ne: '' } }, 'BAD_REQUEST'],
  ['an operation that is not there', { ...ASK, operationName: 'Other' }, 'OPERATION_RESOLUTION_FAILURE'],
  ['a refused mutation', { query: 'mutation { touch(refuse: true) }' }, 'ALREADY_EXISTS'],
] as const)
  array(`${what}, between two good ones`, [ASK, one, ASK], `200 [answered, ${outcome}]`);

const sha256Hash = createHash('sha256').update(ASK.query).digest('hex').replace(/^./, '0');
const hashed = (hash: unknown) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: hash } } });
array('ten unknown hashes', times(10, hashed(sha256Hash)), '200 [PERSISTED_QUERY_NOT_FOUND]');
array('ten hashes that are none', times(10, hashed({ $ne: '' })), '200 [BAD_REQUEST]');

arrays.request(
  'of a stranger, where one is needed to be known',
  '/graphql/closed',
  json([ASK]),
  '401 UNAUTHENTICATED',
);
arrays.add(
  'of an operator, to the composed graph of products that answer none',
  BAD,
  async ({ gateway, operator }) => {
    return send(gateway.url(undefined), json([ASK], { authorization: `Bearer ${operator}` }));
  },
);

/** Attacks by arrays of operations, on a product that has asked for such. */
export const batchAttacks: readonly Attack[] = arrays.attacks;
