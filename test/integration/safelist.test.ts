import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import config from '../../bulkhead.config.js';
import { hashOf } from '../../src/graph/operation-hash.js';
import { defineGateway } from '../../src/product/gateway.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';
import { OwnServer } from '../support/own-server.js';

const TEXT = 'query Newest{posts(first:1){nodes{title}}}';
const OTHER = 'query Other{posts(first:2){nodes{title}}}';
const blog = config.products['blog']!;
let server: OwnServer;
let gateway: TestGateway;
beforeAll(async () => {
  server = await OwnServer.start();
  gateway = await TestGateway.start({
    gateway: defineGateway({ products: { blog: { ...blog, operations: 'safelist' } } }),
    scale: 0.02,
    servers: { blog: server.uri },
    env: { NODE_ENV: 'production', BULKHEAD_RATE_LIMITS: 'false' },
  });
  await gateway
    .db('blog')
    .collection<{ _id: string; text: string }>('_bulkhead.operations')
    .insertOne({ _id: hashOf(TEXT), text: TEXT });
});
afterEach(() => {
  vi.restoreAllMocks();
  server.thaw();
});
afterAll(async () => {
  await gateway?.close();
  await server?.remove();
});

const isReady = () => gateway.server.runtimes.get('blog')!.compartment.state === 'ready';
const asked = async (text: string) => {
  const began = performance.now();
  const { body } = await gateway.ask('blog', text);
  return { code: (body.errors?.[0]?.extensions.code as string) ?? 'answered', ms: performance.now() - began };
};

test('of a database that says nothing is waited for two seconds where it was never read', async () => {
  server.freeze();
  const [known, other] = await Promise.all([asked(TEXT), asked(OTHER)]);
  expect([known.code, other.code]).toEqual(['PRODUCT_UNAVAILABLE', 'PRODUCT_UNAVAILABLE']);
  expect(Math.max(known.ms, other.ms)).toBeLessThan(4_000);
  server.thaw();
  await eventually('it is back', async () => isReady() && (await asked(TEXT)).code === 'answered');
  expect((await asked(OTHER)).code).toBe('FORBIDDEN');
});

test('that was read before is gone by, half a second later, where the database says nothing', async () => {
  await eventually('it was read', async () => isReady() && (await asked(TEXT)).code === 'answered');
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 31_000);
  server.freeze();
  const { code, ms } = await asked(OTHER);
  expect(code).toBe('FORBIDDEN');
  expect(ms).toBeLessThan(1_000);
});
