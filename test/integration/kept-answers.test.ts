import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';
import { OwnServer, slow } from '../support/own-server.js';

const DEADLINE_MS = 4_000;
const aviation = config.products['aviation']!;
let server: OwnServer;
let gateway: TestGateway;
beforeAll(async () => {
  server = await OwnServer.start();
  gateway = await TestGateway.start({
    gateway: defineGateway({
      products: {
        aviation: {
          ...aviation,
          public: 'read',
          limits: { ...aviation.limits, deadlineMs: DEADLINE_MS },
        },
      },
    }),
    scale: 0.02,
    servers: { aviation: server.uri },
    env: { BULKHEAD_RATE_LIMITS: 'false' },
  });
});
afterEach(() => blocked(0, [])('off'));
afterAll(async () => {
  await gateway?.close();
  await server?.remove();
});

const blocked = (ms: number, commands: readonly string[]) =>
  slow(gateway.admins.get('aviation')!, 'aviation', ms, commands);
/** Of a question that nobody has asked before. */
let n = 0;
const asked = () => `{ topQuestions(minimumAnswers: ${(n += 1)}, first: 1) { answers } }`;
const seen = (name: string) => gateway.commands.filter((one) => one.name === name).length;
/** What is answered, or refused with. */
const told = async (query: string) => {
  const { body } = await gateway.ask('aviation', query);
  return (body.errors?.[0]?.message as string | undefined) ?? 'answered';
};

test('an answer that many wait for is computed once, also when whoever asked first goes away', async () => {
  await blocked(2_500, ['aggregate'])('alwaysOn');
  const query = asked();
  const before = { aggregates: seen('aggregate'), finds: seen('find') };
  const client = new AbortController();
  const first = fetch(gateway.url('aviation'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    signal: client.signal,
  }).catch((error: unknown) => error);
  await eventually('it is being computed', () => seen('aggregate') > before.aggregates);
  const others = Array.from({ length: 40 }, () => told(query));
  await eventually('others wait for it', () => seen('find') - before.finds >= 20);
  client.abort();
  expect(await first).toMatchObject({ name: 'AbortError' });
  expect(new Set(await Promise.all(others))).toEqual(new Set(['answered']));
  expect(seen('aggregate') - before.aggregates).toBe(1);
});

test('a database that takes no writes in time answers what is read', async () => {
  await blocked(1.25 * DEADLINE_MS, ['update'])('alwaysOn');
  const updates = seen('update');
  expect(await told(asked())).toBe('answered');
  for (let round = 0; round < 3; round += 1) {
    const several = await Promise.all(Array.from({ length: 8 }, () => told(asked())));
    expect(new Set(several)).toEqual(new Set(['answered']));
  }
  // The connections are for others.
  expect(seen('update') - updates).toBeLessThanOrEqual(2);
});
