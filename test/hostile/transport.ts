import { createHash } from 'node:crypto';
import { json, sendBytes } from '../support/http.js';
import { type Attack, group } from './attack.js';

const ASK = { query: '{ __typename }' };
const BAD = '400 BAD_REQUEST';
const ANSWERED = '200 answered';
const query = (text: string) => `?query=${encodeURIComponent(text)}`;
const PREFLIGHT = { 'apollo-require-preflight': '1' };

const methods = group('methods');
methods.request('a mutation by GET', query('mutation { touch }'), { headers: PREFLIGHT }, '405 BAD_REQUEST');
methods.request('a GET that any page could send', query('{ __typename }'), {}, BAD);
methods.request(
  'a GET of type message/rfc822',
  query('{ __typename }'),
  { headers: { 'content-type': 'message/rfc822' } },
  '415 BAD_REQUEST',
);
for (const type of ['text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded'])
  methods.request(
    `a GET of type ${type}`,
    query('{ __typename }'),
    { headers: { 'content-type': type } },
    BAD,
  );
for (const method of ['PUT', 'DELETE', 'PATCH', 'PROPFIND', 'QUERY'])
  methods.request(method, '', { method }, '405 BAD_REQUEST');
methods.request(
  'an override of the method',
  query('mutation { touch }'),
  { headers: { ...PREFLIGHT, 'x-http-method-override': 'POST' } },
  '405 BAD_REQUEST',
);

const types = group('content types');
for (const type of [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/graphql',
  'application/jsonp',
  'application/json, text/plain',
])
  types.body(type, ASK, '415 BAD_REQUEST', { 'content-type': type });
for (const charset of ['utf-7', 'utf-16', '"UTF-16LE"', 'latin1', 'made-up', 'utf-8x'])
  types.body(`charset ${charset}`, ASK, '415 BAD_REQUEST', {
    'content-type': `application/json; charset=${charset}`,
  });
types.body('charset UTF-8', ASK, ANSWERED, { 'content-type': 'application/json; charset=UTF-8' });
const LONG = ' '.repeat(15_000);
for (const [what, type] of [
  ['before its parameters', `application/json${LONG};charset=utf-8`],
  ['in its parameters', `application/json;charset${LONG}=utf-8`],
  ['in quotes', `application/json;a="${LONG}"`],
] as const) {
  types.body(`15,000 blanks ${what}`, ASK, '415 BAD_REQUEST', { 'content-type': type });
  types.request(
    `15,000 blanks ${what}, of a GET`,
    query('{ __typename }'),
    { headers: { ...PREFLIGHT, 'content-type': type } },
    '415 BAD_REQUEST',
  );
}
types.request('an upload', '', { method: 'POST', body: new FormData() }, '415 BAD_REQUEST');
types.request('no type', '', { method: 'POST', body: new Uint8Array([123, 125]) }, '415 BAD_REQUEST');
for (const accept of ['text/html', 'application/json;q=0', 'image/*', 'application/xml, text/plain'])
  types.body(`Accept: ${accept}`, ASK, '406 BAD_REQUEST', { accept });

types.body('Accept: four thousand ranges', ASK, '406 BAD_REQUEST', { accept: '*/*,'.repeat(4_000) });

const bytes = (name: string, text: string, expected: string, into: ReturnType<typeof group>) =>
  into.add(name, expected, async ({ gateway }) => {
    const answer = await sendBytes(gateway.address, text);
    return { status: answer.status, body: JSON.parse(answer.body || '{}') as unknown };
  });
const BODY = JSON.stringify(ASK);
const HEADERS = `accept: application/graphql-response+json\r\nconnection: close\r\ncontent-length: ${BODY.length}`;
const post = (headers: string, body = BODY) =>
  `POST /graphql/edge HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\n${body}`;

const raw = group('bytes');
bytes('no HTTP', 'hello\r\n\r\n', BAD, raw);
bytes(
  'no Host',
  `POST /graphql/edge HTTP/1.1\r\ncontent-type: application/json\r\n${HEADERS}\r\n\r\n${BODY}`,
  BAD,
  raw,
);
bytes(
  'a Host that is none',
  post(`content-type: application/json\r\n${HEADERS}`).replace('localhost', '%%['),
  BAD,
  raw,
);
bytes(
  'length and chunks',
  post(`content-type: application/json\r\ntransfer-encoding: chunked\r\n${HEADERS}`),
  BAD,
  raw,
);
const plain = (more: string) => post(`content-type: application/json\r\n${more}\r\n${HEADERS}`);
const chunked = (body: string, coding = 'chunked') =>
  `POST /graphql/edge HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\ntransfer-encoding: ${coding}\r\n\r\n${body}`;
const CHUNK = `${BODY.length.toString(16)}\r\n${BODY}\r\n`;
const LAST = '0\r\n\r\n';
bytes('one length, twice', plain(`content-length: ${BODY.length}`), BAD, raw);
bytes('two hosts', plain('host: example.org'), BAD, raw);
bytes('line feeds alone', plain('x: y').replaceAll('\r\n', '\n'), BAD, raw);
bytes('one line feed alone', plain(`x: y\ncontent-length: 0`), BAD, raw);
bytes('a carriage return alone', plain('x: y\rz: y'), BAD, raw);
for (const [name, coding] of [
  ['a coding that nobody knows', 'xchunked'],
  ['chunks that are not the last coding', 'chunked, identity'],
  ['chunks of packed bytes', 'gzip, chunked'],
  ['chunks, twice', 'chunked\r\ntransfer-encoding: chunked'],
] as const)
  bytes(name, chunked(`${CHUNK}${LAST}`, coding), BAD, raw);
for (const [name, size] of [
  ['in words of C', `0x${BODY.length.toString(16)}`],
  ['with a space', `${BODY.length.toString(16)} `],
  ['beyond counting', 'f'.repeat(18)],
] as const)
  bytes(`a chunk’s size ${name}`, chunked(`${size}\r\n${BODY}\r\n${LAST}`), BAD, raw);
bytes('a chunk that is longer than it says', chunked(CHUNK.replace(BODY, `${BODY} `) + LAST), BAD, raw);
bytes('a line feed alone after a chunk’s size', chunked(CHUNK.replace('\r\n', '\n') + LAST), BAD, raw);
const extended = (length: number) => CHUNK.replace('\r\n', `;${'x'.repeat(length)}\r\n`);
bytes('a chunk’s extension', chunked(extended(1_000) + LAST), ANSWERED, raw);
bytes('a chunk’s extension of 100 KB', chunked(extended(100_000) + LAST), BAD, raw);
bytes(
  '100 KB of trailers',
  chunked(`${CHUNK}0\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`),
  '431 BAD_REQUEST',
  raw,
);
bytes(
  'a token among the trailers, where nobody looks',
  chunked(`${CHUNK}0\r\nauthorization: Bearer x\r\n\r\n`),
  ANSWERED,
  raw,
);
bytes('a promise to go on', plain('expect: 100-continue'), ANSWERED, raw);
bytes('two lengths', post(`content-type: application/json\r\ncontent-length: 5\r\n${HEADERS}`), BAD, raw);
bytes(
  'a length below zero',
  post(`content-type: application/json\r\n${HEADERS.replace(/\d+$/, '-1')}`),
  BAD,
  raw,
);
bytes('a folded header', post(`content-type: application/json\r\n folded: x\r\n${HEADERS}`), BAD, raw);
bytes('a space before the colon', post(`content-type : application/json\r\n${HEADERS}`), BAD, raw);
bytes('NUL in a header', post(`x: a\0b\r\ncontent-type: application/json\r\n${HEADERS}`), BAD, raw);
bytes('64 KB of headers', post(`x: ${'x'.repeat(65_536)}\r\n${HEADERS}`), '431 BAD_REQUEST', raw);
bytes(
  '2,500 headers, of which the last is read',
  post(`${HEADERS}\r\n${'x: y\r\n'.repeat(2_500)}content-type: application/json`),
  '200 answered',
  raw,
);
bytes(
  '100 MB announced',
  post(`content-type: application/json\r\n${HEADERS.replace(/\d+$/, '100000000')}`),
  '413 PAYLOAD_TOO_LARGE',
  raw,
);
bytes(
  'a type with junk behind it',
  post(`content-type: application/json garbage\r\n${HEADERS}`),
  '415 BAD_REQUEST',
  raw,
);
bytes(
  'a type with a tab behind it',
  post(`content-type: application/json\t; x=y\r\n${HEADERS}`),
  '200 answered',
  raw,
);
bytes(
  'a type that begins with a space',
  post(`content-type:  application/json\r\n${HEADERS}`),
  '200 answered',
  raw,
);
bytes(
  'two types',
  post(`content-type: application/json\r\ncontent-type: text/plain\r\n${HEADERS}`),
  '200 answered',
  raw,
);
bytes(
  'two Authorization headers, the first wrong',
  post(
    `content-type: application/json\r\nauthorization: Bearer a.b.c\r\nauthorization: Bearer x\r\n${HEADERS}`,
  ),
  '401 UNAUTHENTICATED',
  raw,
);
bytes(
  'a wrong token behind 2,100 other headers',
  post(`content-type: application/json\r\n${'a:1\r\n'.repeat(2_100)}authorization: Bearer x\r\n${HEADERS}`),
  '401 UNAUTHENTICATED',
  raw,
);

const TUNNEL = 'CONNECT example.org:443 HTTP/1.1\r\nhost: example.org\r\n\r\n';
bytes('a tunnel', TUNNEL, '405 BAD_REQUEST', raw);
bytes('a tunnel, with bytes for its other end', `${TUNNEL}GET / HTTP/1.1\r\n\r\n`, '405 BAD_REQUEST', raw);
bytes(
  'an expectation that nobody knows',
  post(`content-type: application/json\r\nexpect: junk\r\n${HEADERS}`),
  '417 BAD_REQUEST',
  raw,
);
for (const protocol of ['websocket', 'h2c', 'TLS/1.0'])
  bytes(
    `an upgrade to ${protocol}, which is not taken`,
    post(`content-type: application/json\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n${HEADERS}`),
    ANSWERED,
    raw,
  );
const line = (method: string, target: string) =>
  `${method} ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`;
bytes('HTTP/2, known in advance', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', BAD, raw);
bytes('TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', BAD, raw);
bytes('TRACE', line('TRACE', '/graphql/edge'), '405 BAD_REQUEST', raw);
bytes('TRACE, of nothing', line('TRACE', '/'), '404 NOT_FOUND', raw);
bytes('OPTIONS *', line('OPTIONS', '*'), '404 NOT_FOUND', raw);
bytes('a whole address, of somebody else', line('GET', 'http://example.org/'), '404 NOT_FOUND', raw);
bytes(
  'a whole address, of ours',
  post(`content-type: application/json\r\n${HEADERS}`).replace('/graphql', 'http://localhost/graphql'),
  ANSWERED,
  raw,
);

const texts = group('texts');
const utf8 = (name: string, body: Uint8Array, expected: string) =>
  texts.request(
    name,
    '',
    { method: 'POST', headers: { 'content-type': 'application/json' }, body },
    expected,
  );
utf8(
  'bytes that are not UTF-8',
  Buffer.concat([
    Buffer.from('{"query":"{ echo(text: \\"'),
    Buffer.from([0xff, 0xfe, 0xc0]),
    Buffer.from('\\") }"}'),
  ]),
  ANSWERED,
);
utf8('a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(BODY)]), ANSWERED);
utf8('UTF-16', Buffer.from(BODY, 'utf16le'), BAD);
texts.body('half a surrogate pair', '{"query":"{ echo(text: \\"\\ud800\\") }"}', '400 GRAPHQL_PARSE_FAILED');
texts.body('NUL in the document', '{"query":"{ __typename \\u0000 }"}', '400 GRAPHQL_PARSE_FAILED');
texts.body('NUL in a string', '{"query":"{ echo(text: \\"a\\\\u0000b\\") }"}', ANSWERED);
texts.body('text from right to left', { query: '{ echo(text: "\u202Egnp.exe") }' }, ANSWERED);
texts.body(
  'line feeds and escapes',
  { query: '{ echo(text: "a\\r\\nSet-Cookie: x\\u001b[31m") }' },
  ANSWERED,
);

const shapes = group('JSON');
for (const [name, text] of [
  ['half a body', '{"query": "{ __ty'],
  ['nothing', ''],
  ['null', 'null'],
  ['a string', '"{ __typename }"'],
  ['a number', '1'],
  ['true', 'true'],
  ['an object of nothing', '{}'],
  ['a query that is a number', '{"query":1}'],
  ['a query that is an object', '{"query":{"$ne":null}}'],
  ['a query that is empty', '{"query":""}'],
  ['variables as text', '{"query":"{__typename}","variables":"{}"}'],
  ['variables as a list', '{"query":"{__typename}","variables":[]}'],
  ['extensions as text', '{"query":"{__typename}","extensions":"x"}'],
  ['a name that is an object', '{"query":"{__typename}","operationName":{}}'],
  ['__proto__ above', '{"__proto__":{"x":1},"query":"{__typename}"}'],
  ['__proto__ in variables', '{"query":"{__typename}","variables":{"__proto__":{"x":1}}}'],
  ['constructor.prototype', '{"query":"{__typename}","variables":{"constructor":{"prototype":{"x":1}}}}'],
  ['NaN', '{"query":"{__typename}","variables":{"a":NaN}}'],
  ['a comma too many', '{"query":"{__typename}",}'],
] as const)
  shapes.body(name, text, BAD);
for (const name of ['toString', 'hasOwnProperty', 'valueOf', 'constructor'])
  shapes.body(`a variable named ${name}`, `{"query":"{__typename}","variables":{"${name}":1}}`, ANSWERED);
shapes.body('a key twice: the last one counts', '{"query":"{ nothing }","query":"{__typename}"}', ANSWERED);
shapes.body(
  'values nested without end',
  `{"query":"query ($n: [[Int!]!]!) { sum(numbers: $n) }","variables":{"n":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
  '400 OPERATION_TOO_LARGE',
);

const paths = group('paths');
for (const path of [
  '/graphql/nothing',
  '//graphql',
  '/graphql/',
  '/GRAPHQL',
  '/graphql/edge/',
  '/graphql/%2e%2e/edge%00',
  '/graphql/__proto__',
  '/graphql/constructor',
  '/.env',
  '/package.json',
  '/metrics',
  '/admin',
  '/graphql/edge.json',
])
  paths.request(path, path, json(ASK), '404 NOT_FOUND');
for (const path of ['/%zz', '/graphql/%']) paths.request(path, path, json(ASK), BAD);
// Nobody asks for their bodies: they are not parsed, whatever they are.
for (const [what, body] of [
  ['half a million lists', '['.repeat(500_000)],
  ['2 MiB', JSON.stringify('x'.repeat(2 * 1024 * 1024))],
  ['a body that is malformed', '{'],
  ['a body with __proto__', '{"__proto__":{}}'],
] as const)
  for (const path of ['/nothing', '/health/live'])
    paths.request(`${what}, to ${path}`, path, { ...json(''), body }, '404 NOT_FOUND');

const hashes = group('automatic persisted queries');
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const persisted = (sha256Hash: unknown, more: object = {}, version: unknown = 1) => ({
  ...more,
  extensions: { persistedQuery: { version, sha256Hash } },
});
hashes.body('a hash that nobody sent', persisted(hashOf('x')), '200 PERSISTED_QUERY_NOT_FOUND');
hashes.body('the hash of another query', persisted(hashOf('x'), ASK), BAD);
for (const [name, hash] of [
  ['an object', { toString: 1 }],
  ['a number', 1],
  ['__proto__', '__proto__'],
  ['too short', 'abc'],
  ['in capitals', hashOf('x').toUpperCase()],
  ['1 MB less a bit', 'a'.repeat(900_000)],
] as const)
  hashes.body(`a hash that is ${name}`, persisted(hash), BAD);
hashes.body('another version', persisted(hashOf('x'), {}, 2), BAD);
hashes.body('a version that is an object', persisted(hashOf('x'), {}, {}), BAD);

/** Attacks on HTTP and JSON. */
export const transportAttacks: readonly Attack[] = [
  methods,
  types,
  raw,
  texts,
  shapes,
  paths,
  hashes,
].flatMap(({ attacks }) => attacks);
