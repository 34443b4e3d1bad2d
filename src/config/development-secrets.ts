import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { StartError } from '../errors/bulkhead-error.js';
import { makeDataDir } from './data-dir.js';
import type { Environment } from './environment.js';
import { developmentSecretPrefix } from './secret-strength.js';
import { secretKeys } from './token-keys.js';

/** Secrets for signing tokens on a developer's machine; production refuses them by their beginning. */
export interface DevelopmentSecrets {
  readonly operators: string;
  /** By product name. */
  readonly products: Readonly<Record<string, string>>;
}

const secret = z.string().startsWith(developmentSecretPrefix).min(32);
const stored = z.object({ operators: secret, products: z.record(z.string(), secret) });

/**
 * Reads `<dataDir>/secrets.json` (mode 0600, in a folder of mode 0700), and adds what is missing: one random
 * secret per product and one for operators. Throws a `StartError` where the file is not what was written.
 */
export function developmentSecrets(dataDir: string, products: readonly string[]): DevelopmentSecrets {
  const path = join(dataDir, 'secrets.json');
  const isNew = makeDataDir(dataDir);
  // A folder that is not ours by name may be shared on purpose: its mode is left alone.
  if (isNew || basename(dataDir) === '.bulkhead') chmodSync(dataDir, 0o700);

  const found = read(path);
  if (found && products.every((name) => Object.hasOwn(found.products, name))) {
    chmodSync(path, 0o600);
    return found;
  }
  const missing = products.filter((name) => !found || !Object.hasOwn(found.products, name));
  const added = Object.fromEntries(missing.map((name) => [name, createSecret()]));
  write(path, {
    operators: found?.operators ?? createSecret(),
    products: { ...found?.products, ...added },
  });
  // Another process may have been first: what lies on disk is what both use.
  return read(path) ?? invalid(path);
}

/** The environment with development's secrets where no key is set; unchanged in production. */
export function withDevelopmentSecrets(environment: Environment, secrets: DevelopmentSecrets): Environment {
  if (environment.production) return environment;
  const products = Object.entries(environment.products).map(([name, product]) => {
    const own = Object.hasOwn(secrets.products, name) ? secrets.products[name] : undefined;
    return [name, Object.freeze({ ...(own && { keys: Object.freeze(secretKeys(own, name)) }), ...product })];
  });
  return Object.freeze({
    operatorKeys: Object.freeze(secretKeys(secrets.operators)),
    ...environment,
    products: Object.freeze(Object.fromEntries(products)),
  });
}

const createSecret = (): string => developmentSecretPrefix + randomBytes(32).toString('base64url');

const invalid = (path: string): never => {
  throw new StartError([
    `${path}: expected the secrets written there before; delete the file to get new ones.`,
  ]);
};

function read(path: string): DevelopmentSecrets | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return stored.parse(JSON.parse(text));
  } catch {
    return invalid(path);
  }
}

/** Puts the whole file in place at once: a new one never over another's, a longer one instead of the old. */
function write(path: string, secrets: DevelopmentSecrets): void {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const replaces = read(path) !== null;
  writeFileSync(temporary, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    if (replaces) return renameSync(temporary, path);
    linkSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
