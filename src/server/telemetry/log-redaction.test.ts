import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLogger } from './logger.js';

/** One line of the log, as an object. */
const lineOf = (facts: object, text = 'text'): Record<string, unknown> => {
  const lines: string[] = [];
  createLogger('trace', { write: (line) => void lines.push(line) }).info(facts, text);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]!) as Record<string, unknown>;
};

test('no connection string’s credential and no token is in a line, wherever it stands', () => {
  const secrets = fc
    .uuid()
    .chain((id) =>
      fc
        .constantFrom(
          `mongodb://user:${id}@host/db`,
          `mongodb+srv://${id}@host`,
          `bhs_blog_${id}`,
          `eyJhbGciOiJIUzI1NiJ9.${id}.${id}`,
        )
        .map((secret) => ({ id, secret })),
    );
  fc.assert(
    fc.property(
      secrets,
      fc.string(),
      fc.integer({ min: 0, max: 9 }),
      fc.string({ minLength: 1 }),
      ({ id, secret }, before, depth, key) => {
        const text = `${before} ${secret} end`;
        const holders: ((inner: unknown) => unknown)[] = [
          (inner) => ({ [key]: inner }),
          (inner) => [1, inner],
          (inner) => new Error('outer', { cause: inner }),
          (inner) => Object.assign(new Error('outer'), { code: inner }),
          (inner) => new AggregateError([inner], 'outer'),
        ];
        for (const hold of holders) {
          let nested: unknown = text;
          for (let level = 0; level <= depth; level += 1) nested = hold(nested);
          expect(JSON.stringify(lineOf({ fact: nested, err: nested, [secret]: 1 }, text))).not.toContain(id);
        }
        expect(
          JSON.stringify(lineOf({ err: new Error(text), text, [text]: new Error(text) }, text)),
        ).not.toContain(id);
      },
    ),
    { numRuns: 200 },
  );
});

test('a value under a key that names a secret is not written, whatever it is', () => {
  const secret = 'hunter2';
  const facts = {
    password: secret,
    deep: { newPassword: secret, list: [{ accessToken: { of: secret } }] },
    headers: { Authorization: secret, 'set-cookie': [secret] },
    opsUri: secret,
    jwtSecret: secret,
  };
  const line = lineOf(facts);
  expect(JSON.stringify(line)).not.toContain(secret);
  expect(line).toMatchObject({ password: '[redacted]', deep: { list: [{ accessToken: '[redacted]' }] } });
});

test('an error keeps its type, text, stack, code and causes', () => {
  const error = Object.assign(new TypeError('outer', { cause: new RangeError('inner') }), {
    code: 13,
    codeName: 'Unauthorized',
    other: 1,
  });
  const { err } = lineOf({ err: error });
  expect(err).toMatchObject({
    type: 'TypeError',
    message: 'outer',
    stack: expect.stringContaining('log-redaction.test'),
    code: 13,
    codeName: 'Unauthorized',
    cause: { type: 'RangeError', message: 'inner' },
  });
  expect(err).not.toHaveProperty('other');
});

test('whatever is logged, a line is written and nothing throws', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = [cycle];
  const loop = new Error('loop');
  loop.cause = loop;
  const throwing = new Proxy(new Error('x'), {
    get() {
      throw new Error('no');
    },
  });
  for (const odd of [
    cycle,
    loop,
    throwing,
    Object.create(null),
    new Map([['a', 1]]),
    10n,
    Symbol('s'),
    () => 1,
    undefined,
    null,
    Number.NaN,
  ])
    expect(lineOf({ odd, err: odd })).toMatchObject({ msg: 'text' });
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true, withMap: true }),
      (odd) => void lineOf({ odd, err: odd }),
    ),
  );
});

test('a client of a database is named, not written out', () => {
  class MongoClient {
    readonly options = { credentials: 'hunter2' };
  }
  expect(lineOf({ client: new MongoClient() })).toMatchObject({ client: '[MongoClient]' });
});
