import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import config from '../../bulkhead.config.js';
import { startScratch } from '../../src/database/embedded/scratch.js';
import { provisionSample } from '../sample-database.js';

/** Set `BENCH_PROFILE` to a folder to have each server write a CPU profile there when it ends. */
const PROFILE = process.env['BENCH_PROFILE'];

/** Both servers over one database, and how to end them. */
export interface Contenders {
  readonly ours: string;
  readonly naive: string;
  readonly mongod: string;
  stop(): Promise<void>;
}

async function startChild(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; address: string }> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, args, {
    env: { ...process.env, ...env },
    execArgv: PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${PROFILE}`] : [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [message] = (await once(child, 'message')) as [{ listening: string }];
  return { child, address: message.listening };
}

/** Starts a database with the blog's sample data, the gateway as a user starts it, and the naive server, each a process. */
export async function startContenders(): Promise<Contenders> {
  const scratch = await startScratch();
  const admin = await new mongo.MongoClient(scratch.uri).connect();
  const uri = await provisionSample(admin, scratch.uri, 'blog', config.products['blog']!, 1);
  await admin.close();

  const gateway = await startChild('../../src/cli/main.js', ['start', 'blog'], {
    PORT: '0',
    BLOG_MONGODB_URI: uri,
    AVIATION_MONGODB_URI: '',
    BULKHEAD_LOG_LEVEL: 'warn',
    BULKHEAD_COMPOSED: 'off',
  });
  const naive = await startChild('naive.js', [], { NAIVE_MONGODB_URI: uri, NODE_ENV: 'production' });
  return {
    ours: `${gateway.address}/graphql/blog`,
    naive: naive.address,
    mongod: scratch.version,
    async stop() {
      for (const { child } of [gateway, naive]) {
        const exit = once(child, 'exit');
        child.kill('SIGTERM');
        await exit;
      }
      await scratch.stop();
    },
  };
}
