import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeDataDir } from './data-dir.js';

const root = mkdtempSync(join(tmpdir(), 'bulkhead-data-dir-'));
afterAll(() => rmSync(root, { recursive: true }));

test('is made with those above it, for its owner only, once', () => {
  const dir = join(root, 'a', 'b');
  expect(makeDataDir(dir)).toBe(true);
  expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(makeDataDir(dir)).toBe(false);
});

test('a file in its place, and a file above it, are named with the variable', () => {
  const file = join(root, 'file');
  writeFileSync(file, 'kept');
  expect(() => makeDataDir(file)).toThrow(
    /^BULKHEAD_DATA_DIR: expected a folder.*got EEXIST for .*\/file\. Set/,
  );
  expect(() => makeDataDir(join(file, 'below'))).toThrow(/^BULKHEAD_DATA_DIR: .*got E/);
});

test('a file system that takes no folder is an error at once', () => {
  // Node's own recursive form would never return.
  expect(() => makeDataDir('/proc/bulkhead/data')).toThrow(/^BULKHEAD_DATA_DIR: .*got E/);
});
