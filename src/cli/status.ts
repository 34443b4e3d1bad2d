import type { mongo } from 'mongoose';
import type { Environment } from '../config/environment.js';
import { collectionOf } from '../database/schema.js';
import { withDevelopmentUris } from '../development/product-uris.js';
import { withDatabase } from '../development/with-database.js';
import { loadProject } from '../server/load-project.js';
import type { ProductRuntime } from '../server/product-runtime.js';
import { type CommonOptions, EXIT, paint, print, table } from './output.js';

/** Options of `bulkhead status`. */
export interface StatusOptions extends CommonOptions {
  /** Where the gateway listens; default: `HOST` and `PORT`. */
  readonly url?: string;
}

interface ProductStatus {
  readonly product: string;
  /** What the gateway says: `ready`, `parked`, `open`; `not serving` where it does not listen. */
  readonly state: string;
  readonly database?: string;
  readonly version?: string;
  readonly pingMs?: number;
  readonly documents?: number;
}

const ASK_MS = 3_000;

/**
 * One line per product, as the gateway and as its database see it.
 *
 * @returns the exit code: 1 where a product is not ready, 3 where no gateway listens.
 */
export async function status(options: StatusOptions): Promise<number> {
  const { json, url } = options;
  const project = await loadProject(options);
  const environment = withDevelopmentUris(project.environment);
  const states = await askGateway(url ?? addressOf(environment));
  const products = await Promise.all(
    [...project.runtimes.values()].map(async (runtime): Promise<ProductStatus> => {
      const { name } = runtime;
      const state = states ? (states[name]?.state ?? 'not served') : 'not serving';
      const { uri, opsUri } = environment.products[name] ?? {};
      const found = await askDatabase(runtime, uri ?? opsUri).catch(() => ({}));
      return { product: name, state, ...found };
    }),
  );
  const ok = products.every((one) => one.state === 'ready' && one.version !== undefined);
  print(json, { ok, gateway: states !== undefined, products }, [
    table(
      products.map(({ product, state, database, version, pingMs, documents }) => [
        product,
        paint(state === 'ready' ? 'green' : 'red', state),
        ...(version === undefined
          ? ['its database does not answer']
          : [
              database ?? '',
              `MongoDB ${version}`,
              `${pingMs} ms`,
              `${(documents ?? 0).toLocaleString('en')} documents`,
            ]),
      ]),
    ),
  ]);
  if (!states) return EXIT.unavailable;
  return ok ? EXIT.fine : EXIT.findings;
}

/** A wildcard is no address to call. */
function addressOf({ host, port }: Environment): string {
  const name =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

async function askGateway(url: string): Promise<Record<string, { state: string }> | undefined> {
  try {
    const answer = await fetch(new URL('/health/ready', url), { signal: AbortSignal.timeout(ASK_MS) });
    return ((await answer.json()) as { products?: Record<string, { state: string }> }).products;
  } catch {
    return undefined;
  }
}

async function askDatabase(
  { name, classes }: ProductRuntime,
  uri: string | undefined,
): Promise<Partial<ProductStatus>> {
  if (uri === undefined) return {};
  return withDatabase(uri, name, async (db) => {
    const startedAt = performance.now();
    await db.command({ ping: 1 });
    const pingMs = Math.round((performance.now() - startedAt) * 10) / 10;
    const { version } = await db.command({ buildInfo: 1 });
    return {
      database: db.databaseName,
      version: String(version),
      pingMs,
      documents: await count(db, classes),
    };
  });
}

async function count(db: mongo.Db, classes: ProductRuntime['classes']): Promise<number> {
  const names = [...new Set(classes.map(collectionOf))];
  const counts = await Promise.all(names.map((name) => db.collection(name).estimatedDocumentCount()));
  return counts.reduce((sum, one) => sum + one, 0);
}
