import { resolve } from 'node:path';
import { makeFolder } from './make-folder.js';
import type { VariableSource } from './variable-source.js';

/** The folder of embedded data and of development's secrets: `BULKHEAD_DATA_DIR`, or `.bulkhead`. */
export const readDataDir = (source: VariableSource, cwd: string): string =>
  resolve(cwd, source.get('BULKHEAD_DATA_DIR') ?? '.bulkhead');

/**
 * Makes a folder under `BULKHEAD_DATA_DIR`, and those above it, for its owner only.
 *
 * @returns whether it was made now.
 * @throws StartError when it cannot be made.
 */
export const makeDataDir = (dir: string): boolean =>
  makeFolder(dir, {
    namedBy: 'BULKHEAD_DATA_DIR',
    advice: 'Set it to a folder of your own.',
    mode: 0o700,
  });
