import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { makeDataDir } from '../config/data-dir.js';
import { StartError } from '../errors/bulkhead-error.js';

const stored = z.record(z.string(), z.object({ serve: z.string().min(20), ops: z.string().min(20) }));

/** Passwords of one product's two database users on a developer's machine. */
export interface ProductPasswords {
  readonly serve: string;
  readonly ops: string;
}

type Passwords = Readonly<Record<string, ProductPasswords>>;

const pathIn = (dataDir: string): string => join(dataDir, 'database-users.json');

/** A password nobody has to remember. */
export const createPassword = (): string => randomBytes(24).toString('base64url');

/** Reads `<dataDir>/database-users.json`; empty where there is none. @throws StartError when it is damaged. */
export function findPasswords(dataDir: string): Passwords {
  const path = pathIn(dataDir);
  if (!existsSync(path)) return {};
  try {
    return stored.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new StartError([
      `${path} is not what was written: remove it, and \`bulkhead provision\` sets new passwords.`,
    ]);
  }
}

/** Reads `<dataDir>/database-users.json` (mode 0600), and adds what is missing. */
export function developmentPasswords(dataDir: string, products: readonly string[]): Passwords {
  const path = pathIn(dataDir);
  makeDataDir(dataDir);
  const known = findPasswords(dataDir);
  const missing = products.filter((name) => !Object.hasOwn(known, name));
  if (missing.length === 0) return known;
  const added = missing.map((name) => [name, { serve: createPassword(), ops: createPassword() }] as const);
  const all = { ...known, ...Object.fromEntries(added) };
  const temporary = `${path}.${process.pid}.part`;
  writeFileSync(temporary, JSON.stringify(all, null, 2), { mode: 0o600 });
  renameSync(temporary, path);
  return all;
}
