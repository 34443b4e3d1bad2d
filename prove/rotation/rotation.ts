import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signToken } from '../../src/auth/token-keys.js';
import { askToReload } from '../../src/cli/reload-channel.js';
import { secretKeys } from '../../src/config/token-keys.js';
import { Bank } from '../support/bank.js';
import { Clients, type Question } from '../support/clients.js';
import { ProvedGateway } from '../support/gateway.js';
import { complain, report } from '../support/report.js';
import { surround } from '../support/surroundings.js';

const COMMAND = 'npm run prove -- rotation';
const ROUNDS = Number(process.env['PROVE_ROTATIONS'] ?? 20);
const CLIENTS = 8;
/** More than an operation's deadline: the old connection is closed, and its user can go. */
const SETTLE_MS = 7_000;
const READS = [
  { path: '/graphql/blog', query: '{ posts(first: 5) { nodes { title author { name } } } }' },
  { path: '/graphql/aviation', query: '{ subjects { code } }' },
];

/**
 * Rotates every secret of a gateway under load: the database users of both products and all token keys, by the files
 * that hold them. No request fails, and the books balance.
 */
export async function rotation(): Promise<boolean> {
  const { scratch, admin, env, products, stop } = await surround();
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-rotation-'));
  const secrets: Record<string, string> = {};
  const write = (variable: string, value: string) => {
    secrets[variable] = value;
    writeFileSync(join(folder, variable), value, { mode: 0o600 });
  };
  const files: Record<string, string> = {};
  for (const [name, value] of Object.entries(env).filter(([name]) => /_URI$|_SECRET$/.test(name))) {
    write(name, value);
    files[name] = '';
    files[`${name}_FILE`] = join(folder, name);
    if (!name.endsWith('_SECRET')) continue;
    // From the first moment on, so that a rotation changes files and nothing else.
    write(`${name}_PREVIOUS`, randomBytes(32).toString('hex'));
    files[`${name}_PREVIOUS_FILE`] = join(folder, `${name}_PREVIOUS`);
  }
  const gateway = await ProvedGateway.start({ ...env, ...files, BULKHEAD_DATA_DIR: folder }, products);
  try {
    const sign = () =>
      signToken(secretKeys(secrets['BULKHEAD_JWT_SECRET']!), {
        subject: 'prover',
        scopes: ['*:admin'],
        expiresInS: 3_600,
      });
    let token = await sign();
    const agent = new Agent({ keepAlive: true });
    const bank = await Bank.open(admin, gateway.address, agent, token);
    agent.destroy();
    let n = 0;
    const question = (client: number): Question => {
      n += 1;
      return client % 2 === 0 ? bank.transfer(token, `rotation-${n}`, n) : { ...READS[n % 2]!, token };
    };
    const clients = new Clients(gateway.address, CLIENTS, question);
    const problems: string[] = [];
    const users = new Map<string, string>();
    let slowestReloadMs = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const old = new Map(users);
      for (const product of products) {
        const variable = `${product.toUpperCase()}_MONGODB_URI`;
        const uri = new URL(secrets[variable]!);
        old.set(product, uri.username);
        [uri.username, uri.password] = [`${product}-round-${round}`, randomBytes(16).toString('hex')];
        const roles = [{ role: 'bulkhead.serve', db: product }];
        await admin.db(product).command({ createUser: uri.username, pwd: uri.password, roles });
        write(variable, uri.href);
      }
      for (const variable of Object.keys(secrets).filter((name) => name.endsWith('_SECRET'))) {
        write(`${variable}_PREVIOUS`, secrets[variable]!);
        write(variable, randomBytes(32).toString('hex'));
      }
      const startedAt = performance.now();
      const answer = (await askToReload(folder)).get(gateway.pid);
      slowestReloadMs = Math.max(slowestReloadMs, Math.round(performance.now() - startedAt));
      const isTaken =
        answer?.ok === true && products.every((name) => answer.products[name]?.connection === 'replaced');
      if (!isTaken || answer.keys.length !== products.length + 1)
        problems.push(`round ${round}: ${JSON.stringify(answer)}`);
      token = await sign();
      await sleep(SETTLE_MS);
      for (const [product, user] of old) await admin.db(product).command({ dropUser: user });
      process.stdout.write(`round ${round}: ${clients.tally.asked} asked, ${clients.tally.failed} failed\n`);
    }
    const tally = await clients.end();
    const faults = [...problems, ...(await bank.faults()), ...gateway.faults];
    complain([...tally.failures, ...faults]);
    report(COMMAND, ROUNDS, scratch.version, {
      'rotation.rotations': ROUNDS,
      'rotation.requests': tally.asked,
      rotationFailures: tally.failed,
      'rotation.slowestRequestMs': tally.slowestMs,
      'rotation.slowestReloadMs': slowestReloadMs,
      'rotation.faults': faults.length,
    });
    return tally.failed === 0 && faults.length === 0;
  } finally {
    await gateway.end();
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
