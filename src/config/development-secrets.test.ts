import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartError } from '../errors/bulkhead-error.js';
import { developmentSecrets, withDevelopmentSecrets } from './development-secrets.js';
import { readEnvironment } from './environment.js';

let parent = '';
let dataDir = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'secrets-'));
  dataDir = join(parent, '.bulkhead');
});
afterEach(() => rmSync(parent, { recursive: true }));

const mode = (path: string) => statSync(path).mode & 0o777;

test('secrets are made once, apart from each other, for their owner’s eyes only', () => {
  const secrets = developmentSecrets(dataDir, ['blog', 'aviation']);
  const all = [secrets.operators, ...Object.values(secrets.products)];
  expect(new Set(all).size).toBe(3);
  for (const secret of all) expect(secret).toMatch(/^development-[\w-]{43}$/);
  expect(mode(dataDir)).toBe(0o700);
  expect(mode(join(dataDir, 'secrets.json'))).toBe(0o600);
  expect(readdirSync(dataDir)).toEqual(['secrets.json']);
  expect(developmentSecrets(dataDir, ['blog'])).toEqual(secrets);
});

test('a new product gets its secret, and the others keep theirs', () => {
  const before = developmentSecrets(dataDir, ['blog']);
  const after = developmentSecrets(dataDir, ['blog', 'aviation']);
  expect(after).toMatchObject({ operators: before.operators, products: before.products });
  expect(Object.keys(after.products)).toEqual(['blog', 'aviation']);
});

test('modes opened by hand are closed again, but never those of a folder with another name', () => {
  developmentSecrets(dataDir, ['blog']);
  chmodSync(dataDir, 0o755);
  chmodSync(join(dataDir, 'secrets.json'), 0o644);
  developmentSecrets(dataDir, ['blog']);
  expect([mode(dataDir), mode(join(dataDir, 'secrets.json'))]).toEqual([0o700, 0o600]);

  const shared = join(parent, 'shared');
  mkdirSync(shared, { mode: 0o755 });
  developmentSecrets(shared, ['blog']);
  expect([mode(shared), mode(join(shared, 'secrets.json'))]).toEqual([0o755, 0o600]);
});

test.each(['', '{', '{"operators":"weak","products":{}}'])('a damaged file %j stops the start', (content) => {
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'secrets.json'), content);
  expect(() => developmentSecrets(dataDir, ['blog'])).toThrow(StartError);
});

test('secrets fill in for missing keys outside production only', () => {
  const secrets = developmentSecrets(dataDir, ['blog', 'aviation']);
  const environment = readEnvironment({
    products: ['blog', 'aviation'],
    cwd: parent,
    env: { BLOG_JWT_SECRET: 'own' },
  });
  const filled = withDevelopmentSecrets(environment, secrets);
  expect(filled.products['blog']?.keys).toMatchObject({ secret: 'own' });
  expect(filled.products['aviation']?.keys).toMatchObject({
    secret: secrets.products['aviation'],
    audience: 'bulkhead:aviation',
  });
  expect(filled.operatorKeys).toMatchObject({ secret: secrets.operators, audience: 'bulkhead' });
  const production = { ...environment, production: true };
  expect(withDevelopmentSecrets(production, secrets)).toBe(production);
});
