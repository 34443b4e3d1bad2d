import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findOrigin, specOf } from './package-source.js';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-origin-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['a registry', 'https://registry.example/bulkhead/-/bulkhead-1.2.3.tgz', '1.2.3'],
  ['a private registry', 'https://packages.example/npm/@team/bulkhead/-/bulkhead-1.2.3.tgz', '1.2.3'],
  [
    'a repository',
    'git+ssh://git@example.org/team/bulkhead.git#abc',
    'git+ssh://git@example.org/team/bulkhead.git#abc',
  ],
  ['an address', 'https://example.org/bulkhead.tgz', 'https://example.org/bulkhead.tgz'],
  ['a file, which is on this machine only', 'file:../bulkhead.tgz', undefined],
  ['nowhere', undefined, undefined],
])('what came from %s is depended on as such', (_, origin, expected) => {
  const root = join(folder, 'node_modules/bulkhead');
  mkdirSync(root, { recursive: true });
  const packages = { 'node_modules/bulkhead': { version: '1.2.3', ...(origin && { resolved: origin }) } };
  writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
  expect(findOrigin(root)).toBe(origin);
  expect(specOf(findOrigin(root), '1.2.3')).toBe(expected);
});

test('a checkout comes from nowhere', () => {
  expect(findOrigin(folder)).toBeUndefined();
});
