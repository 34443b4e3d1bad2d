import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file as the checks see it: its path from the repository's root, with slashes, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** The path of a file of the repository. */
export const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The text of a file of the repository. */
export const readText = (path: string): string => readFileSync(fromRoot(path), 'utf8');

/** Every TypeScript file below folders of the repository. */
export function readSources(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(fromRoot(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[cm]?tsx?$/.test(name))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .sort()
      .map((path) => ({ path, text: readText(path) })),
  );
}
