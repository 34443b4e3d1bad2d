import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type DocumentNode, Kind, parse } from 'graphql';

/** A client's document, and where it stands. */
export interface ClientDocument {
  /** From the root, with slashes. */
  readonly path: string;
  readonly document: DocumentNode;
}

const NOT_A_CLIENTS = new Set(['node_modules', 'dist', 'generated', 'coverage']);
const isAClients = (folder: string): boolean => !folder.startsWith('.') && !NOT_A_CLIENTS.has(folder);

/**
 * Every file below a folder, by its path from the root, in a stable order; none where there is no such folder.
 *
 * @param isWanted which folders in it are looked into, by their name. Default: all.
 */
export function listFiles(root: string, folder: string, isWanted = (_name: string) => true): string[] {
  const top = resolve(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { withFileTypes: true })
    .flatMap((entry) => {
      const path = relative(root, join(top, entry.name));
      if (entry.isDirectory()) return isWanted(entry.name) ? listFiles(root, path, isWanted) : [];
      return entry.isFile() ? [path.replaceAll('\\', '/')] : [];
    })
    .sort();
}

/**
 * The documents of clients by the graph that they ask: files called `<anything>.<graph>.graphql`. Those that hold types
 * alone are no clients'.
 *
 * @param problems gets what is wrong: a document of no graph, an operation without a name or with another's.
 */
export function findDocuments(
  root: string,
  folders: readonly string[],
  graphs: readonly string[],
  problems: string[],
): Map<string, ClientDocument[]> {
  const found = new Map<string, ClientDocument[]>();
  const named = new Map<string, string>();
  for (const path of new Set(folders.flatMap((folder) => listFiles(root, folder, isAClients)))) {
    if (!path.endsWith('.graphql')) continue;
    const document = read(join(root, path), path, problems);
    if (!document?.definitions.some(isExecutable)) continue;
    const graph = /\.([^./]+)\.graphql$/.exec(path)?.[1];
    if (graph === undefined || !graphs.includes(graph)) {
      problems.push(
        `${path}: expected a name that ends in .<graph>.graphql, with one of ${graphs.join(', ')}.`,
      );
      continue;
    }
    for (const one of document.definitions) {
      if (one.kind !== Kind.OPERATION_DEFINITION) continue;
      const name = `${graph} ${one.name?.value}`;
      const other = named.get(name);
      if (!one.name)
        problems.push(`${path}: holds an operation without a name; logs and manifests go by names.`);
      else if (other) problems.push(`${path}: holds the operation ${one.name.value}, as ${other} does.`);
      named.set(name, path);
    }
    found.set(graph, [...(found.get(graph) ?? []), { path, document }]);
  }
  return found;
}

const isExecutable = ({ kind }: { readonly kind: Kind }): boolean =>
  kind === Kind.OPERATION_DEFINITION || kind === Kind.FRAGMENT_DEFINITION;

function read(file: string, path: string, problems: string[]): DocumentNode | undefined {
  try {
    return parse(readFileSync(file, 'utf8'), { noLocation: true });
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
