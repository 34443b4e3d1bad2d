import { randomInt } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { signToken } from '../../src/auth/token-keys.js';
import { secretKeys } from '../../src/config/token-keys.js';
import { Bank } from '../support/bank.js';
import { ask } from '../support/clients.js';
import { ProvedGateway } from '../support/gateway.js';
import { complain, report } from '../support/report.js';
import { surround } from '../support/surroundings.js';

const COMMAND = 'npm run prove -- kills';
const KILLS = Number(process.env['PROVE_KILLS'] ?? 50);
/** Transfers under way when the gateway is killed, each under a key of its own. */
const UNDER_WAY = 20;
/** The kill comes at a random moment in the time that they take. */
const LATEST_KILL_MS = 200;
const ATTEMPTS = 100;

/**
 * Kills the gateway (`SIGKILL`) in the middle of transfers, starts it again and sends every key again: each gives
 * exactly one transfer, the one that was acknowledged if one was, and the books balance.
 */
export async function kills(): Promise<boolean> {
  const { scratch, admin, env, products, stop } = await surround();
  const agent = new Agent({ keepAlive: true, maxSockets: UNDER_WAY });
  const token = await signToken(secretKeys(env['BULKHEAD_JWT_SECRET']!), {
    subject: 'prover',
    scopes: ['*:admin'],
    expiresInS: 12 * 3_600,
  });
  let gateway = await ProvedGateway.start(env, products);
  try {
    const bank = await Bank.open(admin, gateway.address, agent, token);
    const faults: string[] = [];
    /** The id of each key's transfer, as it was acknowledged. */
    const acknowledged = new Map<string, string>();
    const keys: string[] = [];
    const found = { before: 0, committed: 0, afresh: 0, slowestReplayMs: 0 };
    const transfer = async (key: string, n: number): Promise<string | undefined> => {
      const { body } = await ask(gateway.address, agent, bank.transfer(token, key, n));
      return body?.data?.transferCredits?.id as string | undefined;
    };
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const own = Array.from({ length: UNDER_WAY }, (_, n) => `kill-${kill}-${n}`);
      keys.push(...own);
      const asking = own.map(async (key, n) => {
        const id = await transfer(key, n);
        if (id !== undefined) acknowledged.set(key, id);
      });
      await sleep(randomInt(LATEST_KILL_MS));
      await gateway.end('SIGKILL');
      await Promise.all(asking);
      const stored = await bank.countByKey();
      found.before += own.filter((key) => acknowledged.has(key)).length;
      found.committed += own.filter((key) => stored.has(key) && !acknowledged.has(key)).length;
      found.afresh += own.filter((key) => !stored.has(key)).length;

      gateway = await ProvedGateway.start(env, products);
      const startedAt = performance.now();
      for (const [n, key] of own.entries()) {
        let id: string | undefined;
        // What the killed gateway has left open, the server ends; until then the key is in flight.
        for (let attempt = 0; id === undefined && attempt < ATTEMPTS; attempt += 1) {
          id = await transfer(key, n);
          if (id === undefined) await sleep(100);
        }
        const before = acknowledged.get(key);
        if (id === undefined) faults.push(`${key}: no answer after ${ATTEMPTS} attempts`);
        else if (before !== undefined && before !== id) faults.push(`${key}: ${before} became ${id}`);
      }
      found.slowestReplayMs = Math.max(found.slowestReplayMs, Math.round(performance.now() - startedAt));
      if (kill % 10 === 0) process.stdout.write(`kill ${kill}: ${faults.length} faults\n`);
    }
    const counts = await bank.countByKey();
    faults.push(
      ...keys
        .filter((key) => counts.get(key) !== 1)
        .map((key) => `${key}: ${counts.get(key) ?? 0} transfers`),
      ...(await bank.faults()),
      ...gateway.faults,
    );
    complain(faults);
    report(COMMAND, KILLS, scratch.version, {
      'kills.kills': KILLS,
      'kills.keys': keys.length,
      'kills.acknowledgedBefore': found.before,
      'kills.committedUnheard': found.committed,
      'kills.notYetCommitted': found.afresh,
      'kills.slowestReplayMs': found.slowestReplayMs,
      killFaults: faults.length,
    });
    return faults.length === 0;
  } finally {
    agent.destroy();
    await gateway.end('SIGKILL');
    await stop();
  }
}
