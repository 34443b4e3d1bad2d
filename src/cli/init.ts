import { relative, resolve } from 'node:path';
import { createRepository } from '../development/new-repository/new-repository.js';
import { type CommonOptions, print } from './output.js';

/** Options of `bulkhead init`. */
export interface InitOptions extends CommonOptions {
  readonly name?: string;
  /** What the repository depends on, as npm writes it. Default: this very version. */
  readonly package?: string;
}

/** Makes a repository of one's own in an empty folder. @throws StartError where something is in the way. */
export function init(dir: string, { name, package: dependency, json }: InitOptions): void {
  const folder = resolve(dir);
  const made = createRepository(folder, {
    ...(name !== undefined && { name }),
    ...(dependency !== undefined && { dependency }),
  });
  const enter = relative(process.cwd(), folder);
  const next = [...(enter === '' ? [] : [`cd ${quoted(enter)}`]), 'npm install', 'npm start'];
  print(json, { ok: true, folder, ...made, next }, [
    ...made.created.map((path) => `created  ${path}`),
    `It depends on bulkhead ${made.dependency}.`,
    `Next: ${next.join(' && ')}`,
    'Then: npm test; npm run codegen, and commit what it writes.',
  ]);
}

/** As a shell takes it for one word. */
const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
