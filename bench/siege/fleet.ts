import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import { startScratch } from '../../src/database/embedded/scratch.js';
import type { EmbeddedServer } from '../../src/database/embedded/supervisor.js';
import { provisionSample } from '../sample-database.js';
import { through } from '../through.js';
import eight, { NAMES } from './eight.config.js';
import type { ProxyOrder } from './proxy.js';

const SCALE = 0.05;
/** Of the server that is to run out of them: more than the gateway and the benchmark need. */
export const CONNECTIONS = 60;

/** The product to which everything happens. */
export const STRICKEN = NAMES[0];

/** The server of the stricken product, and the proxy before it. */
export interface Stricken {
  readonly server: EmbeddedServer;
  readonly admin: mongo.MongoClient;
  /** Gives the proxy an order. @returns its port. */
  readonly order: (order: ProxyOrder) => Promise<number>;
}

/** Eight products, each on a server of its own, behind one gateway. */
export interface Fleet {
  readonly address: string;
  readonly stricken: Stricken;
  stop(): Promise<void>;
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** Servers with a cache of 0.25 GB each, as scratch servers have; one behind a proxy in a process of its own. */
export async function startFleet(): Promise<Fleet> {
  const servers: EmbeddedServer[] = [];
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PORT: '0',
    BULKHEAD_LOG_LEVEL: 'error',
    BULKHEAD_RATE_LIMITS: 'false',
  };
  const proxy = fork(path('proxy.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const order = async (what: ProxyOrder) => {
    proxy.send(what);
    const [{ port }] = (await once(proxy, 'message')) as [{ port: number }];
    return port;
  };
  let stricken: Stricken | undefined;
  for (const name of NAMES) {
    const isStricken = name === STRICKEN;
    const server = await startScratch({
      extraArgs: isStricken
        ? ['--setParameter', 'enableTestCommands=1', '--maxConns', String(CONNECTIONS)]
        : [],
    });
    servers.push(server);
    const admin = await new mongo.MongoClient(server.uri, { maxPoolSize: 2 }).connect();
    const uri = await provisionSample(admin, server.uri, name, eight.products[name]!, SCALE);
    env[`${name.toUpperCase()}_MONGODB_URI`] = isStricken
      ? through(uri, await order({ does: 'lead', target: server.port }))
      : uri;
    if (isStricken) stricken = { server, admin, order };
    else await admin.close();
  }
  const gateway = fork(path('../../src/cli/main.js'), ['start', '--config', path('eight.config.js')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [message] = (await once(gateway, 'message')) as [{ listening: string }];
  return {
    address: message.listening,
    stricken: stricken!,
    async stop() {
      await end(gateway);
      await end(proxy);
      await stricken!.admin.close();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
