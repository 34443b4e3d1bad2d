import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { secretKeys } from '../config/token-keys.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { createAuthenticator } from './authenticator.js';
import type { Sessions } from './sessions.js';
import { signToken } from './token-keys.js';

const random = () => randomBytes(32).toString('base64url');
const keys = {
  blog: secretKeys(random(), 'blog'),
  aviation: secretKeys(random(), 'aviation'),
  operators: secretKeys(random()),
};
const refused = { code: 'UNAUTHENTICATED' };

const userId = '65a000000000000000000001';
const blogToken = `bhs_blog_${random()}`;
const none = () => Promise.reject(new Error('not asked'));
const sessions = (find: Sessions['find']): Sessions => ({ find, open: none, close: none });
const blogSessions = sessions(async (token) => (token === blogToken ? userId : null));

const build = (sessionOf: (product: string) => Sessions | undefined = () => blogSessions) =>
  createAuthenticator({
    products: { blog: keys.blog, aviation: keys.aviation },
    operators: keys.operators,
    sessionOf: (product) => (product === 'blog' ? sessionOf(product) : undefined),
    sessionTimeoutMs: 200,
  });
const { authenticate } = build();

const jwt = async (owner: keyof typeof keys, scope: string, claims: { audience?: string } = {}) =>
  `Bearer ${await signToken({ ...keys[owner], ...claims }, { subject: owner, scopes: scope.split(' '), expiresInS: 60 })}`;

const powers = ['read', 'write', 'admin'] as const;

test('without a header everybody is anonymous, everywhere', async () => {
  for (const endpoint of ['blog', undefined]) {
    const viewers = await authenticate(undefined, endpoint);
    expect(viewers('blog')).toMatchObject({ kind: 'anonymous', id: null, scopes: [], product: 'blog' });
    expect(viewers('blog')).toBe(viewers('blog'));
  }
});

test.each([
  '',
  'Bearer',
  'Bearer ',
  'Basic dXNlcjpwYXNz',
  'Bearer a.b.c',
  'Bearer a b',
  'Bearer a.b.c, Bearer d.e.f',
  'Bearer bhs_blog_short',
  `Bearer bhs_nothing_${random()}`,
  `Bearer bhs_constructor_${random()}`,
  `Bearer bhs_blog_${random()}`,
])('the header %j is refused, not ignored', async (header) => {
  for (const endpoint of ['blog', 'aviation', undefined])
    await expect(authenticate(header, endpoint)).rejects.toMatchObject(refused);
});

test('a product’s token is a service there, and nobody elsewhere', async () => {
  const header = await jwt('blog', 'blog:read blog:write');
  for (const endpoint of ['blog', undefined]) {
    const viewers = await authenticate(header, endpoint);
    const viewer = viewers('blog');
    expect(viewer).toMatchObject({ kind: 'service', id: 'blog', scopes: ['blog:read', 'blog:write'] });
    expect(powers.map((power) => viewer.may(power))).toEqual([true, true, false]);
    expect(viewers('aviation').isAnonymous).toBe(true);
  }
  await expect(authenticate(header, 'aviation')).rejects.toMatchObject(refused);
  await expect(authenticate(header, 'unknown')).rejects.toMatchObject(refused);
  expect((await authenticate(header.replace('Bearer', 'bearer'), 'blog'))('blog').kind).toBe('service');
});

test('scopes cannot be smuggled in under a product’s key', async () => {
  const smuggled =
    '*:admin blog:admin *:* aviation:* aviation:administrator aviation AVIATION:admin aviation:read';
  const viewers = await authenticate(await jwt('aviation', smuggled), undefined);
  expect(viewers('aviation').scopes).toEqual(['aviation:read']);
  expect(viewers('blog')).toMatchObject({ kind: 'anonymous', scopes: [] });
});

test('a foreign key signs nothing, whatever audience it names', async () => {
  for (const [owner, audience] of [
    ['aviation', 'bulkhead:blog'],
    ['aviation', 'bulkhead'],
    ['operators', 'bulkhead:blog'],
    ['blog', 'bulkhead'],
  ] as const) {
    const header = await jwt(owner, '*:admin blog:admin', { audience });
    for (const endpoint of ['blog', 'aviation', undefined])
      await expect(authenticate(header, endpoint)).rejects.toMatchObject(refused);
  }
});

test('an operator reaches every product, as far as the scopes go', async () => {
  const everything = await authenticate(await jwt('operators', '*:admin'), 'aviation');
  expect(everything('aviation')).toMatchObject({ kind: 'operator', scopes: ['aviation:admin'] });
  expect(everything('aviation').principal).toBe('operator:operators');

  const some = await authenticate(await jwt('operators', '*:read blog:write'), undefined);
  expect(some('blog').scopes).toEqual(['blog:read', 'blog:write']);
  expect(some('aviation').scopes).toEqual(['aviation:read']);
});

test('an operator is nobody in a product that its scopes do not name', async () => {
  const some = await jwt('operators', 'aviation:read');
  for (const endpoint of ['blog', 'aviation', undefined]) {
    const viewers = await authenticate(some, endpoint);
    expect(viewers('aviation').kind).toBe('operator');
    expect(viewers('blog').isAnonymous).toBe(true);
  }
  for (const scope of ['', 'nothing:admin', '*:everything', '*'])
    for (const endpoint of ['blog', 'aviation', undefined])
      await expect(authenticate(await jwt('operators', scope), endpoint)).rejects.toMatchObject(refused);
});

test('a token for very many audiences is refused before any signature is checked', async () => {
  const audience = Array.from({ length: 9 }, (_, i) => `bulkhead:${i}`).concat('bulkhead:blog');
  const header = await jwt('blog', 'blog:read', { audience: audience as unknown as string });
  await expect(authenticate(header, 'blog')).rejects.toMatchObject(refused);
});

test('a session is a user of its product, and nobody elsewhere', async () => {
  for (const endpoint of ['blog', undefined]) {
    const viewers = await authenticate(`Bearer ${blogToken}`, endpoint);
    const viewer = viewers('blog');
    expect(viewer).toMatchObject({ kind: 'session', id: userId, scopes: ['blog:read', 'blog:write'] });
    expect(viewer.objectId.toHexString()).toBe(userId);
    expect(viewer.seesAll()).toBe(false);
    expect(viewers('aviation').isAnonymous).toBe(true);
  }
  await expect(authenticate(`Bearer ${blogToken}`, 'aviation')).rejects.toMatchObject(refused);
});

const unavailable = (message: string) => ({ code: 'PRODUCT_UNAVAILABLE', message });

test.each([
  ['fails', () => sessions(() => Promise.reject(new Error('down')))],
  ['is late', () => sessions(() => new Promise(() => {}))],
  [
    'cannot be reached',
    () => {
      throw new Error('parked');
    },
  ],
])('a session whose database %s makes only its own product unavailable', async (_, sessionOf) => {
  const { authenticate } = build(sessionOf);
  const error = unavailable('The session could not be looked up.');
  await expect(authenticate(`Bearer ${blogToken}`, 'blog')).rejects.toMatchObject(error);
  const viewers = await authenticate(`Bearer ${blogToken}`, undefined);
  expect(() => viewers('blog')).toThrow(BulkheadError);
  expect(() => viewers('blog')).toThrow(error.message);
  expect(viewers('aviation').isAnonymous).toBe(true);
});

test('the lookup carries a comment, a deadline, who asks and the request’s signal', async () => {
  const seen: unknown[] = [];
  const controller = new AbortController();
  const { authenticate } = build(() =>
    sessions(async (_, options) => {
      seen.push({ ...options, signal: undefined });
      controller.abort();
      expect(options.signal?.aborted).toBe(true);
      return userId;
    }),
  );
  await authenticate(`Bearer ${blogToken}`, undefined, {
    signal: controller.signal,
    client: '198.51.100.7',
  });
  expect(seen).toEqual([
    { comment: 'bulkhead:blog:-:Session.token', maxTimeMS: 200, client: '198.51.100.7' },
  ]);
});

test('keys that cannot be fetched make only their own product unavailable', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { authenticate } = createAuthenticator({
    products: {
      // Nothing listens on the port that is reserved for nothing.
      blog: { ...keys.blog, kind: 'jwks', url: 'http://127.0.0.1:1/jwks', algorithm: 'ES256' },
      aviation: keys.aviation,
    },
    sessionOf: () => undefined,
  });
  const token = await new SignJWT()
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer('bulkhead')
    .setAudience('bulkhead:blog')
    .setSubject('x')
    .setExpirationTime('1m')
    .sign(privateKey);
  const error = { code: 'PRODUCT_UNAVAILABLE' };
  await expect(authenticate(`Bearer ${token}`, 'blog')).rejects.toMatchObject(error);
  await expect(authenticate(`Bearer ${token}`, 'aviation')).rejects.toMatchObject(refused);
  const viewers = await authenticate(`Bearer ${token}`, undefined);
  expect(() => viewers('blog')).toThrow(expect.objectContaining(error));
  expect(viewers('aviation').isAnonymous).toBe(true);
  // A token under another algorithm is refused before anything is fetched.
  await expect(authenticate(await jwt('blog', 'blog:read'), 'blog')).rejects.toMatchObject(refused);
});
