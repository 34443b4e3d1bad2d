import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secretKeys, type TokenKeys } from '../config/token-keys.js';
import { StartError } from '../errors/bulkhead-error.js';
import { createVerifier, signToken } from './token-keys.js';

const secret = randomBytes(32).toString('base64url');
const keys = secretKeys(secret, 'blog');
const verify = createVerifier(keys);
const refused = { code: 'UNAUTHENTICATED', message: 'The token is not valid here.' };

interface Forged {
  readonly claims?: Record<string, unknown>;
  readonly alg?: string;
  readonly key?: Uint8Array | KeyObject;
  readonly kid?: string;
}

const now = () => Math.floor(Date.now() / 1000);
const forge = ({ claims, alg = 'HS256', key = Buffer.from(secret), kid }: Forged = {}) =>
  new SignJWT({
    iss: 'bulkhead',
    aud: 'bulkhead:blog',
    sub: 'importer',
    exp: now() + 60,
    scope: 'blog:read blog:write',
    ...claims,
  })
    .setProtectedHeader({ alg, ...(kid && { kid }) })
    .sign(key);

test('a signed token is read back', async () => {
  const token = await signToken(keys, { subject: 'importer', scopes: ['blog:read'], expiresInS: 60 });
  expect(await verify(token)).toEqual({
    subject: 'importer',
    scopes: ['blog:read'],
    audience: ['bulkhead:blog'],
  });
  expect(await verify(await forge({ claims: { aud: ['bulkhead:blog', 'other'] } }))).toMatchObject({
    audience: ['bulkhead:blog', 'other'],
    scopes: ['blog:read', 'blog:write'],
  });
});

test.each([
  ['expired', { exp: now() - 60 }],
  ['without expiry', { exp: undefined }],
  ['not yet valid', { nbf: now() + 60 }],
  ['for another audience', { aud: 'bulkhead:aviation' }],
  ['without audience', { aud: undefined }],
  ['from another issuer', { iss: 'somebody' }],
  ['without issuer', { iss: undefined }],
  ['without subject', { sub: undefined }],
  ['with an empty subject', { sub: '' }],
  ['with a subject of two lines', { sub: 'a\nb' }],
  ['with a subject that is too long', { sub: 'a'.repeat(201) }],
])('a token %s is refused', async (_, claims) => {
  await expect(verify(await forge({ claims }))).rejects.toMatchObject(refused);
});

test('a clock may be some seconds behind, not more', async () => {
  await expect(verify(await forge({ claims: { exp: now() - 2 } }))).resolves.toBeDefined();
  await expect(verify(await forge({ claims: { exp: now() - 7 } }))).rejects.toMatchObject(refused);
});

test('no signature, another key, another HMAC and a changed payload are refused', async () => {
  const unsigned = new UnsecuredJWT({ scope: 'blog:admin' })
    .setIssuer('bulkhead')
    .setAudience('bulkhead:blog')
    .setSubject('x')
    .setExpirationTime('1h')
    .encode();
  await expect(verify(unsigned)).rejects.toMatchObject(refused);
  await expect(verify(await forge({ key: randomBytes(32) }))).rejects.toMatchObject(refused);
  await expect(verify(await forge({ alg: 'HS512' }))).rejects.toMatchObject(refused);
  const [header, , signature] = (await forge()).split('.');
  const payload = (await forge({ claims: { scope: 'blog:admin' } })).split('.')[1];
  await expect(verify([header, payload, signature].join('.'))).rejects.toMatchObject(refused);
  for (const text of ['', '..', 'a.b.c', 'x'.repeat(5000)])
    await expect(verify(text)).rejects.toMatchObject(refused);
});

test('a scope that is no text gives no scopes', async () => {
  expect(await verify(await forge({ claims: { scope: ['blog:admin'] } }))).toMatchObject({ scopes: [] });
});

test('a public key never serves as an HMAC secret', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { issuer, audience } = keys;
  const verify = createVerifier({ kind: 'publicKey', publicKey: pem, algorithm: 'RS256', issuer, audience });
  await expect(verify(await forge({ alg: 'RS256', key: privateKey }))).resolves.toBeDefined();
  await expect(verify(await forge({ key: Buffer.from(pem) }))).rejects.toMatchObject(refused);
  await expect(verify(await forge({ key: Buffer.from(pem.trim()) }))).rejects.toMatchObject(refused);
  await expect(verify(await forge({ alg: 'PS256', key: privateKey }))).rejects.toMatchObject(refused);
});

test('while a key is being changed, tokens of the one before are good too, and no others', async () => {
  const before = randomBytes(32).toString('base64url');
  const verify = createVerifier({ ...keys, previous: before });
  await expect(verify(await forge())).resolves.toMatchObject({ subject: 'importer' });
  await expect(verify(await forge({ key: Buffer.from(before) }))).resolves.toMatchObject({
    subject: 'importer',
  });
  await expect(verify(await forge({ key: randomBytes(32) }))).rejects.toMatchObject(refused);
  const late = { claims: { exp: now() - 60 } };
  await expect(verify(await forge({ ...late, key: Buffer.from(before) }))).rejects.toMatchObject(refused);
  const signed = await signToken({ ...keys, previous: before }, { subject: 'x', scopes: [], expiresInS: 60 });
  await expect(createVerifier(keys)(signed)).resolves.toMatchObject({ subject: 'x' });
});

test('only a secret signs, and only for a usable subject', async () => {
  const jwks: TokenKeys = { ...keys, kind: 'jwks', url: 'https://keys.example', algorithm: 'RS256' };
  const contents = { subject: 'x', scopes: [], expiresInS: 60 };
  await expect(signToken(jwks, contents)).rejects.toThrow(StartError);
  await expect(signToken(keys, { ...contents, subject: '' })).rejects.toThrow(StartError);
});

const pairs = {
  old: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  new: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
};
let server: Server;
let url = '';
let fetches = 0;

beforeAll(async () => {
  const jwks = {
    keys: await Promise.all(
      Object.entries(pairs).map(async ([kid, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid })),
    ),
  };
  server = createServer((request, response) => {
    fetches++;
    response.statusCode = request.url === '/jwks' ? 200 : 500;
    response.end(JSON.stringify(jwks));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const jwksVerifier = (path: string) =>
  createVerifier({
    kind: 'jwks',
    url: `${url}${path}`,
    algorithm: 'ES256',
    issuer: 'bulkhead',
    audience: 'bulkhead:blog',
  });

test('a key set is fetched once, and both its keys are good by their id', async () => {
  const verify = jwksVerifier('/jwks');
  fetches = 0;
  for (const kid of ['old', 'new'] as const) {
    const token = await forge({ alg: 'ES256', key: pairs[kid].privateKey, kid });
    await expect(verify(token)).resolves.toMatchObject({ subject: 'importer' });
  }
  const swapped = await forge({ alg: 'ES256', key: pairs.old.privateKey, kid: 'new' });
  await expect(verify(swapped)).rejects.toMatchObject(refused);
  for (let i = 0; i < 5; i++) {
    const unknown = await forge({ alg: 'ES256', key: pairs.old.privateKey, kid: `unknown-${i}` });
    await expect(verify(unknown)).rejects.toMatchObject(refused);
  }
  await expect(verify(await forge({ kid: 'old' }))).rejects.toMatchObject(refused);
  expect(fetches).toBe(1);
});

test('a key set out of reach is no fault of the caller’s', async () => {
  const token = await forge({ alg: 'ES256', key: pairs.old.privateKey, kid: 'old' });
  await expect(jwksVerifier('/down')(token)).rejects.toMatchObject({ code: 'PRODUCT_UNAVAILABLE' });
});
