import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { StartError } from '../../errors/bulkhead-error.js';
import { getWheelBinary } from './candidates.js';
import { findMongod } from './find-mongod.js';

describe('findMongod', () => {
  let home: string;
  let bin: string;
  let cacheDir: string;
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'bulkhead-find-'));
    bin = join(home, 'bin');
    cacheDir = join(home, '.cache', 'bulkhead', 'mongod');
    await mkdir(bin);
    // Nobody listens on port 1: the download finds no route; and there is no Python on this PATH.
    env = { HOME: home, PATH: bin, MONGOMS_DOWNLOAD_MIRROR: 'https://127.0.0.1:1' };
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  const linkMongod = async (path: string): Promise<string> => {
    await mkdir(join(path, '..'), { recursive: true });
    await symlink(inject('mongodBinary'), path);
    return path;
  };
  const writeScript = async (path: string, body: string): Promise<void> => {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  };

  test('takes the named one before any other, and tells its version', async () => {
    const named = await linkMongod(join(home, 'mine'));
    await linkMongod(join(bin, 'mongod'));
    const found = await findMongod({ env: { ...env, BULKHEAD_MONGOD: named } });
    expect(found).toMatchObject({ path: named, source: 'BULKHEAD_MONGOD' });
    expect(found.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  test('fails at once when the named one does not work, instead of taking another', async () => {
    await linkMongod(join(bin, 'mongod'));
    const named = join(home, 'nothing-here');
    await expect(findMongod({ env: { ...env, BULKHEAD_MONGOD: named } })).rejects.toThrow(
      `BULKHEAD_MONGOD=${named}`,
    );
  });

  test('takes the one on PATH before a cached one', async () => {
    const path = await linkMongod(join(bin, 'mongod'));
    await linkMongod(getWheelBinary(cacheDir, '6.0.5'));
    expect(await findMongod({ env })).toMatchObject({ path, source: 'PATH' });
  });

  test('passes over what is too old, does not run, or is half extracted, and takes the next', async () => {
    await writeScript(join(bin, 'mongod'), 'echo db version v4.4.29');
    const downloads = join(home, '.cache', 'mongodb-binaries');
    await writeScript(join(downloads, 'mongod-x64-ubuntu-8.2.6'), 'echo library missing >&2; exit 127');
    await writeFile(join(downloads, 'mongod-x64-ubuntu-8.2.6.md5'), '');
    await writeScript(join(downloads, 'mongod-x64-ubuntu-9.0.0'), 'echo db version v9.0.0');
    const path = await linkMongod(getWheelBinary(cacheDir, '6.0.5'));
    expect(await findMongod({ env })).toMatchObject({ path, source: 'cache' });
  });

  test('lists what was tried, why each failed and what to do', async () => {
    await writeScript(join(bin, 'mongod'), 'echo library missing >&2; exit 127');
    const error = await findMongod({ env }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartError);
    const { message } = error as StartError;
    expect(message).toContain(`${join(bin, 'mongod')}: --version failed (exit code 127): library missing`);
    expect(message).toContain(`cache: nothing in ${cacheDir}`);
    expect(message).toMatch(/download from MongoDB: .*ECONNREFUSED/);
    expect(message).toMatch(/Python wheel: (spawn python3 ENOENT|there is one for x86-64 Linux only)/);
    expect(message).toContain('BULKHEAD_MONGOD=/path/to/mongod');
    expect(message).toContain('MONGODB_URI=');
  });
});
