import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import config from '../../bulkhead.config.js';
import { provisionSample } from '../../bench/sample-database.js';
import { signToken } from '../../src/auth/token-keys.js';
import { secretKeys } from '../../src/config/token-keys.js';
import { startScratch } from '../../src/database/embedded/scratch.js';

/** A gateway under siege, as a process of its own, and what its log says of it. */
export interface Fortress {
  readonly address: string;
  readonly mongod: string;
  /** An operator's token. */
  readonly token: string;
  /** Answers counted by status, as the gateway logged them. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Lines of the log that speak of a fault of ours. */
  readonly faults: readonly string[];
  /** Resident memory in bytes. */
  memory(): number;
  readonly hasEnded: () => boolean;
  stop(): Promise<void>;
}

/**
 * The heap of a small machine: with gigabytes to spend, the engine puts collecting off, and what is kept cannot be told
 * from what has not been collected yet.
 */
const HEAP_MB = 160;

/** Starts both sample products in production mode, with introspection for the tools that need it and rates off. */
export async function startFortress(): Promise<Fortress> {
  const scratch = await startScratch();
  const admin = await new mongo.MongoClient(scratch.uri).connect();
  const operators = randomBytes(32).toString('hex');
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    PORT: '0',
    BULKHEAD_JWT_SECRET: operators,
    BULKHEAD_COMPOSED: 'public',
    BULKHEAD_INTROSPECTION: 'true',
    BULKHEAD_RATE_LIMITS: 'false',
    BULKHEAD_LOG_LEVEL: 'info',
  };
  for (const [name, product] of Object.entries(config.products)) {
    const prefix = name.toUpperCase();
    env[`${prefix}_MONGODB_URI`] = await provisionSample(admin, scratch.uri, name, product, 0.05);
    env[`${prefix}_JWT_SECRET`] = randomBytes(32).toString('hex');
  }
  await admin.close();

  const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
  const child: ChildProcess = fork(main, ['start'], {
    env,
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const { res, level } = JSON.parse(line) as { res?: { status: number }; level: number };
    if (res) statuses.set(res.status, (statuses.get(res.status) ?? 0) + 1);
    if (level >= 50) faults.push(line);
  });
  const [message] = (await once(child, 'message')) as [{ listening: string }];
  return {
    address: message.listening,
    mongod: scratch.version,
    token: await signToken(secretKeys(operators), {
      subject: 'besieger',
      scopes: ['*:admin'],
      expiresInS: 7_200,
    }),
    statuses,
    faults,
    memory: () => {
      const [, pages = '0'] = readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ');
      return Number(pages) * 4_096;
    },
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const exit = once(child, 'exit');
        child.kill('SIGTERM');
        await exit;
      }
      await scratch.stop();
    },
  };
}
