import { existsSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import {
  type DefinitionNode,
  type DocumentNode,
  type ExecutableDefinitionNode,
  Kind,
  parse,
  print,
  Source,
} from 'graphql';

/** A client's document, and where it stands. */
export interface ClientDocument {
  /** From the root, with slashes. */
  readonly path: string;
  readonly document: DocumentNode;
}

const NOT_A_CLIENTS = new Set(['node_modules', 'dist', 'generated', 'coverage']);
const isAClients = (folder: string): boolean => !folder.startsWith('.') && !NOT_A_CLIENTS.has(folder);

/** What clients' documents are found in a repository. */
export interface ClientDocuments {
  /** By the graph that they ask. */
  readonly byGraph: ReadonlyMap<string, readonly ClientDocument[]>;
  /** How many files that may be documents were read, those of types alone among them. */
  readonly files: number;
}

/** Every file below a folder, by its path from the root, in a stable order; none where there is no such folder. */
export function listFiles(root: string, folder: string): string[] {
  const top = resolve(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { withFileTypes: true })
    .flatMap((entry) => {
      const path = pathFrom(root, join(top, entry.name));
      if (entry.isDirectory()) return listFiles(root, path);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}

const pathFrom = (root: string, file: string): string => relative(root, file).replaceAll('\\', '/');

/** A file by its path from the root, and where it lies if that is a link. */
interface FoundFile {
  readonly path: string;
  readonly real: string;
}

/** What lies there; undefined for nothing, and for a link that leads nowhere or round in a circle. */
function lookAt(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}

/**
 * The files below a folder that clients may have written, links followed.
 *
 * @param seen gets the folders that were looked into: whatever leads to one of them again is passed over.
 */
function listClientFiles(root: string, folder: string, seen: Set<string>): FoundFile[] {
  const top = resolve(root, folder);
  if (!lookAt(top)?.isDirectory()) return [];
  const real = realpathSync(top);
  if (seen.has(real)) return [];
  seen.add(real);
  return readdirSync(top)
    .sort()
    .flatMap((name) => {
      const file = join(top, name);
      const found = lookAt(file);
      if (found?.isDirectory()) return isAClients(name) ? listClientFiles(root, file, seen) : [];
      const path = pathFrom(root, file);
      if (found) return found.isFile() ? [{ path, real: realpathSync(file) }] : [];
      // A link to nothing is read as well, so that it is said; editors make hidden ones, as locks.
      return name.startsWith('.') ? [] : [{ path, real: file }];
    });
}

/**
 * The documents of clients by the graph that they ask: files called `<anything>.<graph>.graphql`, or `.gql`, in
 * capitals as well. Those that hold types alone are no clients'.
 *
 * @param problems gets what is wrong: a document of no graph, an operation without a name or with another's, a fragment
 *   that differs from another of its name.
 */
export function findDocuments(
  root: string,
  folders: readonly string[],
  graphs: readonly string[],
  problems: string[],
): ClientDocuments {
  const byGraph = new Map<string, ClientDocument[]>();
  const named = new Map<string, { readonly path: string; readonly text: string }>();
  const seen = new Set<string>();
  const read = new Set<string>();
  for (const { path, real } of folders.flatMap((folder) => listClientFiles(root, folder, seen))) {
    const ending = /(?:\.([^./]+))?\.(?:graphql|gql)$/i.exec(path);
    if (!ending) continue;
    const [, graph] = ending;
    // The same file by another link, unless that makes it another graph's.
    const file = `${graph} ${real}`;
    if (read.has(file)) continue;
    read.add(file);
    const document = parsed(real, path, problems);
    if (!document?.definitions.some(isExecutable)) continue;
    if (graph === undefined || !graphs.includes(graph)) {
      problems.push(
        `${path}: expected a name that ends in .<graph>.graphql, with one of ${graphs.join(', ')}.`,
      );
      continue;
    }
    for (const one of document.definitions) {
      if (!isExecutable(one)) continue;
      if (!one.name) {
        problems.push(`${path}: holds an operation without a name; logs and manifests go by names.`);
        continue;
      }
      const isFragment = one.kind === Kind.FRAGMENT_DEFINITION;
      const name = `${graph} ${isFragment ? 'fragment' : 'operation'} ${one.name.value}`;
      const text = print(one);
      const other = named.get(name);
      if (!other) named.set(name, { path, text });
      else if (!isFragment)
        problems.push(`${path}: holds the operation ${one.name.value}, as ${other.path} does.`);
      else if (text !== other.text)
        problems.push(`${path}: holds another fragment ${one.name.value} than ${other.path} does.`);
    }
    byGraph.set(graph, [...(byGraph.get(graph) ?? []), { path, document }]);
  }
  return { byGraph, files: read.size };
}

const isExecutable = (one: DefinitionNode): one is ExecutableDefinitionNode =>
  one.kind === Kind.OPERATION_DEFINITION || one.kind === Kind.FRAGMENT_DEFINITION;

function parsed(file: string, path: string, problems: string[]): DocumentNode | undefined {
  try {
    return parse(new Source(readFileSync(file, 'utf8'), path));
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
