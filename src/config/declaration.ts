import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../errors/bulkhead-error.js';

const PLACES = ['dist/bulkhead.config.js', 'bulkhead.config.js'];

/**
 * Where the compiled declaration of the gateway is.
 *
 * @param config as named on the command line. Default: `dist/bulkhead.config.js` or `bulkhead.config.js`.
 * @throws UsageError when there is none.
 */
export function findDeclaration(config?: string): string {
  const places = config ? [config] : PLACES;
  const path = places.map((place) => resolve(place)).find(existsSync);
  if (path) return path;
  throw new UsageError([
    `No gateway found: expected ${places.join(' or ')}. Compile bulkhead.config.ts first, or name its compiled file with --config.`,
  ]);
}
