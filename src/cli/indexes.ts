import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { printableLines } from '../config/printable.js';
import { withDevelopmentUris } from '../development/product-uris.js';
import { StartError } from '../errors/bulkhead-error.js';
import { type ApplyResult, applyIndexes } from '../indexes/apply.js';
import { fullName } from '../indexes/named-index.js';
import { type IndexPlan, type PlanOptions, planIndexes } from '../indexes/plan.js';
import { loadProject } from '../server/load-project.js';
import { linesOfPlan, linesOfResult, progressOf, summaryOf } from './indexes-lines.js';
import { Interruption } from './interruption.js';
import { opsUriOf, withOpsDatabase } from './ops-uri.js';
import { type CommonOptions, endProgress, EXIT, print, showProgress } from './output.js';

/** Options of `bulkhead indexes plan`. */
export interface IndexesPlanOptions extends CommonOptions {
  readonly dropUndeclared: boolean;
  /** Undeclared indexes that are hidden or dropped, `collection.index` each; nothing else is done. */
  readonly drop?: readonly string[];
  /** How long an index stays hidden before it is dropped, in seconds. */
  readonly wait?: number;
  /** Writes the plan to a file, for `apply --plan`. */
  readonly out?: string;
}

/** Options of `bulkhead indexes apply`. */
export interface IndexesApplyOptions extends CommonOptions {
  /** Missing where the plan in a file says it. */
  readonly dropUndeclared?: boolean;
  readonly drop?: readonly string[];
  readonly wait?: number;
  /** A plan that was written before. */
  readonly plan?: string;
  /** Does not ask. */
  readonly yes: boolean;
  readonly allowGap: boolean;
  readonly allowDeletes: boolean;
}

/** The plan of one product, as it stands in a file. */
export interface ProductPlan extends IndexPlan {
  readonly product: string;
}

const FORMAT = 1;

interface Target {
  readonly product: string;
  readonly opsUri: string;
  readonly classes: Parameters<typeof planIndexes>[1];
}

async function targetsOf(
  product: string | undefined,
  options: CommonOptions & Pick<IndexesPlanOptions, 'drop'>,
): Promise<Target[]> {
  if (options.drop && product === undefined)
    throw new StartError(['--drop names an index of one product: say which product.']);
  const project = await loadProject({ ...options, products: product ? [product] : [], serves: false });
  const environment = withDevelopmentUris(project.environment);
  return [...project.runtimes.values()].map(({ name, classes }) => ({
    product: name,
    opsUri: opsUriOf(environment, name, 'to look at indexes with'),
    classes,
  }));
}

async function planAll(targets: readonly Target[], options: PlanOptions): Promise<ProductPlan[]> {
  const plans: ProductPlan[] = [];
  for (const { product, opsUri, classes } of targets) {
    showProgress(`${product}: comparing`);
    const plan = await withOpsDatabase(opsUri, product, (db) => planIndexes(db, classes, options));
    assertUndeclared(product, plan);
    plans.push({ product, ...plan });
  }
  endProgress();
  return plans;
}

/** @throws StartError where `--drop` names what is not there, or what a class declares. */
function assertUndeclared(product: string, { drop = [], changes, undeclared }: IndexPlan): void {
  const there = new Set([...changes, ...undeclared].map(fullName));
  const unknown = drop.filter((name) => !there.has(name));
  if (unknown.length > 0)
    throw new StartError(
      unknown.map(
        (name) =>
          `${product} has no undeclared index ${name}. \`bulkhead indexes plan ${product}\` lists those it has, as collection.index; where a class declares it, its @index line goes first.`,
      ),
    );
}

/**
 * Prints what has to be done so that databases have the indexes their classes declare. Writes nothing to them.
 *
 * @returns the exit code: 1 where something has to be done.
 */
export async function planProducts(
  product: string | undefined,
  options: IndexesPlanOptions,
): Promise<number> {
  const { json, out } = options;
  const plans = await planAll(await targetsOf(product, options), planOptionsOf(options));
  const ok = plans.every(({ changes }) => changes.length === 0);
  const facts = { ok, format: FORMAT, products: plans };
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(facts, null, 2)}\n`);
  print(json, facts, [
    ...plans.flatMap((plan) => linesOfPlan(plan)),
    ...(out === undefined || ok ? [] : [`Written to ${out}: bulkhead indexes apply --plan ${out}`]),
  ]);
  return ok ? EXIT.fine : EXIT.findings;
}

/**
 * Carries a plan out: one that was written before, or what is planned now and agreed to.
 *
 * @returns the exit code: 1 where something is left to do.
 * @throws StartError when a plan cannot be read, or nobody can be asked.
 */
export async function applyProducts(
  product: string | undefined,
  options: IndexesApplyOptions,
): Promise<number> {
  const { json, yes, plan: path, allowGap, allowDeletes } = options;
  const targets = await targetsOf(product, options);
  const plans = path === undefined ? await planAll(targets, planOptionsOf(options)) : readPlan(path, options);
  const chosen = targets.flatMap((target) => {
    const plan = plans.find((one) => one.product === target.product);
    return plan && plan.changes.length > 0 ? [{ ...target, plan }] : [];
  });
  if (path !== undefined && product !== undefined && chosen.length === 0)
    throw new StartError([`${path}: has no changes for ${product}.`]);
  if (path === undefined && chosen.length > 0 && !yes)
    await ask(
      chosen.map(({ plan }) => plan),
      json,
    );

  const interruption = new Interruption();
  const stopping = new AbortController();
  void interruption.happened.then((why) => stopping.abort(new Error(`interrupted: ${why}`)));
  const results: ({ readonly product: string } & ApplyResult)[] = [];
  for (const { product: name, opsUri, classes, plan } of chosen) {
    const result = await withOpsDatabase(opsUri, name, (db) =>
      applyIndexes(db, classes, {
        plan,
        allowGap,
        allowDeletes,
        signal: stopping.signal,
        onEvent: (event) => {
          const { line, lasting } = progressOf(name, event);
          if (!lasting) showProgress(line);
          else if (!json) {
            endProgress();
            process.stdout.write(`${printableLines(line)}\n`);
          }
        },
      }),
    );
    endProgress();
    results.push({ product: name, ...result });
  }
  const ok = results.every(({ left }) => left.length === 0);
  const isInterrupted = results.some(({ interrupted }) => interrupted);
  print(
    json,
    { ok, interrupted: isInterrupted, products: results.map((one) => summaryOf(one)) },
    results.length === 0 ? ['Nothing to do.'] : results.flatMap((one) => linesOfResult(one)),
  );
  return ok ? EXIT.fine : EXIT.findings;
}

const planOptionsOf = ({
  dropUndeclared,
  drop,
  wait,
}: Pick<IndexesApplyOptions, 'dropUndeclared' | 'drop' | 'wait'>): PlanOptions => ({
  ...(dropUndeclared !== undefined && { dropUndeclared }),
  ...(drop && { drop }),
  ...(wait !== undefined && { waitMs: wait * 1_000 }),
});

async function ask(plans: readonly ProductPlan[], json: boolean): Promise<void> {
  if (json || !process.stdin.isTTY || !process.stdout.isTTY)
    throw new StartError([
      'Nobody can be asked here: add --yes to do what is planned now, or --plan FILE to do what was planned before.',
    ]);
  for (const line of plans.flatMap((plan) => linesOfPlan(plan)))
    process.stdout.write(`${printableLines(line)}\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-C and the end of input leave a question open for ever.
  const left = new AbortController();
  terminal.once('SIGINT', () => left.abort()).once('close', () => left.abort());
  try {
    const answer = await terminal.question('Do this? [y/N] ', { signal: left.signal }).catch(() => '');
    if (!/^y(es)?$/i.test(answer.trim())) throw new StartError(['Nothing was done.']);
  } finally {
    terminal.close();
  }
}

const changeForm = z.looseObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  kind: z.enum(['unhide', 'modify', 'create', 'replace', 'hide', 'drop']),
  collection: z.string(),
  name: z.string(),
  after: z.string().optional(),
});
const planForm = z.object({
  format: z.literal(FORMAT),
  products: z.array(
    z.looseObject({
      product: z.string(),
      database: z.string(),
      dropUndeclared: z.boolean(),
      drop: z.array(z.string()).optional(),
      waitMs: z.number().nonnegative().optional(),
      changes: z.array(changeForm),
    }),
  ),
});

/** Reads a plan that `plan --out` wrote. Only what it names is taken from it: what is done is planned anew. */
function readPlan(path: string, { dropUndeclared, drop, wait }: IndexesApplyOptions): ProductPlan[] {
  if (dropUndeclared !== undefined || drop || wait !== undefined)
    throw new StartError([
      '--drop, --drop-undeclared and --wait belong to `bulkhead indexes plan`: the plan says them.',
    ]);
  if (!existsSync(path)) throw new StartError([`${path}: there is no such file.`]);
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new StartError([
      `${path}: expected JSON (${error instanceof Error ? error.message : String(error)}).`,
    ]);
  }
  const { success, data } = planForm.safeParse(read);
  if (!success)
    throw new StartError([`${path}: expected a plan that \`bulkhead indexes plan --out\` wrote.`]);
  return data.products as unknown as ProductPlan[];
}
