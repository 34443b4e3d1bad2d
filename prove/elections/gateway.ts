import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import { provisionSample } from '../../bench/sample-database.js';
import { signToken } from '../../src/auth/token-keys.js';
import { secretKeys } from '../../src/config/token-keys.js';
import { ProvedGateway } from '../support/gateway.js';
import one from './one.config.js';
import { PRODUCT } from './product.js';
import type { ReplicaSet } from './replica-set.js';

/** A gateway before the product of this proof. */
export interface Served {
  readonly gateway: ProvedGateway;
  /** An operator's token. */
  readonly token: string;
}

/** Provisions the product on the set and serves it in production mode. */
export async function startGateway(set: ReplicaSet): Promise<Served> {
  const admin = await new mongo.MongoClient(set.uri).connect();
  const operators = randomBytes(32).toString('hex');
  const seed = await provisionSample(admin, set.memberUri, PRODUCT, one.products[PRODUCT]!, 0.02);
  const hosts = set.members.map(({ host }) => host);
  const uri = seed.replace(`@${hosts[0]}/`, `@${hosts.join()}/`);
  await admin.close();
  const env = {
    PORT: '0',
    BULKHEAD_JWT_SECRET: operators,
    BULKHEAD_RATE_LIMITS: 'false',
    AVIATION_JWT_SECRET: randomBytes(32).toString('hex'),
    AVIATION_MONGODB_URI: uri,
  };
  const config = fileURLToPath(new URL('one.config.js', import.meta.url));
  const gateway = await ProvedGateway.start(env, [PRODUCT], ['--config', config]);
  const token = await signToken(secretKeys(operators), {
    subject: 'prover',
    scopes: ['*:admin'],
    expiresInS: 14_400,
  });
  return { gateway, token };
}
