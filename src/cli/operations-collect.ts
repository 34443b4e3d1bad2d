import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../config/make-folder.js';
import { findDocuments } from '../development/client-documents.js';
import { StartError } from '../errors/bulkhead-error.js';
import { operationsOf } from '../graph/client-operations.js';
import { hashOf, operationText } from '../graph/operation-hash.js';
import { type CommonOptions, print } from './output.js';
import { schemasOf } from './schema.js';

/** Options of `bulkhead operations collect`. */
export interface CollectOptions extends CommonOptions {
  /** Where the clients' documents lie, `<anything>.<product>.graphql`. */
  readonly from: readonly string[];
  /** Where the manifests are written. */
  readonly out: string;
}

/**
 * Writes the manifests of the clients' documents: every operation with its fragments, under the hash of its text.
 *
 * @throws StartError for a folder that is not there, and a document that cannot be read or belongs to no graph: nothing
 *   is written then.
 */
export async function collectOperations({ from, out, config, json }: CollectOptions): Promise<void> {
  const graphs = [...(await schemasOf(undefined, config)).keys()];
  const problems = from.flatMap((folder) => {
    const found = statSync(folder, { throwIfNoEntry: false });
    // A misspelt one would be a client without operations, which `push --prune` then shuts out.
    return found?.isDirectory()
      ? []
      : [`--from: expected a folder, found ${found ? 'a file' : 'nothing'} at ${folder}.`];
  });
  const { byGraph, files } = findDocuments(process.cwd(), from, graphs, problems);
  const manifests = [...byGraph].map(([graph, own]) => {
    try {
      const texts = operationsOf(own.map(({ document }) => document)).map(operationText);
      return { graph, operations: Object.fromEntries(texts.map((text) => [`sha256:${hashOf(text)}`, text])) };
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return { graph, operations: {} };
    }
  });
  if (problems.length > 0) throw new StartError(problems);
  makeFolder(out, { namedBy: '--out' });
  const written = manifests.map(({ graph, operations }) => {
    const file = join(out, `${graph}.json`);
    writeFileSync(file, `${JSON.stringify(operations, undefined, 2)}\n`);
    return { file, operations: Object.keys(operations).length };
  });
  // Somebody else may have put them there.
  const left = graphs
    .filter((graph) => !byGraph.has(graph) && existsSync(join(out, `${graph}.json`)))
    .map((graph) => `${join(out, `${graph}.json`)}: left as it is, no document of ${graph} was found`);
  print(json, { ok: true, files, manifests: written }, [
    `${files} ${files === 1 ? 'file' : 'files'} read, .graphql and .gql below ${from.join(', ')}`,
    ...(written.length > 0
      ? written.map(({ file, operations }) => `${file}: ${operations} operations`)
      : [
          `no client's document below ${from.join(', ')}: expected files called <anything>.<product>.graphql`,
        ]),
    ...left,
  ]);
}
