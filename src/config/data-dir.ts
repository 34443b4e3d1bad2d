import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StartError } from '../errors/bulkhead-error.js';
import type { VariableSource } from './variable-source.js';

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** The folder of embedded data and of development's secrets: `BULKHEAD_DATA_DIR`, or `.bulkhead`. */
export const readDataDir = (source: VariableSource, cwd: string): string =>
  resolve(cwd, source.get('BULKHEAD_DATA_DIR') ?? '.bulkhead');

/**
 * Makes a folder under `BULKHEAD_DATA_DIR`, and those above it, for its owner only.
 *
 * Step by step, since Node's recursive form never ends where a file system takes no folder, as /proc does.
 *
 * @returns whether it was made now.
 * @throws StartError when it cannot be made.
 */
export function makeDataDir(dir: string): boolean {
  try {
    return make(dir);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new StartError([
      `BULKHEAD_DATA_DIR: expected a folder, or where one can be made, got ${code} for ${dir}. Set it to a folder of your own.`,
    ]);
  }
}

function make(dir: string): boolean {
  if (isFolder(dir)) return false;
  const above = dirname(dir);
  if (above !== dir) make(above);
  try {
    mkdirSync(dir, { mode: 0o700 });
    return true;
  } catch (error) {
    // Another start may have made it meanwhile.
    if (isFolder(dir)) return false;
    throw error;
  }
}
