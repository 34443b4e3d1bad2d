import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import { provisionSample } from '../../bench/sample-database.js';
import { signToken } from '../../src/auth/token-keys.js';
import { secretKeys } from '../../src/config/token-keys.js';
import one from './one.config.js';
import { PRODUCT } from './product.js';

/** A change of the product's state, as the gateway logged it. */
export interface StateChange {
  readonly at: number;
  readonly state: string;
}

/** The real gateway, as a process of its own, before one product. */
export interface Gateway {
  readonly address: string;
  /** An operator's token. */
  readonly token: string;
  readonly changes: readonly StateChange[];
  /** Lines of the log that speak of a fault of ours. */
  readonly faults: readonly string[];
  isReady(): Promise<boolean>;
  hasEnded(): boolean;
  stop(): Promise<void>;
}

/** Provisions the product on the set and serves it in production mode. @param adminUri with every member. */
export async function startGateway(adminUri: string): Promise<Gateway> {
  const admin = await new mongo.MongoClient(adminUri).connect();
  const operators = randomBytes(32).toString('hex');
  // A list of hosts is not what URL reads.
  const hosts = /@([^/]+)/.exec(adminUri)![1]!;
  const single = adminUri.replace(hosts, hosts.split(',')[0]!);
  const uri = await provisionSample(admin, single, PRODUCT, one.products[PRODUCT]!, 0.02);
  await admin.close();
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path('../../src/cli/main.js'), ['start', '--config', path('one.config.js')], {
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      PORT: '0',
      BULKHEAD_JWT_SECRET: operators,
      BULKHEAD_RATE_LIMITS: 'false',
      BULKHEAD_LOG_LEVEL: 'info',
      AVIATION_JWT_SECRET: randomBytes(32).toString('hex'),
      AVIATION_MONGODB_URI: uri.replace(hosts.split(',')[0]!, hosts),
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const changes: StateChange[] = [];
  const faults: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const said = JSON.parse(line) as { level: number; time: string; product?: string; state?: string };
    if (said.product === PRODUCT && said.state)
      changes.push({ at: Date.parse(said.time), state: said.state });
    if (said.level >= 50) faults.push(line);
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const ended = once(child, 'exit').then(() => {
    throw new Error('The gateway ended before it served.');
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ listening: string }];
  ended.catch(() => {});
  return {
    address: message.listening,
    token: await signToken(secretKeys(operators), {
      subject: 'prover',
      scopes: ['*:admin'],
      expiresInS: 14_400,
    }),
    changes,
    faults,
    hasEnded,
    async isReady() {
      const answer = await fetch(`${message.listening}/health/ready`);
      const { products } = (await answer.json()) as { products: Record<string, { state: string }> };
      return products[PRODUCT]?.state === 'ready';
    },
    async stop() {
      if (hasEnded()) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}
