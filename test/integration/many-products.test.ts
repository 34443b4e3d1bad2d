import { expect, test } from 'vitest';
import { readEnvironment } from '../../src/config/environment.js';
import { defineGateway } from '../../src/product/gateway.js';
import { createGatewayServer } from '../../src/server/gateway-server.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { edgeProduct } from '../support/edge-product.js';

test('a gateway of thirty products, all of them away, warns of no leak and stops at once', async () => {
  const names = Array.from({ length: 30 }, (_, n) => `p${n}`);
  const env = Object.fromEntries(
    names.map((name) => [`${name.toUpperCase()}_MONGODB_URI`, `mongodb://127.0.0.1:1/${name}`]),
  );
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  const server = await createGatewayServer({
    gateway: defineGateway({ products: Object.fromEntries(names.map((name) => [name, edgeProduct()])) }),
    environment: readEnvironment({ products: names, env, cwd: '/nonexistent' }),
    logger: createLogger('silent'),
  });
  await server.settled();
  const states = new Set([...server.runtimes.values()].map(({ compartment }) => compartment.state));
  await server.close();
  process.off('warning', onWarning);
  expect(states).toEqual(new Set(['parked']));
  expect(warnings).toEqual([]);
});
