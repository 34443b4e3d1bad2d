import { writeFigures } from '../../bench/figures.js';
import { writeResults } from '../../bench/results.js';
import { siegeByBodies } from './bodies.js';
import { startFortress } from './fortress.js';
import { siegeByGraphqler, siegeBySchemathesis } from './tools.js';

const BODIES = Number(process.env['PROVE_BODIES'] ?? 200_000);
const EXAMPLES = Number(process.env['PROVE_EXAMPLES'] ?? 200);
const COMMAND = 'npm run prove -- siege';
const SEED = Number(process.env['PROVE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Hostile bodies and two fuzzers against a gateway in production mode: no 5xx, no word of the inside, no crash. */
export async function siege(): Promise<boolean> {
  process.stdout.write(`seed ${SEED}: PROVE_SEED=${SEED} npm run prove -- siege sends the same again\n`);
  const fortress = await startFortress();
  try {
    const bodies = await siegeByBodies(fortress, BODIES, SEED);
    for (const line of [...bodies.serverErrors, ...bodies.leaks].slice(0, 20))
      process.stdout.write(`  ${line}\n`);
    const schemathesis = await siegeBySchemathesis(fortress, EXAMPLES, SEED);
    const graphqler = await siegeByGraphqler(fortress);
    for (const line of fortress.faults.slice(0, 20)) process.stdout.write(`  log: ${line.slice(0, 800)}\n`);
    const statuses = Object.fromEntries(
      [...fortress.statuses]
        .sort(([one], [other]) => one - other)
        .map(([status, n]) => [`status.${status}`, n]),
    );
    const serverErrors = [...fortress.statuses].reduce(
      (sum, [status, n]) => sum + (status >= 500 ? n : 0),
      0,
    );
    const figures = {
      badInputs: bodies.sent + schemathesis.requests + graphqler.requests,
      'bodies.sent': bodies.sent,
      'bodies.unanswered': bodies.unanswered,
      'bodies.slowestMs': bodies.slowestMs,
      'schemathesis.requests': schemathesis.requests,
      'graphqler.requests': graphqler.requests,
      serverErrors,
      masked: fortress.faults.length,
      leaks: bodies.leaks.length,
      crashes: fortress.hasEnded() ? 1 : 0,
      'memoryMb.after10th': bodies.memoryMb.after10th,
      'memoryMb.atEnd': bodies.memoryMb.atEnd,
      seed: SEED,
      ...statuses,
    };
    for (const [name, value] of Object.entries(figures))
      process.stdout.write(`${name.padEnd(24)} ${value}\n`);
    writeResults('siege', {
      command: COMMAND,
      rounds: 1,
      mongod: fortress.mongod,
      figures,
      ratios: {},
    });
    writeFigures('docs/security.md', 'siege', COMMAND);
    const grown = bodies.memoryMb.atEnd - bodies.memoryMb.after10th;
    return (
      serverErrors === 0 &&
      fortress.faults.length === 0 &&
      bodies.leaks.length === 0 &&
      bodies.unanswered === 0 &&
      grown < 50 &&
      !fortress.hasEnded()
    );
  } finally {
    await fortress.stop();
  }
}
