import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';

const SUBJECTS = '{ subjects { code } }';

let running: TestGateway;
const logged: { msg: string; eventLoopDelayMs?: number }[] = [];

beforeAll(async () => {
  // How late the event loop is, is measured; when that is looked at is up to the test: it may be looked at anew
  // before what is sent here has arrived.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  running = await TestGateway.start({
    scale: 0.02,
    env: { BULKHEAD_LOG_LEVEL: 'info' },
    log: (line) => logged.push(JSON.parse(line)),
  });
});
afterAll(async () => {
  await running.close();
  vi.useRealTimers();
});

const told = () => logged.map(({ msg }) => msg).filter((msg) => msg.startsWith('the event loop'));

const look = () => void vi.advanceTimersByTime(500);

/** Computes in one go, as no resolver should. */
function compute(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('an event loop that is late refuses operations unread, says so once, and goes on by itself', async () => {
  await eventually('the start is over', async () => (await running.ask('aviation', SUBJECTS)).status === 200);
  const before = told().length;
  for (let n = 0; told().length === before && n < 30; n += 1) {
    compute(1_200);
    // Now and then between, timers run.
    await sleep(1);
    look();
  }
  const [refused, composed, live, ready] = await Promise.all([
    fetch(running.url('aviation'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{ no JSON',
    }),
    running.ask(undefined, `{ aviation ${SUBJECTS} }`),
    fetch(`${running.address}/health/live`),
    fetch(`${running.address}/health/ready`),
  ]);
  expect(await refused.json()).toEqual({
    errors: [
      { message: 'The gateway has more to do than it can.', extensions: { code: 'PRODUCT_UNAVAILABLE' } },
    ],
  });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect([composed.status, composed.headers.get('retry-after')]).toEqual([503, '1']);
  // The state of the products may suffer, whose pings this process was too busy to send; the endpoints answer.
  expect(live.status).toBe(200);
  expect(((await ready.json()) as { eventLoopDelayMs: number }).eventLoopDelayMs).toBeGreaterThan(0);

  await eventually('it answers again', async () => {
    look();
    return (await running.ask('aviation', SUBJECTS)).status === 200;
  });
  expect(told().slice(before, before + 2)).toEqual([
    'the event loop is late: new operations are refused',
    'the event loop has caught up',
  ]);
});
