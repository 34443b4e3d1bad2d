import { setTimeout as sleep } from 'node:timers/promises';
import { through } from '../../bench/through.js';
import { signToken } from '../../src/auth/token-keys.js';
import { secretKeys } from '../../src/config/token-keys.js';
import { ProvedGateway } from '../support/gateway.js';
import { complain, report, show } from '../support/report.js';
import { type Surroundings, surround } from '../support/surroundings.js';
import { installToxiproxy } from './install.js';
import { POISONS } from './poisons.js';
import { Toxiproxy } from './toxiproxy.js';
import { playRound, type Round } from './rounds.js';
import { Traffic } from './traffic.js';
import { judge, tell } from './verdict.js';

const COMMAND = 'npm run prove -- toxics';
/** Less is not written into the page. */
const WHOLE = { rounds: 3, seconds: 6 };
const ROUNDS = Number(process.env['PROVE_ROUNDS'] ?? WHOLE.rounds);
/** For so long each toxic is there. */
const SECONDS = Number(process.env['PROVE_SECONDS'] ?? WHOLE.seconds);
/** For so long the load runs before the first toxic. */
const CALM_MS = 4_000;
const CHOSEN = (process.env['PROVE_TOXICS'] ?? Object.keys(POISONS).join()).split(',');

/**
 * The blog's connection to its database delayed, throttled, cut, reset, sliced and silenced by toxiproxy, under a steady
 * load on both products: every answer is good or a named refusal in time, the other product notices nothing, the blog
 * is back at once, and what was acknowledged is there.
 */
export async function toxics(): Promise<boolean> {
  const unknown = CHOSEN.filter((name) => !(name in POISONS));
  if (unknown.length > 0)
    throw new Error(
      `PROVE_TOXICS: no such toxic: ${unknown.join(', ')}. Known: ${Object.keys(POISONS).join(', ')}.`,
    );
  // Handlers of the process's end run when it is asked to end, and not when a signal ends it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const binary = await installToxiproxy();
  const surroundings = await surround();
  try {
    const proxy = await Toxiproxy.start(binary, 'blog');
    try {
      return await prove(surroundings, proxy);
    } finally {
      await proxy.stop();
    }
  } finally {
    await surroundings.stop();
  }
}

async function prove({ scratch, admin, env, products }: Surroundings, proxy: Toxiproxy): Promise<boolean> {
  const port = await proxy.lead(scratch.port);
  const gateway = await ProvedGateway.start(
    { ...env, BLOG_MONGODB_URI: through(env['BLOG_MONGODB_URI']!, port) },
    products,
  );
  try {
    const token = await signToken(secretKeys(env['BULKHEAD_JWT_SECRET']!), {
      subject: 'prover',
      scopes: ['*:admin'],
      expiresInS: 12 * 3_600,
    });
    const traffic = await Traffic.open(admin, gateway.address, token);
    const running = traffic.run();
    const rounds: Round[] = [];
    await sleep(CALM_MS);
    for (let n = 1; n <= ROUNDS; n += 1)
      for (const toxic of CHOSEN) {
        const round = await playRound(toxic, `${toxic} ${n}`, SECONDS, { admin, proxy, gateway, traffic });
        rounds.push(round);
        process.stdout.write(`${round.phase}: ${tell(round, traffic.answers)}\n`);
      }
    traffic.stop();
    await running;
    const { figures, failures } = judge(CHOSEN, rounds, traffic.answers);
    const broken = await traffic.broken(admin);
    failures.push(
      ...broken,
      ...gateway.faults.map((line) => `log: ${line}`),
      ...(gateway.hasEnded ? ['the gateway has ended'] : []),
    );
    complain(failures);
    const all = {
      ...figures,
      'toxics.acknowledgedTransfers': traffic.transfers.size,
      'toxics.acknowledgedPosts': traffic.posts.size,
      'toxics.lost': broken.length,
      'toxics.masked': gateway.faults.length,
      toxicFaults: failures.length,
    };
    const isWhole =
      ROUNDS >= WHOLE.rounds && SECONDS >= WHOLE.seconds && CHOSEN.length === Object.keys(POISONS).length;
    if (isWhole) report(COMMAND, ROUNDS, scratch.version, all);
    else show(all);
    return failures.length === 0;
  } finally {
    await gateway.end();
  }
}
