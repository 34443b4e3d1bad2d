import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { StartError } from '../errors/bulkhead-error.js';

const stored = z.record(z.string(), z.object({ serve: z.string().min(20), ops: z.string().min(20) }));

/** Passwords of one product's two database users on a developer's machine. */
export interface ProductPasswords {
  readonly serve: string;
  readonly ops: string;
}

/** Reads `<dataDir>/database-users.json` (mode 0600), and adds what is missing. */
export function developmentPasswords(
  dataDir: string,
  products: readonly string[],
): Readonly<Record<string, ProductPasswords>> {
  const path = join(dataDir, 'database-users.json');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const known = existsSync(path) ? parse(path) : {};
  const missing = products.filter((name) => !Object.hasOwn(known, name));
  if (missing.length === 0) return known;
  const password = () => randomBytes(24).toString('base64url');
  const all = {
    ...known,
    ...Object.fromEntries(missing.map((name) => [name, { serve: password(), ops: password() }])),
  };
  writeFileSync(`${path}.part`, JSON.stringify(all, null, 2), { mode: 0o600 });
  renameSync(`${path}.part`, path);
  return all;
}

function parse(path: string): Record<string, ProductPasswords> {
  try {
    return stored.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new StartError([
      `${path} is not what was written: remove it, and \`bulkhead provision\` sets new passwords.`,
    ]);
  }
}
