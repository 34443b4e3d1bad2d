import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '../errors/bulkhead-error.js';

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** How a folder is made, and what is said where it cannot be. */
export interface MakeFolderOptions {
  /** What has named the folder: an option, a variable. Default: nothing, and the message begins with the folder. */
  readonly namedBy?: string;
  /** What to do where it cannot be made. */
  readonly advice?: string;
  /** Permissions of what is made. Default: as the process makes folders. */
  readonly mode?: number;
}

/**
 * Makes a folder, and those above it, where they are not there.
 *
 * Step by step, since Node's recursive form never ends where a file system takes no folder, as /proc does.
 *
 * @returns whether it was made now.
 * @throws StartError when it cannot be made.
 */
export function makeFolder(dir: string, { namedBy, advice, mode }: MakeFolderOptions = {}): boolean {
  try {
    return make(dir, mode);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const expected = 'expected a folder, or where one can be made, got';
    throw new StartError([
      [
        namedBy === undefined
          ? `${dir}: ${expected} ${code}.`
          : `${namedBy}: ${expected} ${code} for ${dir}.`,
        ...(advice === undefined ? [] : [advice]),
      ].join(' '),
    ]);
  }
}

function make(dir: string, mode: number | undefined): boolean {
  if (isFolder(dir)) return false;
  const above = dirname(dir);
  if (above !== dir) make(above, mode);
  try {
    mkdirSync(dir, { ...(mode !== undefined && { mode }) });
    return true;
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (isFolder(dir)) return false;
    throw error;
  }
}
