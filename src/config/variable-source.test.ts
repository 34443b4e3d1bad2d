import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { VariableSource } from './variable-source.js';

const cwd = mkdtempSync(join(tmpdir(), 'variables-'));
afterAll(() => rmSync(cwd, { recursive: true }));

test.each(['', ' '])('a variable of the environment that is %j hides nothing of .env', (none) => {
  writeFileSync(join(cwd, 'uri'), 'from a file\n');
  writeFileSync(join(cwd, '.env'), 'NODE_ENV=production\nONE_FILE=uri\nTWO=two\n');
  const names = ['NODE_ENV', 'NODE_ENV_FILE', 'ONE', 'ONE_FILE', 'TWO_FILE', 'THREE'];
  const source = new VariableSource(Object.fromEntries(names.map((name) => [name, none])), cwd);
  expect(['NODE_ENV', 'ONE', 'TWO', 'THREE'].map((name) => source.get(name))).toEqual([
    'production',
    'from a file',
    'two',
    undefined,
  ]);
  expect([source.has('NODE_ENV'), source.has('THREE'), source.problems]).toEqual([true, false, []]);
  expect(source.names).toEqual(['NODE_ENV', 'ONE_FILE', 'TWO']);
});
