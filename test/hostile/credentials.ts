import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { sendBytes } from '../support/http.js';
import { type Attack, group, type Prey } from './attack.js';

const REFUSED = '401 UNAUTHENTICATED';
const ASK = '{ __typename }';
const NOTHING = '200 nothing';
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

interface Claims {
  readonly [claim: string]: unknown;
}
function keysOf({ gateway }: Prey, product: string) {
  const keys = gateway.environment.products[product]?.keys;
  if (keys?.kind !== 'secret') throw new TypeError('a secret was expected');
  return keys;
}
const now = () => Math.floor(Date.now() / 1_000);
/** A token of blog's own making, with some claims changed. */
function forge(prey: Prey, claims: Claims, header: object = { alg: 'HS256' }, product = 'blog'): string {
  const { secret, issuer, audience } = keysOf(prey, product);
  const payload = {
    iss: issuer,
    aud: audience,
    sub: 'svc',
    scope: `${product}:read`,
    iat: now(),
    exp: now() + 600,
    ...claims,
  };
  const text = `${encode(header)}.${encode(Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined)))}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

const tokens = group('tokens');
const token = (
  name: string,
  make: (prey: Prey) => string | Promise<string>,
  expected = REFUSED,
  to = 'blog',
) => tokens.add(name, expected, async (prey) => prey.gateway.ask(to, ASK, { token: await make(prey) }));
token('one as it should be', (prey) => forge(prey, {}), '200 answered');
for (const alg of ['none', 'None', 'nOnE', 'HS512', 'RS256', 'ES256', ''])
  token(`alg ${alg}`, (prey) => forge(prey, {}, { alg }));
token('no signature', (prey) => forge(prey, {}).replace(/\.[^.]+$/, '.'));
token('a signature of another token', (prey) => {
  const [head, body] = forge(prey, { scope: 'blog:admin' }).split('.');
  return `${head}.${body}.${forge(prey, {}).split('.')[2]}`;
});
for (const kid of ['../../etc/passwd', "' OR 1=1 --", '/dev/null', 'x'.repeat(2_000)])
  token(
    `kid ${kid.slice(0, 16)}: there is one key, whatever it is called`,
    (prey) => forge(prey, {}, { alg: 'HS256', kid }),
    '200 answered',
  );
for (const name of ['jku', 'x5u'])
  token(
    `${name}: keys are never fetched from where a token says`,
    (prey) => forge(prey, {}, { alg: 'HS256', [name]: 'http://127.0.0.1:9/keys' }),
    '200 answered',
  );
token('crit', (prey) => forge(prey, {}, { alg: 'HS256', crit: ['x'], x: 1 }));
token('expired for a minute', (prey) => forge(prey, { exp: now() - 60 }));
token('expired for ten seconds', (prey) => forge(prey, { exp: now() - 10 }));
token(
  'good for a hundred years: whoever holds the key decides',
  (prey) => forge(prey, { exp: now() + 100 * 365 * 86_400 }),
  '200 answered',
);
token('not valid yet', (prey) => forge(prey, { nbf: now() + 600 }));
token('no expiry', (prey) => forge(prey, { exp: undefined }));
token('an expiry that is text', (prey) => forge(prey, { exp: String(now() + 600) }));
token('another audience', (prey) => forge(prey, { aud: 'nobody' }));
token('no audience', (prey) => forge(prey, { aud: undefined }));
token('the audience of another product', (prey) => forge(prey, { aud: keysOf(prey, 'aviation').audience }));
token('another issuer', (prey) => forge(prey, { iss: 'https://evil.example' }));
token('another product’s token', (prey) => forge(prey, {}, { alg: 'HS256' }, 'aviation'));
token('another product’s session', ({ aviationUser }) => aviationUser);
token('a key of somebody else', async () =>
  new SignJWT({ scope: 'blog:admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('x')
    .setExpirationTime('1h')
    .sign(Buffer.from('x'.repeat(32))),
);
for (const text of [
  'bhs_blog_',
  'bhs_blog_wrong',
  'bhs_nothing_x',
  'bhs_aviation_x',
  'a.b.c',
  'e30.e30.',
  '..',
  'x'.repeat(8_000),
])
  token(`"${text.slice(0, 16)}"`, () => text);
for (const [name, header] of [
  ['Basic', 'Basic dTpw'],
  ['no scheme', 'e30.e30.e30'],
  ['two tokens', 'Bearer a, Bearer b'],
  ['an empty one', 'Bearer '],
  ['a tab', 'Bearer\ttoken'],
] as const)
  tokens.add(name, REFUSED, ({ gateway }) =>
    gateway.ask('blog', ASK, { headers: { authorization: header } }),
  );

const twice = (name: string, first: (prey: Prey) => string, second: (prey: Prey) => string) =>
  tokens.add(name, REFUSED, async (prey) => {
    const body = JSON.stringify({ query: ASK });
    const { status, body: answer } = await sendBytes(
      prey.gateway.address,
      `POST /graphql/blog HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/graphql-response+json\r\nauthorization: ${first(prey)}\r\nAuthorization: ${second(prey)}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    );
    return { status, body: JSON.parse(answer) as unknown };
  });
const good = (prey: Prey) => `Bearer ${forge(prey, {})}`;
twice('two headers, a good one first', good, () => 'Bearer a.b.c');
twice('two headers, a good one last', () => 'Bearer a.b.c', good);
twice('two headers, both good', good, good);
twice('two headers, the second empty', good, () => '');

const strangers = group('strangers at a product that is not public');
for (const [name, query] of [
  ['a query', ASK],
  ['nonsense', '{{{'],
  ['a field that is not there', '{ nothing }'],
  ['a document of 100,000 tokens', `{ ${'a '.repeat(100_000)} }`],
  ['introspection', '{ __schema { types { name } } }'],
] as const)
  for (const to of ['closed', 'composed']) strangers.document(`${name} to ${to}`, query, REFUSED, { to });
strangers.document('a token in the query', '{ __typename }', REFUSED, {
  to: 'closed',
  variables: { token: 'x', authorization: 'Bearer x' },
});
for (const way of ['?token=x', '?access_token=x', '?authorization=Bearer%20x'])
  strangers.request(
    way,
    `/graphql/closed${way}&query=${encodeURIComponent(ASK)}`,
    { headers: { 'apollo-require-preflight': '1' } },
    REFUSED,
  );

for (const scope of ['blog:admin', 'blog:admin closed:everything'])
  for (const query of [ASK, '{{{'])
    strangers.add(`an operator of ${scope} asks ${query}`, REFUSED, async ({ gateway }) =>
      gateway.ask('closed', query, { token: await gateway.operator(scope) }),
    );
for (const query of [
  '{ closed { __typename } }',
  '{ ...F } fragment F on Query { a: closed { echo(text: "x") } }',
])
  strangers.add(`an operator of blog asks ${query}`, '200 UNAUTHENTICATED', async ({ gateway }) =>
    gateway.ask(undefined, query, { token: await gateway.operator('blog:admin') }),
  );
strangers.add('an operator of blog changes something', '200 UNAUTHENTICATED', async ({ gateway }) =>
  gateway.ask(undefined, 'mutation { closedTouch }', { token: await gateway.operator('blog:admin') }),
);
strangers.add('an operator of nothing', REFUSED, async ({ gateway }) =>
  gateway.ask(undefined, ASK, { token: await gateway.operator('nothing:admin') }),
);

const others = group('another product’s data');
others.document(
  'blog’s session in the composed graph, which is for operators',
  '{ aviation { transfers(first: 1) { nodes { id } } } }',
  REFUSED,
  { to: 'composed', as: 'blogUser' },
);
others.document(
  'transfers for a user who owns none of them',
  '{ accounts(owner: "000000000000000000000000") { id } }',
  '200 nothing',
  { to: 'aviation', as: 'aviationUser' },
);
others.document(
  'transfers for nobody',
  '{ transfers(account: "000000000000000000000000", first: 1) { nodes { id } } }',
  '200 nothing',
  { to: 'aviation' },
);
/** Asks the composed graph, as an operator with some scope, for the accounts of somebody who has one. */
const asksForAccounts = (name: string, expected: string, scope: string, query: (field: string) => string) =>
  others.add(name, expected, async ({ gateway }) => {
    const account = await gateway
      .db('aviation')
      .collection('ledger.accounts')
      .findOne({ owner: { $type: 'objectId' } });
    return gateway.ask(undefined, query(`accounts(owner: "${String(account?.['owner'])}") { id }`), {
      token: await gateway.operator(scope),
    });
  });
const plainly = (field: string) => `{ aviation { ${field} } }`;
asksForAccounts('accounts, by an operator of aviation', '200 answered', 'aviation:admin', plainly);
asksForAccounts('accounts, by an operator of blog', NOTHING, 'blog:admin', plainly);
asksForAccounts(
  'the same under an alias',
  NOTHING,
  'blog:admin',
  (field) => `{ blog: aviation { a: ${field} } }`,
);
asksForAccounts(
  'the same in a fragment',
  NOTHING,
  'blog:admin',
  (field) => `{ ...F } fragment F on Query { aviation { ... { ${field} } } }`,
);
others.add('a service of blog asks aviation', REFUSED, async ({ gateway }) =>
  gateway.ask('aviation', ASK, { token: await gateway.service('blog', 'aviation:admin', '*:admin') }),
);
others.document(
  'a draft of somebody else',
  '{ posts(first: 5, filter: { status: DRAFT }) { nodes { id } } }',
  '200 nothing',
  { to: 'blog', as: 'blogUser' },
);

/** Attacks by who one claims to be. */
export const credentialAttacks: readonly Attack[] = [tokens, strangers, others].flatMap(
  ({ attacks }) => attacks,
);
