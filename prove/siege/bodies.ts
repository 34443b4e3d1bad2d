import { Agent, request } from 'node:http';
import type { Fortress } from './fortress.js';
import { mutate, randomFrom, SEEDS } from './mutate.js';

/** What a siege by bodies found. */
export interface BodiesFound {
  readonly sent: number;
  readonly serverErrors: readonly string[];
  readonly leaks: readonly string[];
  /** Requests whose connection ended without an answer. */
  readonly unanswered: number;
  readonly slowestMs: number;
  /** Resident memory after the first tenth and at the end, in MB. */
  readonly memoryMb: { readonly after10th: number; readonly atEnd: number };
}

/** Below the places of a product. */
const AT_ONCE = 40;
/** Words of the inside: a stack, a library, the driver, a password's hash. */
export const LEAKS =
  /node_modules|\.[jt]s:\d+|\\n\s+at |call stack|FST_ERR|MongoServer|MongoNetwork|E11000|\$argon2|ECONN|BSONError/;

/** Sends mutated bodies to every endpoint, every second one with a token. */
export async function siegeByBodies(fortress: Fortress, count: number, seed: number): Promise<BodiesFound> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const { hostname, port } = new URL(fortress.address);
  const serverErrors: string[] = [];
  const leaks: string[] = [];
  let [sent, unanswered, slowestMs, after10th] = [0, 0, 0, 0];

  const one = (n: number) =>
    new Promise<void>((resolve) => {
      // A random source per request: any of them can be sent again by itself.
      const random = randomFrom(seed + n);
      const origin = SEEDS[Math.floor(random() * SEEDS.length)]!;
      const body = mutate(origin, random);
      const startedAt = performance.now();
      const done = () => {
        slowestMs = Math.max(slowestMs, performance.now() - startedAt);
        resolve();
      };
      const sending = request(
        {
          agent,
          hostname,
          port,
          method: 'POST',
          path: origin.endpoint === 'composed' ? '/graphql' : `/graphql/${origin.endpoint}`,
          headers: {
            'content-type': 'application/json',
            'content-length': body.length,
            accept: n % 4 < 2 ? 'application/graphql-response+json' : 'application/json',
            ...(n % 2 === 0 && { authorization: `Bearer ${fortress.token}` }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const what = () =>
              `#${n} ${response.statusCode} ${body.toString('utf8').slice(0, 500)} -> ${text.slice(0, 500)}`;
            if (response.statusCode! >= 500) serverErrors.push(what());
            if (LEAKS.test(text) && !LEAKS.test(body.toString('utf8'))) leaks.push(what());
            if (text.includes('INTERNAL_SERVER_ERROR')) serverErrors.push(what());
            done();
          });
        },
      );
      sending.on('error', () => {
        unanswered += 1;
        done();
      });
      sending.end(body);
    });
  const worker = async () => {
    while (sent < count) {
      const n = (sent += 1);
      await one(n);
      if (n === Math.floor(count / 10)) after10th = fortress.memory();
      if (n % 20_000 === 0)
        process.stdout.write(
          `  ${n.toLocaleString('en')} bodies, ${Math.round(fortress.memory() / 2 ** 20)} MB\n`,
        );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
  const mb = (bytes: number) => Math.round(bytes / 2 ** 20);
  return {
    sent: count,
    serverErrors,
    leaks,
    unanswered,
    slowestMs: Math.round(slowestMs),
    memoryMb: { after10th: mb(after10th), atEnd: mb(fortress.memory()) },
  };
}
