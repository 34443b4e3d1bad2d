import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StartError } from '../errors/bulkhead-error.js';
import type { Gateway } from '../product/gateway.js';

const PLACES = ['dist/bulkhead.config.js', 'bulkhead.config.js'];

/**
 * Loads the gateway that the project declares: `--config`, or the compiled `bulkhead.config.ts`.
 *
 * @throws StartError when there is none, or it exports no gateway.
 */
export async function loadGateway(config?: string): Promise<Gateway> {
  const places = config ? [config] : PLACES;
  const path = places.map((place) => resolve(place)).find(existsSync);
  if (!path) {
    throw new StartError([
      `No gateway found: expected ${places.join(' or ')}. Compile bulkhead.config.ts first, or name its compiled file with --config.`,
    ]);
  }
  const loaded = (await import(pathToFileURL(path).href)) as { default?: Gateway };
  if (!loaded.default?.products) {
    throw new StartError([
      `${path}: expected a default export made by defineGateway, got ${typeof loaded.default}.`,
    ]);
  }
  return loaded.default;
}
