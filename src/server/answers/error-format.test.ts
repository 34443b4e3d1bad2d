import * as fc from 'fast-check';
import { GraphQLError, parse } from 'graphql';
import { mongo } from 'mongoose';
import { expect, test } from 'vitest';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import { catalogue, type ErrorCode } from '../../errors/catalogue.js';
import { formatError, MASKED, shownOf } from './error-format.js';

const formatted = { message: 'not to be shown', path: ['field'], locations: [{ line: 1, column: 3 }] };
const masked = { ...formatted, message: MASKED, extensions: { code: 'INTERNAL_SERVER_ERROR' } };
const located = (originalError: Error, extensions?: Record<string, unknown>) =>
  new GraphQLError(originalError.message, {
    path: ['field'],
    originalError,
    ...(extensions && { extensions }),
  });

/** An object whose every property throws. */
const hostile = (target: object): object =>
  new Proxy(target, {
    get() {
      throw new Error('no');
    },
  });

test('whatever was thrown, the answer is one of the catalogue, and nothing throws', () => {
  const anything = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true, withMap: true }),
    fc.string().map((text) => new Error(text)),
    fc.constant(new Error()).map((error) => Object.assign(error, { cause: error, path: error })),
    fc
      .constantFrom({}, new Error('x'), new GraphQLError('x'), new BulkheadError('NOT_FOUND', 'x'))
      .map(hostile),
    fc
      .record(
        {
          code: fc.anything(),
          http: fc.anything(),
          validationErrors: fc.anything(),
          validationErrorCode: fc.anything(),
        },
        { requiredKeys: [] },
      )
      .map((extensions) => new GraphQLError('a', { extensions })),
    fc.anything().map((extensions) => Object.assign(new Error('secret'), { extensions })),
  );
  fc.assert(
    fc.property(anything, fc.boolean(), (error, isLocated) => {
      const given: unknown = isLocated && error instanceof Error ? safely(() => located(error)) : error;
      const answer = formatError(formatted, given);
      expect(Object.keys(catalogue)).toContain(answer.extensions!['code']);
      expect(typeof answer.message).toBe('string');
      expect(answer.message).not.toContain('secret');
    }),
    { numRuns: 1_000 },
  );
});
const safely = (make: () => unknown): unknown => {
  try {
    return make();
  } catch (error) {
    return error;
  }
};

test('an error of the catalogue is shown as it is, with its facts and its place', () => {
  const error = new BulkheadError('INSUFFICIENT_CREDITS', 'The account does not cover 40.', {
    details: { missing: 3 },
  });
  expect(formatError(formatted, located(error))).toEqual({
    ...formatted,
    message: 'The account does not cover 40.',
    extensions: { code: 'INSUFFICIENT_CREDITS', missing: 3 },
  });
});

test('an error of the driver is translated, and does not say whose value it was', () => {
  const duplicate = new mongo.MongoServerError({
    message: 'E11000 dup key: { email: "eve@example.org" }',
    code: 11_000,
    keyPattern: { email: 1 },
  });
  expect(formatError(formatted, located(duplicate))).toMatchObject({
    message: 'Taken: email.',
    extensions: { code: 'ALREADY_EXISTS' },
  });
});

test.each([
  ['an error', new Error('password')],
  [
    'an error with a code of ours',
    Object.assign(new Error('password'), { extensions: { code: 'NOT_FOUND' } }),
  ],
  ['a GraphQLError without a code', new GraphQLError('password')],
  ['a GraphQLError with a code of its own', new GraphQLError('password', { extensions: { code: 'TEAPOT' } })],
  [
    'a GraphQLError that names a status',
    new GraphQLError('password', { extensions: { http: { status: 404 } } }),
  ],
])('%s of a resolver is masked', (_what, error) => {
  expect(
    formatError(
      formatted,
      located(error, error instanceof GraphQLError ? { ...error.extensions } : undefined),
    ),
  ).toEqual(masked);
  expect(shownOf(located(error))).toBeUndefined();
});

test('a GraphQLError that a resolver made with a code of the catalogue is shown', () => {
  const error = new GraphQLError('There is no such thing.', {
    extensions: { code: 'NOT_FOUND' satisfies ErrorCode },
  });
  expect(formatError(formatted, located(error))).toMatchObject({
    message: 'There is no such thing.',
    extensions: { code: 'NOT_FOUND' },
  });
});

test('an input that breaks its rules is told the rules, never the value', () => {
  const validationErrors = [
    { property: 'title', constraints: { isLength: 'title must be short' }, value: 'secret' },
    { property: 'author', children: [{ property: 'name', constraints: { isNotEmpty: 'name is needed' } }] },
  ];
  const error = new GraphQLError('Argument Validation Error', {
    extensions: { code: 'BAD_USER_INPUT', validationErrors },
  });
  expect(formatError(formatted, located(error))).toEqual({
    ...formatted,
    message: 'Not valid: title must be short; author.name is needed.',
    extensions: { code: 'BAD_USER_INPUT', problems: ['title must be short', 'author.name is needed'] },
  });
});

test('how graphql-js says that a document has too many tokens is recognised', () => {
  const thrown = safely(() => parse('{ a b c d }', { maxTokens: 3 })) as GraphQLError;
  const error = new GraphQLError(thrown.message, {
    extensions: { code: 'GRAPHQL_PARSE_FAILED' },
    originalError: thrown,
  });
  expect(formatError({ message: '' }, error).extensions).toEqual({ code: 'OPERATION_TOO_LARGE' });
});

test('what a message quotes is cut, between characters', () => {
  const error = new GraphQLError(`a${'😀'.repeat(1_000)}`, { extensions: { code: 'BAD_USER_INPUT' } });
  for (const thrown of [error, new BulkheadError('BAD_USER_INPUT', error.message)])
    expect(formatError(formatted, located(thrown, thrown.extensions)).message).toBe(`a${'😀'.repeat(249)}…`);
  const validationErrors = Array.from({ length: 1_000 }, (_, n) => ({
    property: `p${n}`,
    constraints: { isLength: `p${n} is long`.repeat(1_000) },
  }));
  const { extensions } = formatError(
    formatted,
    located(new GraphQLError('x', { extensions: { validationErrors } }), { validationErrors }),
  );
  const problems = extensions!['problems'] as string[];
  expect(problems.map(({ length }) => length)).toEqual(Array(20).fill(501));
});
