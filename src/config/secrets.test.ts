import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { redact, redactUri } from './secrets.js';

test('a connection string keeps its hosts and database', () => {
  expect(redactUri('mongodb://blog:p%40ss@one:27017,two:27017/blog?authSource=admin&replicaSet=rs')).toBe(
    'mongodb://one:27017,two:27017/blog',
  );
  expect(redactUri('mongodb+srv://blog:p@cluster.example')).toBe('mongodb+srv://cluster.example');
  expect(redactUri('mongodb://localhost/blog')).toBe('mongodb://localhost/blog');
  expect(redactUri('mongodb://u:wrong/unencoded?p@ss@host/blog')).toBe('mongodb://host/blog');
  expect(redactUri('nonsense')).toBe('[connection string]');
});

test('a text keeps its words and loses its secrets', () => {
  const jwt = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.eyJzdWIiOiJ4In0.c2lnbmF0dXJl`;
  expect(redact(`no route to mongodb://u:p@db/blog for Bearer ${jwt}, session bhs_blog_q-w_e.`)).toBe(
    'no route to mongodb://db/blog for Bearer [token], session [session token].',
  );
  expect(redact('{"uri":"mongodb://u:p@db/blog?x=1","n":1}')).toBe('{"uri":"mongodb://db/blog","n":1}');
  expect(redact('development-Zm9vYmFyYmF6cXV4MTIzNA')).toBe('[secret]');
  expect(redact('keys of the eyewitness.example.com')).toBe('keys of the eyewitness.example.com');
});

test('no credential survives, whatever stands around it', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string({ minLength: 1, unit: 'grapheme-ascii' }),
      fc.uuid(),
      fc.string(),
      (before, user, password, after) => {
        const uri = `mongodb://${encodeURIComponent(user)}:${password}@host/db`;
        expect(redact(`${before} ${uri} ${after}`)).not.toContain(password);
      },
    ),
  );
});

test('a long hostile text is redacted in time', () => {
  const started = performance.now();
  for (const part of ['mongodb://', 'eyJ', '.eyJ', '@', 'bhs_', 'ey-']) redact(part.repeat(100_000));
  expect(performance.now() - started).toBeLessThan(2_000);
});
