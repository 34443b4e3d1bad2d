import { expect } from 'vitest';
import { catalogue, type ErrorCode } from '../../src/errors/catalogue.js';
import type { Answer } from './gateway.js';

/** The one error of a refusal, which has the shape of every answer and nothing from inside. */
export function refusalOf({ status, headers, body }: Pick<Answer, 'status' | 'headers' | 'body'>) {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json; charset=utf-8$/);
  expect(headers.get('x-request-id')).toMatch(/^[\w.:-]{8,128}$/);
  expect(Object.keys(body)).toEqual(['errors']);
  expect(body.errors).toHaveLength(1);
  const [error] = body.errors;
  expect(Object.keys(error).sort()).toEqual(['extensions', 'message']);
  expect(Object.keys(error.extensions)).toEqual(['code']);
  expect(Object.keys(catalogue)).toContain(error.extensions.code);
  expect(JSON.stringify(body)).not.toMatch(/node_modules|\.js:\d|\\n\s+at |call stack|FST_|Fastify/);
  return { status, code: error.extensions.code as ErrorCode };
}
