import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineGateway } from '../../src/product/gateway.js';
import { calls, edgeProduct } from '../support/edge-product.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';

const MIB = 1024 * 1024;
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({
    gateway: defineGateway({ composed: 'public', products: { edge: edgeProduct() } }),
    mostBodyBytes: MIB,
  });
});
afterAll(() => gateway.close());

/** Nine kilobytes, which are three hundred and eighty when they are parsed. */
const much = { nobody: Array.from({ length: 3_000 }, () => ({})) };

/** A request and what has become of it. */
function sent(ms: number, variables: object) {
  const end = new AbortController();
  const request = { end, state: 'under way' as number | string };
  void fetch(gateway.url('edge'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ slow(ms: ${ms}) }`, variables }),
    signal: end.signal,
  }).then(
    ({ status }) => (request.state = status),
    () => (request.state = 'cut off'),
  );
  return request;
}

/** Sends it, and waits until its body is parsed and its operation at work. */
async function atWork(ms: number, variables: object) {
  const before = calls.slow;
  const request = sent(ms, variables);
  await eventually('it is at work', () => calls.slow > before);
  return request;
}

test('a parsed body counts until its request is answered, by what it takes and not by its bytes', async () => {
  const first = await atWork(4_000, much);
  const second = await atWork(4_000, much);
  expect([first.state, second.state]).toEqual(['under way', 'under way']);
  const small = await atWork(4_000, {});
  const third = await atWork(4_000, much);
  await eventually('the oldest has to go', () => first.state === 'cut off');
  expect([second.state, small.state, third.state]).toEqual(['under way', 'under way', 'under way']);
  for (const { end } of [second, small, third]) end.abort();
  await eventually('they have ended', () => [second, small, third].every(({ state }) => state === 'cut off'));
});

test('an answered one does not count', async () => {
  for (let at = 0; at < 10; at += 1) {
    const request = sent(0, much);
    await eventually('it is answered', () => request.state !== 'under way');
    expect(request.state).toBe(200);
  }
});
