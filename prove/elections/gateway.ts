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
import type { ReplicaSet } from './replica-set.js';

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

/** Provisions the product on the set and serves it in production mode. */
export async function startGateway(set: ReplicaSet): Promise<Gateway> {
  const admin = await new mongo.MongoClient(set.uri).connect();
  const operators = randomBytes(32).toString('hex');
  const seed = await provisionSample(admin, set.memberUri, PRODUCT, one.products[PRODUCT]!, 0.02);
  const hosts = set.members.map(({ port }) => `127.0.0.1:${port}`);
  const uri = seed.replace(`@${hosts[0]}/`, `@${hosts.join()}/`);
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
      AVIATION_MONGODB_URI: uri,
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
