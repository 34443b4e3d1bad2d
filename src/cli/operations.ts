import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, parse, specifiedRules, validate } from 'graphql';
import { withDevelopmentUris } from '../development/product-uris.js';
import { StartError } from '../errors/bulkhead-error.js';
import { missingRoots } from '../graph/schema-check.js';
import { OPERATIONS_COLLECTION, type RegisteredOperation } from '../product/registered-operations.js';
import { loadProject } from '../server/load-project.js';
import { textExcess } from '../server/limits/document-text.js';
import { costOf } from '../server/limits/operation-cost.js';
import { operationSize } from '../server/limits/operation-size.js';
import type { ProductRuntime } from '../server/runtime/product-runtime.js';
import { readManifest } from './manifest.js';
import { opsUriOf, withOpsDatabase } from './ops-uri.js';
import { type CommonOptions, print } from './output.js';
import { COMPOSED } from './schema.js';

/** Options of `bulkhead operations push`. */
export interface PushOptions extends CommonOptions {
  /** Where the manifests lie, one `<product>.json` each. */
  readonly dir: string;
  /** Also removes operations that the manifest has not. */
  readonly prune: boolean;
}

/** What the product would not answer goes to `problems`. */
function checkOperations(
  path: string,
  operations: ReadonlyMap<string, string>,
  { graph: { schema }, product: { limits } }: ProductRuntime,
  problems: string[],
): void {
  const rules = [...specifiedRules, operationSize(limits, new Set())];
  const cost = costOf(schema);
  for (const [hash, text] of operations) {
    const excess = textExcess(text, limits);
    if (excess !== undefined) {
      problems.push(`${path}: sha256:${hash}: ${excess}`);
      continue;
    }
    try {
      const document = parse(text, { maxTokens: limits.tokens });
      const [error] = [...missingRoots(schema, document), ...validate(schema, document, rules)];
      if (error) problems.push(`${path}: sha256:${hash}: ${error.message}`);
      for (const definition of document.definitions) {
        if (error || definition.kind !== Kind.OPERATION_DEFINITION) continue;
        // With its variables it may ask for more; the least that they can be must not be too much already.
        const least = (definition.variableDefinitions ?? []).map(({ variable }) => [variable.name.value, 1]);
        const objects = cost(document, definition, Object.fromEntries(least));
        if (objects > limits.cost)
          problems.push(
            `${path}: sha256:${hash}: The operation asks for ${objects} objects or more; at most ${limits.cost} are allowed.`,
          );
      }
    } catch (error) {
      problems.push(`${path}: sha256:${hash}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Manifests under names that are none of `graphs`. */
function findStrays(dir: string, graphs: readonly string[]): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith('.json') && !graphs.includes(name.slice(0, -'.json'.length)))
    .map((name) => join(dir, name))
    .filter((path) => readManifest(path, []).size > 0);
}

/**
 * Registers the operations of the clients' manifests, each in its product's own database, with the ops credentials.
 *
 * @throws StartError when a manifest is missing or holds what its product would not answer: nothing is registered then.
 */
export async function pushOperations(product: string | undefined, options: PushOptions): Promise<void> {
  const { dir, prune, json } = options;
  const project = await loadProject({ ...options, products: product ? [product] : [], serves: false });
  const environment = withDevelopmentUris(project.environment);
  const problems: string[] = [];
  const plans = [...project.runtimes.values()].flatMap((runtime) => {
    const { name } = runtime;
    const path = join(dir, `${name}.json`);
    if (existsSync(path)) {
      const operations = readManifest(path, problems);
      // A manifest of nothing is a codegen that found no client; pruning by it would shut every client out.
      if (prune && operations.size === 0)
        problems.push(
          `${path}: expected operations, found none: with --prune all that are registered would be removed.`,
        );
      checkOperations(path, operations, runtime, problems);
      return [{ name, operations }];
    }
    if (product) problems.push(`${path}: there is no manifest. Write it: bulkhead operations collect.`);
    return [];
  });
  const strays = product ? [] : findStrays(dir, [...project.runtimes.keys(), COMPOSED]);
  const said = strays.map((path) => `${path}: passed over, there is no product of that name`);
  if (plans.length === 0 && problems.length === 0)
    problems.push(
      `${dir}: there is no manifest of any product. Write them: bulkhead operations collect.`,
      ...said,
    );
  if (problems.length > 0) throw new StartError(problems);

  const results: { product: string; registered: number; added: number; removed: number; others: number }[] =
    [];
  // All of them before anything is written.
  const targets = plans.map((plan) => ({
    ...plan,
    opsUri: opsUriOf(environment, plan.name, 'to register with'),
  }));
  for (const { name, operations, opsUri } of targets) {
    const result = await withOpsDatabase(opsUri, name, async (db) => {
      const collection = db.collection<RegisteredOperation>(OPERATIONS_COLLECTION);
      const now = new Date();
      const upserts = [...operations].map(([_id, text]) => ({
        updateOne: {
          filter: { _id },
          update: { $set: { text, updatedAt: now }, $setOnInsert: { createdAt: now } },
          upsert: true,
        },
      }));
      const { upsertedCount } =
        upserts.length > 0 ? await collection.bulkWrite(upserts) : { upsertedCount: 0 };
      const stale = { _id: { $nin: [...operations.keys()] } };
      const removed = prune ? (await collection.deleteMany(stale)).deletedCount : 0;
      const others = await collection.countDocuments(stale);
      return { registered: operations.size, added: upsertedCount, removed, others };
    });
    results.push({ product: name, ...result });
  }
  print(json, { ok: true, products: results, passedOver: strays }, [
    ...results.map(({ product: name, registered, added, removed, others }) =>
      [
        `${name}: ${registered} operations registered, ${added} of them new`,
        ...(removed > 0 ? [`${removed} removed`] : []),
        ...(others > 0 ? [`${others} older ones stay (--prune removes them)`] : []),
      ].join('; '),
    ),
    ...said,
  ]);
}
