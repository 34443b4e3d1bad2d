import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import mongoose, { mongo } from 'mongoose';
import { describe, expect, test } from 'vitest';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { isCredentialRefused, isRetryableRead, translateDriverError, translating } from './driver-errors.js';

const serverError = (code: number, more: object = {}) =>
  Object.assign(new mongo.MongoServerError({ message: 'canary', code }), more);
const bulkError = (text: string) => serverError(11_000, { message: text });
const prefix = 'E11000 duplicate key error collection: x.users index:';

describe('an error of the database', () => {
  test.each([
    [serverError(11_000, { keyPattern: { email: 1 } }), 'ALREADY_EXISTS', 'Taken: email.'],
    [
      bulkError(`${prefix} email_1 dup key: { email: "canary index: b_1 dup key:" }`),
      'ALREADY_EXISTS',
      'Taken: email.',
    ],
    [bulkError(`${prefix} a.b_-1_c_d_1 dup key: { }`), 'ALREADY_EXISTS', 'Taken: a.b, c_d.'],
    [
      bulkError(`${prefix} idempotency dup key: { key: "canary" }`),
      'ALREADY_EXISTS',
      'A unique value is taken.',
    ],
    [serverError(50), 'DEADLINE_EXCEEDED', 'The database did not finish before the deadline.'],
    [serverError(40_485), 'BAD_USER_INPUT', 'timeZone: the database does not know it.'],
    [
      serverError(13),
      'PRODUCT_UNAVAILABLE',
      'The product is not available. Its database refuses its credential.',
    ],
    [
      serverError(18),
      'PRODUCT_UNAVAILABLE',
      'The product is not available. Its database refuses its credential.',
    ],
    [
      serverError(189),
      'PRODUCT_UNAVAILABLE',
      'The product is not available. Its database cannot be reached.',
    ],
    [serverError(14_031), 'PRODUCT_UNAVAILABLE', 'The product is not available. Its database has no room.'],
    [
      new mongo.MongoNetworkError('canary'),
      'PRODUCT_UNAVAILABLE',
      'The product is not available. Its database cannot be reached.',
    ],
    [
      new mongoose.Error.CastError('date', 'canary', 'when'),
      'BAD_USER_INPUT',
      'Not valid: when (expected date).',
    ],
  ])('becomes one of the catalogue, without the value: %o', (error, code, message) => {
    const found = translateDriverError(error);
    expect(found).toBeInstanceOf(BulkheadError);
    expect(found).toMatchObject({ code, message });
    expect((found as BulkheadError).originalError).toBe(error);
  });

  test('tells a refused credential under whatever was made of it', () => {
    const refused = translateDriverError(serverError(13));
    const wrapped = new Error('around', {
      cause: new BulkheadError('PRODUCT_UNAVAILABLE', 'x', { cause: refused }),
    });
    for (const error of [serverError(18), refused, wrapped]) expect(isCredentialRefused(error)).toBe(true);
    for (const error of [
      serverError(189),
      translateDriverError(serverError(50)),
      new Error('x'),
      undefined,
      'x',
    ])
      expect(isCredentialRefused(error)).toBe(false);
  });

  test('that nobody knows stays as it is', () => {
    const error = serverError(121);
    expect(translateDriverError(error)).toBe(error);
    expect(translateDriverError('text')).toBe('text');
  });

  test('keeps its label inside a transaction, where the driver tries again by it', async () => {
    const error = serverError(189, { errorLabelSet: new Set(['TransientTransactionError']) });
    const fail = () => Promise.reject(error);
    expect(error.hasErrorLabel('TransientTransactionError')).toBe(true);
    await expect(translating(fail, { session: {} as mongo.ClientSession })).rejects.toBe(error);
    await expect(translating(fail)).rejects.toMatchObject({ code: 'PRODUCT_UNAVAILABLE' });
    const final = serverError(50);
    await expect(
      translating(() => Promise.reject(final), { session: {} as mongo.ClientSession }),
    ).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });
});

test('a socket that broke is the database’s where it was asked, and nobody’s elsewhere', async () => {
  const broken = Object.assign(new Error('write ECONNRESET'), { code: 'ECONNRESET', syscall: 'write' });
  await expect(translating(() => Promise.reject(broken))).rejects.toMatchObject({
    code: 'PRODUCT_UNAVAILABLE',
  });
  expect(isRetryableRead(broken)).toBe(true);
  expect(translateDriverError(broken)).toBe(broken);
});

test('a write after the database has ended the connection is its absence: the driver hands it on as it is', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
  await once(socket, 'end');
  const failed = once(socket, 'error');
  socket.write('x');
  const [ended] = (await failed) as [Error];
  server.close();
  expect(ended.message).toContain('ended by the other party');
  expect(isRetryableRead(ended)).toBe(true);
  await expect(translating(() => Promise.reject(ended))).rejects.toMatchObject({
    code: 'PRODUCT_UNAVAILABLE',
  });
});

test('a full pool says that it is full, and not that the database is away', () => {
  const full = Object.assign(new Error('timed out'), { name: 'MongoWaitQueueTimeoutError' });
  expect(translateDriverError(full)).toMatchObject({
    code: 'PRODUCT_UNAVAILABLE',
    message: 'The product is not available. All its connections are busy.',
  });
});
