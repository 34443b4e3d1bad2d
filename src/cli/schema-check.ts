import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { StartError } from '../errors/bulkhead-error.js';
import type { ChangeLevel } from '../graph/schema-changes.js';
import {
  checkSchema,
  type ClientOperation,
  type NoticedChange,
  type SchemaCheck,
} from '../graph/schema-check.js';
import { loadGateway } from '../server/load-project.js';
import {
  joinKnown,
  type KnownOperations,
  NOT_CONFIGURED,
  readDatabases,
  readManifestOf,
} from './known-operations.js';
import { type CommonOptions, EXIT, paint, print } from './output.js';
import { COMPOSED, schemasOf } from './schema.js';

/** Options of `bulkhead schema check`. */
export interface SchemaCheckOptions extends CommonOptions {
  /** Where the written SDL lies. */
  readonly dir: string;
  /** Where the manifests lie, one `<product>.json` each. Default: `operations` in `dir`. */
  readonly operations?: string;
  /**
   * What ends it with 1 beside an operation that would not be answered: `any` difference, a `breaking` change, or a
   * breaking change that a known operation notices (`used`), which is every one where none is known. With `used`, a
   * list that is configured has to be read.
   */
  readonly failOn: 'any' | 'breaking' | 'used';
}

interface CheckedGraph extends SchemaCheck {
  readonly graph: string;
  readonly path: string;
  readonly known: KnownOperations;
}

/**
 * Compares the schemas that are built now with the written SDL and with the operations of the clients.
 *
 * @returns the exit code: 1 where something is found that `failOn` asks for, 3 where it could not be seen.
 * @throws StartError where there is nothing to compare with.
 */
export async function checkSchemas(
  product: string | undefined,
  { config, dir, operations, failOn, json }: SchemaCheckOptions,
): Promise<number> {
  const schemas = await schemasOf(product, config);
  const graphs = [...schemas.keys()];
  const problems: string[] = [];
  const written = new Map(graphs.map((graph) => [graph, readSdl(pathOf(dir, graph), problems)]));
  const manifestDir = operations ?? join(dir, 'operations');
  const manifests = graphs.map((graph) => readManifestOf(manifestDir, graph, problems));
  const folder = statSync(manifestDir, { throwIfNoEntry: false });
  if (operations !== undefined && !folder?.isDirectory())
    problems.push(
      `${operations}: expected a folder with the clients' manifests, found ${folder ? 'a file' : 'nothing'}.`,
    );
  if (problems.length === 0 && [...written.values()].every((one) => one === undefined))
    problems.push(
      `${dir}: there is nothing to compare with, neither of ${graphs.map((graph) => `${graph}.graphql`).join(', ')}. Write it: bulkhead schema print --out ${dir}.`,
    );
  if (problems.length > 0) throw new StartError(problems);
  const databases = await readDatabases(
    graphs.filter((name) => name !== COMPOSED),
    Object.keys((await loadGateway(config)).products),
    failOn === 'used',
  );

  const checked: CheckedGraph[] = [];
  for (const [i, [graph, schema]] of [...schemas].entries()) {
    const known = joinKnown(databases.get(graph), manifests[i]);
    const before = written.get(graph);
    const found = before ? await checkSchema(before, schema, known.texts) : NEW;
    checked.push({ graph, path: pathOf(dir, graph), known, ...found });
  }
  const gone = product ? [] : findGone(dir, schemas);
  const failing = [...checked.filter((one) => isFailing(one, failOn)).map(({ graph }) => graph), ...gone];
  // Who may use it cannot be told from a list that was not read: that is no reason to let it pass.
  const unseen = checked
    .filter(({ graph, known }) => failOn === 'used' && isAway(known) && !failing.includes(graph))
    .map(({ graph }) => graph);
  const superfluous = gone
    .flatMap((graph) => [pathOf(dir, graph), join(manifestDir, `${graph}.json`)])
    .filter((path) => existsSync(path));
  const isStale = checked.some(({ changes }) => changes.length > 0);
  const ok = failing.length === 0 && unseen.length === 0;
  print(json, { ok, failing, unseen, gone, superfluous, schemas: checked.map(toFacts) }, [
    ...checked.flatMap((one) => toLines(one, [...failing, ...unseen].includes(one.graph))),
    ...gone.flatMap((graph) => [
      `${paint('red', '✗')} ${pathOf(dir, graph)}`,
      labelled('breaking', `there is no product ${graph} any more`),
    ]),
    ...(unseen.length > 0
      ? [
          `Not checked: which operations of ${unseen.join(', ')} are registered. Try again when the database answers, or ask --fail-on breaking.`,
        ]
      : []),
    ...(superfluous.length > 0
      ? [`Delete what nothing is built for any more: ${superfluous.join(', ')}`]
      : []),
    ...(isStale ? [`Write them anew: bulkhead schema print --out ${dir}`] : []),
  ]);
  if (ok) return EXIT.fine;
  return failing.length > 0 ? EXIT.findings : EXIT.unavailable;
}

/** Whether a list is kept that could not be read. */
const isAway = ({ unread }: KnownOperations): boolean => unread !== undefined && unread !== NOT_CONFIGURED;

/** What is not written yet no client can know. */
const NEW: SchemaCheck = {
  changes: [{ level: 'safe', kind: 'GRAPH_ADDED', message: 'the file is missing', usedBy: [] }],
  broken: [],
};

const pathOf = (dir: string, graph: string): string => join(dir, `${graph}.graphql`);

function readSdl(path: string, problems: string[]): GraphQLSchema | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return buildSchema(readFileSync(path, 'utf8'));
  } catch (error) {
    problems.push(
      `${path}: the file is no schema: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

/** Products that have a file still. */
function findGone(dir: string, schemas: ReadonlyMap<string, GraphQLSchema>): string[] {
  const names = readdirSync(dir).flatMap((name) => /^(.+)\.graphql$/.exec(name)?.[1] ?? []);
  // A file that is no schema, such as one of operations, is none of ours.
  return names.filter((name) => !schemas.has(name) && readSdl(pathOf(dir, name), [])?.getQueryType());
}

function isFailing(
  { graph, changes, broken, known }: CheckedGraph,
  failOn: SchemaCheckOptions['failOn'],
): boolean {
  if (broken.length > 0) return true;
  if (failOn === 'any') return changes.length > 0;
  // Nothing can be registered for the composed graph, and what changes there changes in a product.
  const isUnknown = known.texts.size === 0 && graph !== COMPOSED;
  return changes.some(
    ({ level, usedBy }) => level === 'breaking' && (failOn === 'breaking' || isUnknown || usedBy.length > 0),
  );
}

const toFacts = ({ known: { texts, from, unread }, ...rest }: CheckedGraph) => ({
  ...rest,
  operations: { known: texts.size, from, ...(unread !== undefined && { unread }) },
});

const COLOURS = { breaking: 'red', dangerous: 'yellow', safe: 'green' } as const;

const labelled = (level: ChangeLevel, text: string): string =>
  `    ${paint(COLOURS[level], level.toUpperCase().padEnd(9))}  ${text}`;

const named = ({ name, hash }: ClientOperation): string => `${name} (${hash.slice(0, 12)})`;

function toLines({ graph, path, changes, broken, known }: CheckedGraph, isFailing: boolean): string[] {
  const { texts, from, unread } = known;
  const count = (level: ChangeLevel) => changes.filter((one) => one.level === level).length;
  const counts = (Object.keys(COLOURS) as ChangeLevel[])
    .filter((level) => count(level) > 0)
    .map((level) => `${count(level)} ${level}`);
  const read = from.length > 0 ? `, of ${from.join(' and ')}` : '';
  const isSilent = changes.length === 0 && broken.length === 0;
  return [
    `${isFailing ? paint('red', '✗') : paint('green', '✓')} ${path}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`,
    ...changes.map((change) => labelled(change.level, `${change.message}${usersOf(change, texts.size)}`)),
    ...broken.map(
      (one) =>
        `    ${paint('red', 'BROKEN'.padEnd(9))}  operation ${named(one)} would not be answered: ${one.problems.join(' ')}`,
    ),
    ...(isSilent && texts.size === 0
      ? []
      : [
          `    ${texts.size} ${texts.size === 1 ? 'operation' : 'operations'} known${read}${broken.length > 0 ? `, ${broken.length} broken` : ''}`,
        ]),
    ...(unread === undefined || (isSilent && !isAway(known))
      ? []
      : [`    registered operations not read from the database of ${graph}: ${unread}`]),
  ];
}

function usersOf({ level, usedBy }: NoticedChange, known: number): string {
  if (usedBy.length > 0) return `; used by ${usedBy.map(named).join(', ')}`;
  if (level === 'safe') return '';
  return known > 0 ? '; used by no registered operation' : '; no registered operation is known';
}
