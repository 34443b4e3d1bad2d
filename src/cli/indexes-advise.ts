import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { mongo } from 'mongoose';
import type { Environment } from '../config/environment.js';
import { startScratch } from '../database/embedded/scratch.js';
import { withDevelopmentUris } from '../development/product-uris.js';
import { withClient } from '../development/with-database.js';
import { StartError } from '../errors/bulkhead-error.js';
import { adviseIndexes } from '../indexes/advise/advise.js';
import { dropAbandoned, identityOf, isSameServer, scratchName } from '../indexes/advise/scratch-database.js';
import { readHinted } from '../monitor/facts/gather.js';
import { readShapes } from '../monitor/stats/read-stats.js';
import { loadProject } from '../server/load-project.js';
import { type AdviceForPeople, factsOfAdvice, linesOfAdvice } from './indexes-advise-lines.js';
import { Interruption } from './interruption.js';
import { opsUriOf, withOpsDatabase } from './ops-uri.js';
import { type CommonOptions, endProgress, EXIT, print, showProgress } from './output.js';

/** Options of `bulkhead indexes advise`. */
export interface IndexesAdviseOptions extends CommonOptions {
  /** How far back, in seconds. */
  readonly since: number;
}

/**
 * Says which indexes would make the observed operations cheaper, and which are of no use; writes nothing to a product.
 *
 * @returns the exit code: 1 where there is advice.
 * @throws StartError in production where no scratch server is named, or it is the product's own.
 */
export async function adviseProducts(
  product: string | undefined,
  options: IndexesAdviseOptions,
): Promise<number> {
  const project = await loadProject({
    ...options,
    ...(product !== undefined && { products: [product] }),
    serves: false,
  });
  const environment = withDevelopmentUris(project.environment);
  const targets = [...project.runtimes.values()].map(({ name, classes }) => ({
    name,
    classes,
    opsUri: opsUriOf(environment, name, 'to look at indexes with'),
  }));
  await refuseOwnServer(environment, targets);
  const since = new Date(Date.now() - options.since * 1_000);
  const interruption = new Interruption();
  const advices = await withScratch(environment, async (scratch) => {
    const found: AdviceForPeople[] = [];
    for (const { name, classes, opsUri } of targets) {
      const work = withOpsDatabase(opsUri, name, async (db) => {
        const [shapes, hinted] = await Promise.all([
          readShapes(db, { product: name, since }),
          readHinted(db, name),
        ]);
        const onCollection = (collection: string) => showProgress(`${name}: trying indexes on ${collection}`);
        const advice = await adviseIndexes(db, classes, {
          product: name,
          shapes,
          hinted,
          scratch,
          onCollection,
        });
        return { ...advice, since, texts: new Map(shapes.map(({ shape, text }) => [shape, text])) };
      });
      // Whoever interrupts waits for nothing; what is under way ends with its connection.
      work.catch(() => undefined);
      found.push(await interruption.cutShort(work));
    }
    return found;
  });
  endProgress();
  const fileOf = (name: string) => findClassFile('schema', name);
  const ok = advices.every(({ collections }) =>
    collections.every(({ indexes, drops }) => indexes.length === 0 && drops.length === 0),
  );
  print(
    options.json,
    { ok, since, products: advices.map((one) => factsOfAdvice(one, fileOf)) },
    advices.flatMap((one) => linesOfAdvice(one, fileOf)),
  );
  return ok ? EXIT.fine : EXIT.findings;
}

/** A scratch database: on the server that is meant for it, or on one of its own that is gone afterwards. */
async function withScratch<T>(
  { scratchUri, production }: Environment,
  work: (scratch: mongo.Db) => Promise<T>,
): Promise<T> {
  const inDatabase = (uri: string) =>
    withClient(uri, 'scratch', async (client) => {
      // A server that does not tell its databases is one that others look after.
      await dropAbandoned(client, new Date()).catch(() => undefined);
      const db = client.db(scratchName(new Date()));
      try {
        return await work(db);
      } finally {
        await db.dropDatabase();
      }
    });
  if (scratchUri !== undefined) return inDatabase(scratchUri);
  if (production)
    throw new StartError([
      'BULKHEAD_SCRATCH_URI: expected in production, to try indexes on copies of some documents; a throw-away server, never the one that serves.',
    ]);
  showProgress('starting a scratch server');
  const server = await startScratch();
  try {
    return await inDatabase(server.uri);
  } finally {
    await server.stop();
  }
}

/** Copies and builds are no load for a server that serves. */
async function refuseOwnServer(
  { scratchUri, production }: Environment,
  products: readonly { readonly name: string; readonly opsUri: string }[],
): Promise<void> {
  if (!production || scratchUri === undefined) return;
  // One server has many names, and a name in DNS may stand for several: the servers say who they are.
  const scratch = await withClient(scratchUri, 'scratch', (client) => identityOf(client.db('admin')));
  for (const { name, opsUri } of products) {
    const own = await withOpsDatabase(opsUri, name, identityOf);
    if (isSameServer(scratch, own))
      throw new StartError([
        `BULKHEAD_SCRATCH_URI: expected a throw-away server, got the one of a product (${name}).`,
      ]);
  }
}

/** Where a class stands, by its name alone; undefined where that is not one place. */
function findClassFile(folder: string, name: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const declares = new RegExp(`^export class ${name}\\b`, 'm');
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith('.ts') && declares.test(readFileSync(path, 'utf8')));
  return found.length === 1 ? found[0] : undefined;
}
