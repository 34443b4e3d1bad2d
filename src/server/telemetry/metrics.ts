import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ProductWatcher } from '../../monitor/watcher.js';
import { whyNotToListen } from '../listen-failure.js';
import type { ProductRuntime } from '../runtime/product-runtime.js';

/** Where Prometheus reads. */
export interface MetricsListener {
  /** Listens, and answers the address. @throws StartError when the port is taken. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

/** Commands that are told apart; what else a driver may send is `other`, so that labels stay few. */
const COMMANDS = new Set([
  'find',
  'getMore',
  'aggregate',
  'count',
  'distinct',
  'insert',
  'update',
  'delete',
  'findAndModify',
  'commitTransaction',
  'abortTransaction',
]);
const STATES = ['ready', 'parked', 'open'] as const;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The figures of a gateway. Labels are products, command names and outcomes: nothing that a client chooses. */
export function createMetrics(
  runtimes: ReadonlyMap<string, ProductRuntime>,
  lostLogLines: () => number = () => 0,
): Registry {
  const registry = new Registry();
  const registers = [registry];
  const all = [...runtimes.values()];
  collectDefaultMetrics({ register: registry });

  const operations = new Counter({
    name: 'bulkhead_operations_total',
    help: 'Operations that entered a product.',
    labelNames: ['product', 'outcome'],
    registers,
  });
  const operationSeconds = new Histogram({
    name: 'bulkhead_operation_duration_seconds',
    help: 'How long operations stayed in a product.',
    labelNames: ['product'],
    buckets: SECONDS,
    registers,
  });
  const commands = new Counter({
    name: 'bulkhead_commands_total',
    help: "Commands sent to a product's database.",
    labelNames: ['product', 'command', 'outcome'],
    registers,
  });
  const commandSeconds = new Histogram({
    name: 'bulkhead_command_duration_seconds',
    help: 'How long the database took to answer.',
    labelNames: ['product', 'command'],
    buckets: SECONDS,
    registers,
  });
  const gauge = (name: string, help: string, of: (runtime: ProductRuntime) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['product'],
      registers,
      collect() {
        for (const runtime of all) this.set({ product: runtime.name }, of(runtime));
      },
    });
  const counter = (name: string, help: string, of: (runtime: ProductRuntime) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['product'],
      registers,
      collect() {
        this.reset();
        for (const runtime of all) this.inc({ product: runtime.name }, of(runtime));
      },
    });
  gauge('bulkhead_compartment_in_flight', 'Operations at work.', (one) => one.compartment.load.inFlight);
  gauge(
    'bulkhead_compartment_waiting',
    'Operations that wait for a place.',
    (one) => one.compartment.load.waiting,
  );
  gauge('bulkhead_compartment_read_only', 'Whether writes are refused.', (one) =>
    Number(one.compartment.isReadOnly),
  );
  counter(
    'bulkhead_compartment_refused_total',
    'Operations that got no place.',
    (one) => one.compartment.refused,
  );
  counter(
    'bulkhead_statistics_dropped_total',
    'What the monitor counted and could not keep.',
    (one) => one.recorder?.droppedInAll ?? 0,
  );
  registry.registerMetric(
    new Counter({
      name: 'bulkhead_log_lines_lost_total',
      help: 'Lines of the log that could not be written.',
      registers: [],
      collect() {
        this.reset();
        this.inc(lostLogLines());
      },
    }),
  );
  const states = new Gauge({
    name: 'bulkhead_compartment_state',
    help: 'The state of a product: 1 for the one it is in.',
    labelNames: ['product', 'state'],
    registers: [],
    collect() {
      for (const { name: product, compartment } of all)
        for (const state of STATES) this.set({ product, state }, Number(compartment.state === state));
    },
  });
  registry.registerMetric(states);

  for (const { name: product, watchers } of all) {
    const watcher: ProductWatcher = {
      operation(_name, ms, hasFailed) {
        operations.inc({ product, outcome: hasFailed ? 'error' : 'ok' });
        operationSeconds.observe({ product }, ms / 1_000);
      },
      command({ name }) {
        const command = COMMANDS.has(name) ? name : 'other';
        return ({ ms, failure }) => {
          commands.inc({ product, command, outcome: failure ? 'error' : 'ok' });
          commandSeconds.observe({ product, command }, ms / 1_000);
        };
      },
    };
    watchers.push(watcher);
  }
  return registry;
}

/** Serves a gateway's figures at `/metrics`, on an address of their own: whoever reaches it may read them. */
export function serveMetrics(
  runtimes: ReadonlyMap<string, ProductRuntime>,
  { host, port }: { readonly host: string; readonly port: number },
  lostLogLines?: () => number,
): MetricsListener {
  const registry = createMetrics(runtimes, lostLogLines);
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) =>
          reject(
            whyNotToListen(
              error,
              { host, port },
              { host: 'BULKHEAD_METRICS_HOST', port: 'BULKHEAD_METRICS_PORT' },
            ),
          ),
        );
        server.listen(port, host, () => {
          const { port: taken } = server.address() as AddressInfo;
          resolve(`http://${host.includes(':') ? `[${host}]` : host}:${taken}/metrics`);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
