import { mongo } from 'mongoose';
import config from '../../bulkhead.config.js';
import { startScratch } from '../../src/database/embedded/scratch.js';
import { provisionSample } from '../sample-database.js';
import { startServer } from '../servers.js';

/** Both servers over one database, and how to end them. */
export interface Contenders {
  readonly ours: string;
  readonly naive: string;
  readonly mongod: string;
  stop(): Promise<void>;
}

/** Starts a database with the blog's sample data, the gateway as a user starts it, and the naive server, each a process. */
export async function startContenders(): Promise<Contenders> {
  const scratch = await startScratch();
  const admin = await new mongo.MongoClient(scratch.uri).connect();
  const uri = await provisionSample(admin, scratch.uri, 'blog', config.products['blog']!, 1);
  await admin.close();

  const gateway = await startServer('src/cli/main.js', ['start', 'blog'], {
    PORT: '0',
    BLOG_MONGODB_URI: uri,
    AVIATION_MONGODB_URI: '',
    BULKHEAD_LOG_LEVEL: 'warn',
    BULKHEAD_COMPOSED: 'off',
  });
  const naive = await startServer('bench/first/naive.js', [], {
    NAIVE_MONGODB_URI: uri,
    NODE_ENV: 'production',
  });
  return {
    ours: `${gateway.address}/graphql/blog`,
    naive: naive.address,
    mongod: scratch.version,
    async stop() {
      for (const server of [gateway, naive]) await server.stop();
      await scratch.stop();
    },
  };
}
