import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { signToken } from '../../src/auth/token-keys.js';
import { secretKeys } from '../../src/config/token-keys.js';
import { Bank } from '../support/bank.js';
import { Clients, type Question } from '../support/clients.js';
import { ProvedGateway } from '../support/gateway.js';
import { complain, report } from '../support/report.js';
import { surround } from '../support/surroundings.js';
import { Balancer } from './balancer.js';

const COMMAND = 'npm run prove -- restarts';
const RESTARTS = Number(process.env['PROVE_RESTARTS'] ?? 100);
const CLIENTS = 6;

/**
 * Restarts two gateways in turn behind a balancer, under load, each with the time that a production gateway takes to
 * say that it stops. No request is refused or cut, and the books balance.
 */
export async function restarts(): Promise<boolean> {
  const { scratch, admin, env, products, stop } = await surround();
  const balancer = new Balancer();
  const address = await balancer.listen();
  const gateways: ProvedGateway[] = [];
  const launch = async () => {
    const gateway = await ProvedGateway.start(env, products);
    await balancer.add(gateway.address);
    gateways.push(gateway);
  };
  try {
    await launch();
    await launch();
    const token = await signToken(secretKeys(env['BULKHEAD_JWT_SECRET']!), {
      subject: 'prover',
      scopes: ['*:admin'],
      expiresInS: 12 * 3_600,
    });
    const agent = new Agent({ keepAlive: true });
    const bank = await Bank.open(admin, address, agent, token);
    agent.destroy();
    let n = 0;
    const question = (client: number): Question => {
      n += 1;
      return client % 2 === 0
        ? bank.transfer(token, randomUUID(), n)
        : { path: '/graphql/blog', query: '{ posts(first: 5) { nodes { title author { name } } } }' };
    };
    const clients = new Clients(address, CLIENTS, question);
    const faults: string[] = [];
    for (let restart = 1; restart <= RESTARTS; restart += 1) {
      await launch();
      const oldest = gateways.shift()!;
      await oldest.end();
      balancer.remove(oldest.address);
      faults.push(...oldest.faults);
      if (restart % 10 === 0)
        process.stdout.write(
          `restart ${restart}: ${clients.tally.asked} asked, ${clients.tally.failed} failed\n`,
        );
    }
    const tally = await clients.end();
    faults.push(...(await bank.faults()), ...gateways.flatMap((gateway) => gateway.faults));
    complain([...tally.failures, ...faults]);
    report(COMMAND, RESTARTS, scratch.version, {
      'restarts.restarts': RESTARTS,
      'restarts.requests': tally.asked,
      restartFailures: tally.failed,
      'restarts.slowestRequestMs': tally.slowestMs,
      'restarts.faults': faults.length,
    });
    return tally.failed === 0 && faults.length === 0;
  } finally {
    balancer.close();
    await Promise.all(gateways.map((gateway) => gateway.end('SIGKILL')));
    await stop();
  }
}
