import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { provisionSample } from '../../bench/sample-database.js';
import config from '../../bulkhead.config.js';
import { startScratch } from '../../src/database/embedded/scratch.js';
import type { EmbeddedServer } from '../../src/database/embedded/supervisor.js';

/** A server with both sample products on it, and what a gateway in production needs to serve them. */
export interface Surroundings {
  readonly scratch: EmbeddedServer;
  readonly admin: mongo.MongoClient;
  readonly env: Readonly<Record<string, string>>;
  readonly products: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Starts a server of its own and fills it. */
export async function surround(scale = 0.05): Promise<Surroundings> {
  const scratch = await startScratch();
  const admin = await new mongo.MongoClient(scratch.uri).connect();
  const env: Record<string, string> = {
    PORT: '0',
    BULKHEAD_JWT_SECRET: randomBytes(32).toString('hex'),
    BULKHEAD_COMPOSED: 'operators',
    BULKHEAD_RATE_LIMITS: 'false',
    BULKHEAD_LOG_LEVEL: 'info',
  };
  const products = Object.keys(config.products);
  for (const [name, product] of Object.entries(config.products)) {
    const prefix = name.toUpperCase();
    env[`${prefix}_MONGODB_URI`] = await provisionSample(admin, scratch.uri, name, product, scale);
    env[`${prefix}_JWT_SECRET`] = randomBytes(32).toString('hex');
  }
  return {
    scratch,
    admin,
    env,
    products,
    async stop() {
      await admin.close();
      await scratch.stop();
    },
  };
}
