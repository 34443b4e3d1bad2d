/**
 * Two gateways in one process, one of them with the monitor on: two processes of the same code differ by more than it
 * costs. Tells its parent both addresses, in the order of its arguments.
 */
import config from '../../bulkhead.config.js';
import { createGatewayServer } from '../../src/server/gateway-server.js';
import { loadEnvironment } from '../../src/server/load-project.js';
import { createLogger } from '../../src/server/telemetry/logger.js';

const addresses: string[] = [];
for (const kind of process.argv.slice(2)) {
  process.env['BULKHEAD_MONITOR'] = String(kind === 'on');
  const environment = loadEnvironment(config);
  const logger = createLogger(environment.logLevel);
  const server = await createGatewayServer({ gateway: config, environment, logger, only: ['blog'] });
  await server.settled();
  addresses.push(await server.listen());
}
process.on('SIGTERM', () => process.exit(0));
process.send!({ listening: addresses.join(' ') });
