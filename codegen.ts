import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CodegenConfig, generate } from '@graphql-codegen/cli';
import { preset } from '@graphql-codegen/client-preset';
import { type DocumentNode, type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import gateway from './bulkhead.config.js';
import { type ClientDocument, findDocuments, listFiles } from './src/development/client-documents.js';
import { hashOf, operationText } from './src/graph/operation-hash.js';
import type { Gateway } from './src/product/gateway.js';
import { buildRuntimes } from './src/server/runtime/build-runtimes.js';
import { composedTarget } from './src/server/graph-target.js';

const GENERATED = 'generated';
/** The composed graph stands beside the products under this name. */
const COMPOSED = 'graph';
/** Where clients keep their operations: `<anything>.<product>.graphql`, or `<anything>.graph.graphql`. */
const CLIENT_FOLDERS = ['examples', 'test'];

/** How clients see the scalars of the engine, as they come over JSON; any other is `unknown` until it stands here. */
const SCALARS = { ID: 'string', DateTime: 'string', Credits: 'number' };

/** The text of generated files by their path from the repository's root. */
export type GeneratedFiles = ReadonlyMap<string, string>;

/** How the files on disk differ from what they should be, each with its path. */
export interface Staleness {
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  /** Nothing generates these any more. */
  readonly superfluous: readonly string[];
}

/**
 * Generates, in memory, the schema of every product and of the composed graph, and for each of them the typed
 * operations and the manifest of the clients' documents below `root`. Needs no database.
 *
 * @throws TypeError for a document that belongs to no graph, or whose operations have no name or another's.
 */
export async function generateFiles(from: Gateway, root: string): Promise<GeneratedFiles> {
  const runtimes = buildRuntimes(from);
  if (runtimes.has(COMPOSED))
    throw new TypeError(`A product called ${COMPOSED} would overwrite the composed graph in ${GENERATED}/.`);
  const graphs = new Map<string, GraphQLSchema>([
    ...[...runtimes].map(([name, { graph }]) => [name, graph.schema] as const),
    [COMPOSED, composedTarget(runtimes).schema],
  ]);
  const problems: string[] = [];
  const { byGraph } = findDocuments(root, CLIENT_FOLDERS, [...graphs.keys()], problems);
  if (problems.length > 0) throw new TypeError(problems.join('\n'));
  const files = new Map<string, string>();
  for (const [name, schema] of graphs) {
    const sdl = `${printSchema(lexicographicSortSchema(schema))}\n`;
    files.set(`${GENERATED}/${name}.graphql`, sdl);
    const own = byGraph.get(name);
    if (!own) continue;
    const { types, manifest } = await generateOperations(sdl, own, root);
    files.set(`${GENERATED}/operations/${name}.ts`, types);
    files.set(`${GENERATED}/operations/${name}.json`, manifest);
  }
  return files;
}

/** The client preset's types; its other files are for documents inside TypeScript, which we have not. */
async function generateOperations(
  sdl: string,
  documents: readonly ClientDocument[],
  root: string,
): Promise<{ types: string; manifest: string }> {
  const manifest = new Map<string, string>();
  // The preset's own manifest sorts what is selected, and so would run the fields of a mutation in another order.
  const onExecutableDocumentNode = (document: DocumentNode) => {
    const text = operationText(document);
    const hash = `sha256:${hashOf(text)}`;
    manifest.set(hash, text);
    return { hash };
  };
  const config: CodegenConfig = {
    silent: true,
    cwd: root,
    schema: sdl,
    // As they were read already: by their paths it would take brackets for patterns, and know no capitals. Its types
    // know loaders by the name of a module alone.
    documents: documents.map(({ path, document }) => ({
      [path]: { loader: (() => document) as unknown as string },
    })),
    generates: {
      'operations/': {
        preset,
        presetConfig: { fragmentMasking: false, onExecutableDocumentNode },
        config: {
          documentMode: 'string',
          emitLegacyCommonJSImports: false,
          importExtension: '.js',
          useTypeImports: true,
          enumsAsTypes: true,
          scalars: SCALARS,
          defaultScalarType: 'unknown',
        },
      },
    },
  };
  const outputs = (await generate(config, false)) as readonly { filename: string; content: string }[];
  const types = outputs.find(({ filename }) => filename === 'operations/graphql.ts');
  if (!types) throw new TypeError('The client preset made no graphql.ts.');
  return {
    types: `${types.content.trimEnd()}\n`,
    manifest: `${JSON.stringify(Object.fromEntries(manifest), undefined, 2)}\n`,
  };
}

/** Compares with what lies below `root`; writes nothing. */
export function findStale(files: GeneratedFiles, root: string): Staleness {
  const present = listFiles(root, GENERATED);
  const expected = [...files.keys()];
  return {
    changed: expected.filter(
      (path) => present.includes(path) && readFileSync(join(root, path), 'utf8') !== files.get(path),
    ),
    missing: expected.filter((path) => !present.includes(path)),
    superfluous: present.filter((path) => !files.has(path)),
  };
}

/** Brings `generated/` below `root` up to date, and answers what had to change. */
export function writeFiles(files: GeneratedFiles, root: string): Staleness {
  const stale = findStale(files, root);
  for (const path of [...stale.changed, ...stale.missing]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), files.get(path)!);
  }
  for (const path of stale.superfluous) rmSync(join(root, path));
  return stale;
}

/** `node dist/codegen.js [--check]` in the repository's root: the exit code, 1 where `--check` finds stale files. */
export async function main(args: readonly string[], root: string): Promise<number> {
  const isCheck = args.includes('--check');
  const files = await generateFiles(gateway, root);
  const stale = isCheck ? findStale(files, root) : writeFiles(files, root);
  const lines = Object.entries(stale).flatMap(([how, paths]: [string, readonly string[]]) =>
    paths.map((path) => `${how}: ${path}`),
  );
  if (lines.length === 0) lines.push(`${files.size} generated files are up to date.`);
  else if (isCheck) lines.push('Generated files are stale: run npm run codegen, and commit what it writes.');
  (isCheck && lines.length > 1 ? process.stderr : process.stdout).write(`${lines.join('\n')}\n`);
  return isCheck && lines.length > 1 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.slice(2), process.cwd());
