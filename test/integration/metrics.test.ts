import { afterAll, beforeAll, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import type { Environment } from '../../src/config/environment.js';
import { StartError } from '../../src/errors/bulkhead-error.js';
import { createGatewayServer } from '../../src/server/gateway-server.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { TestGateway } from '../support/gateway.js';

const POSTS = 'query Front { posts(first: 3) { nodes { title author { name } } } }';
const SECRET = 'a-value-nobody-may-see@example.org';

let gateway: TestGateway;
let address: string;
beforeAll(async () => {
  const lines: { metrics?: string }[] = [];
  gateway = await TestGateway.start({
    scale: 0.02,
    env: { BULKHEAD_METRICS_PORT: '0', BULKHEAD_LOG_LEVEL: 'info' },
    log: (line) => void lines.push(JSON.parse(line) as { metrics?: string }),
  });
  address = lines.find(({ metrics }) => metrics !== undefined)!.metrics!;
});
afterAll(() => gateway.close());

/** Samples by name with labels. */
async function scrape(): Promise<Map<string, number>> {
  const response = await fetch(address);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

test('counts operations and commands of each product', async () => {
  await gateway.ask('blog', POSTS);
  await gateway.ask('blog', 'mutation W($input: SignInInput!) { signIn(input: $input) { token } }', {
    variables: { input: { email: SECRET, password: 'wrong-password' } },
  });
  const { compartment } = gateway.server.runtimes.get('aviation')!;
  compartment.set('parked', 'a test', 'test');
  await gateway.ask('aviation', '{ subjects { code } }');
  const samples = await scrape();
  compartment.set('ready', '', 'test');
  expect(Object.fromEntries(samples)).toMatchObject({
    'bulkhead_operations_total{product="blog",outcome="ok"}': 1,
    'bulkhead_operations_total{product="blog",outcome="error"}': 1,
    'bulkhead_operation_duration_seconds_count{product="blog"}': 2,
    'bulkhead_compartment_state{product="blog",state="ready"}': 1,
    'bulkhead_compartment_state{product="aviation",state="ready"}': 0,
    'bulkhead_compartment_state{product="aviation",state="parked"}': 1,
    'bulkhead_compartment_refused_total{product="aviation"}': 1,
    'bulkhead_compartment_refused_total{product="blog"}': 0,
    'bulkhead_compartment_in_flight{product="blog"}': 0,
    'bulkhead_compartment_waiting{product="blog"}': 0,
    'bulkhead_compartment_read_only{product="blog"}': 0,
    'bulkhead_statistics_dropped_total{product="blog"}': 0,
    bulkhead_log_lines_lost_total: 0,
  });
  const finds = 'bulkhead_commands_total{product="blog",command="find",outcome="ok"}';
  expect(samples.get(finds)).toBeGreaterThanOrEqual(3);
  expect(samples.get('bulkhead_command_duration_seconds_count{product="blog",command="find"}')).toBe(
    samples.get(finds),
  );
  expect(samples.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
});

test('labels hold nothing that a client chooses, and counters only grow', async () => {
  const before = await scrape();
  for (let n = 0; n < 20; n += 1)
    await gateway.ask('blog', `query Chosen${n} { posts(first: 1) { nodes { id } } }`);
  const after = await scrape();
  expect([...after.keys()].filter((key) => key.includes('Chosen'))).toEqual([]);
  const labels = (samples: Map<string, number>) =>
    [...samples.keys()].filter((key) => key.startsWith('bulkhead_'));
  expect(labels(after)).toEqual(labels(before));
  for (const [key, value] of before)
    if (/^bulkhead_.*(?:_total|_count|_bucket)\{/.test(key))
      expect(after.get(key)).toBeGreaterThanOrEqual(value);
});

test('is on a port of its own, on this machine only, and nothing else is there', async () => {
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  expect(new URL(address).port).not.toBe(new URL(gateway.address).port);
  expect((await fetch(new URL('/graphql', address))).status).toBe(404);
  expect((await fetch(address, { method: 'POST' })).status).toBe(404);
  expect((await fetch(`${gateway.address}/metrics`)).status).toBe(404);
});

test.each([
  ['HOST', { host: '203.0.113.7', metrics: undefined }],
  ['BULKHEAD_METRICS_HOST', { metrics: { host: '203.0.113.7', port: 0 } }],
])(
  '%s that is no address of this machine is a mistake of configuration, by name',
  async (variable, given) => {
    const { metrics: _, ...environment } = gateway.environment;
    const server = await createGatewayServer({
      gateway: config,
      environment: { ...environment, ...given } as Environment,
      logger: createLogger('silent'),
    });
    try {
      const failure = await server.listen().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StartError);
      expect((failure as StartError).problems).toEqual([
        `${variable}: expected an address of this machine, such as 127.0.0.1 or 0.0.0.0; 203.0.113.7 is none.`,
      ]);
    } finally {
      await server.close();
    }
  },
);
