import { stripVTControlCharacters } from 'node:util';
import type { mongo } from 'mongoose';
import { refusalOfRights } from '../database/driver-words.js';
import { collectionOf } from '../database/schema.js';
import { withDevelopmentUris } from '../development/product-uris.js';
import { withDatabase } from '../development/with-database.js';
import type { Severity, StoredFinding } from '../monitor/finding.js';
import { hasPlans, hasWorker, readFindings, SEVERITIES } from '../monitor/stats/read-findings.js';
import { readFrom, readTraffic } from '../monitor/stats/read-stats.js';
import { loadProject } from '../server/load-project.js';
import type { ProductRuntime } from '../server/runtime/product-runtime.js';
import { addressOf, askGateway } from './ask-gateway.js';
import { problemOf } from './ask-products.js';
import { type CommonOptions, EXIT, NOTHING_RUNS, paint, print, table } from './output.js';
import { count, duration, moment } from './quantities.js';
import { paintSeverity } from './severity.js';

/** Options of `bulkhead status`. */
export interface StatusOptions extends CommonOptions {
  /** Where the gateway listens; default: `HOST` and `PORT`. */
  readonly url?: string;
}

interface ProductStatus {
  readonly product: string;
  /** What the gateway says: `ready`, `parked`, `open`; `not serving` where it does not listen. */
  readonly state: string;
  /** Whether it takes no writes, by an operator's word. */
  readonly readOnly?: boolean;
  /** Why its database could not be asked; nothing below is known then. */
  readonly problem?: string;
  readonly database?: string;
  readonly version?: string;
  readonly pingMs?: number;
  /** Missing where the credential may not count them: a class is new, and not provisioned. */
  readonly documents?: number;
  /** Operations of the last hour, and of this one so far; missing where statistics cannot be read. */
  readonly traffic?: {
    readonly since: Date;
    readonly operations: number;
    readonly errors: number;
    readonly p95Ms: number;
  };
  /** Whether the worker has looked at anything. */
  readonly isExamined?: boolean;
  /** Whether a worker looks now: what it found before says nothing of today. */
  readonly isWatched?: boolean;
  /** Open findings by severity. */
  readonly findings?: Readonly<Record<Severity, number>>;
  readonly worst?: StoredFinding;
}

/**
 * One line per product, as the gateway and as its database see it.
 *
 * @returns the exit code: 1 where a product is not ready or has a red finding, 3 where no gateway listens.
 */
export async function status(options: StatusOptions): Promise<number> {
  const { json, url } = options;
  const project = await loadProject({ ...options, serves: false });
  const environment = withDevelopmentUris(project.environment);
  const states = await askGateway(url ?? addressOf(environment));
  const products = await Promise.all(
    [...project.runtimes.values()].map(async (runtime): Promise<ProductStatus> => {
      const { name } = runtime;
      const { state, readOnly } = states?.[name] ?? { state: states ? 'not served' : 'not serving' };
      const { uri, opsUri } = environment.products[name] ?? {};
      const found = await askDatabase(runtime, uri ?? opsUri).catch((error: unknown) => ({
        problem: problemOf(error, name, uri === undefined ? 'ops' : 'serving'),
      }));
      return { product: name, state, ...(readOnly && { readOnly }), ...found };
    }),
  );
  const ok = products.every(
    (one) => one.state === 'ready' && one.version !== undefined && one.worst?.severity !== 'red',
  );
  print(json, { ok, gateway: states !== undefined, products }, [
    tableOf(products.map((one) => rowOf(one, environment.monitor))),
  ]);
  if (!states) return EXIT.unavailable;
  return ok ? EXIT.fine : EXIT.findings;
}

/** What is worth a line where there is no room for all: the compartment, the traffic, and what is wrong. */
const NARROW = [0, 1, 6, 7];

function tableOf(rows: readonly string[][]): string {
  const whole = table(rows);
  const { isTTY, columns } = process.stdout;
  const widest = Math.max(...whole.split('\n').map((line) => stripVTControlCharacters(line).length));
  if (!isTTY || widest <= columns) return whole;
  return table(rows.map((row) => (row.length > 3 ? NARROW.map((at) => row[at]!) : row)));
}

function rowOf(status: ProductStatus, isMonitored: boolean): string[] {
  const { product, state, readOnly, problem, database, version, pingMs, documents } = status;
  const compartment = paint(state === 'ready' ? 'green' : 'red', state) + (readOnly ? ', read-only' : '');
  if (problem !== undefined) return [product, compartment, problem];
  return [
    product,
    compartment,
    database ?? '',
    `MongoDB ${version}`,
    `${pingMs} ms`,
    documents === undefined
      ? 'documents cannot be counted: run `bulkhead provision`'
      : `${count(documents)} documents`,
    trafficOf(status, isMonitored),
    worstOf(status),
  ];
}

function trafficOf({ traffic }: ProductStatus, isMonitored: boolean): string {
  if (!traffic) return 'statistics cannot be read: run `bulkhead provision`';
  const { since, operations, errors, p95Ms } = traffic;
  const clock = moment(since).slice(-5);
  if (operations === 0)
    return `no operation since ${clock}${isMonitored ? '' : ' (BULKHEAD_MONITOR is off)'}`;
  const failed = errors > 0 ? `, ${count(errors)} failed` : '';
  return `${count(operations)} operations since ${clock}, p95 ${duration(p95Ms)}${failed}`;
}

const NO_FINDINGS: Readonly<Record<Severity, number>> = { red: 0, amber: 0, info: 0 };

/** Nothing found is not the same as nobody having looked. */
function worstOf(status: ProductStatus): string {
  if (!status.findings) return '';
  const found = foundIn(status);
  return status.isWatched ? found : `${found}, ${paint('yellow', 'no worker')}`;
}

function foundIn({ worst, findings = NO_FINDINGS, isExamined }: ProductStatus): string {
  if (!worst) return isExamined ? 'no findings' : 'not examined yet';
  const all = Object.values(findings).reduce((sum, one) => sum + one, 0);
  return `${paintSeverity(worst.severity)} ${worst.rule}${all > 1 ? ` and ${all - 1} more` : ''}`;
}

async function askDatabase(
  { name, classes }: ProductRuntime,
  uri: string | undefined,
): Promise<Partial<ProductStatus>> {
  if (uri === undefined) return { problem: NOTHING_RUNS };
  return withDatabase(uri, name, async (db) => {
    const startedAt = performance.now();
    await db.command({ ping: 1 });
    const pingMs = Math.round((performance.now() - startedAt) * 10) / 10;
    const { version } = await db.command({ buildInfo: 1 });
    const documents = await countDocuments(db, classes);
    return {
      database: db.databaseName,
      version: String(version),
      pingMs,
      ...(documents !== undefined && { documents }),
      // A credential that was provisioned before there were statistics still serves.
      ...(await askStatistics(db, name).catch(() => ({}))),
    };
  });
}

const HOUR_MS = 3_600_000;

async function askStatistics(db: mongo.Db, product: string): Promise<Partial<ProductStatus>> {
  const since = readFrom(new Date(Date.now() - HOUR_MS));
  const [traffic, findings, isExamined, isWatched] = await Promise.all([
    readTraffic(db, { product, since }),
    readFindings(db, { product }),
    hasPlans(db, { product }),
    hasWorker(db, { product }),
  ]);
  const [worst] = findings;
  const { calls: operations = 0, errors = 0, p95Ms = 0 } = traffic ?? {};
  return {
    traffic: { since, operations, errors, p95Ms },
    isExamined,
    isWatched,
    findings: Object.fromEntries(
      SEVERITIES.map((one) => [one, findings.filter(({ severity }) => severity === one).length]),
    ) as Record<Severity, number>,
    ...(worst && { worst }),
  };
}

async function countDocuments(db: mongo.Db, classes: ProductRuntime['classes']): Promise<number | undefined> {
  const names = [...new Set(classes.map(collectionOf))];
  try {
    const counts = await Promise.all(names.map((name) => db.collection(name).estimatedDocumentCount()));
    return counts.reduce((sum, one) => sum + one, 0);
  } catch (error) {
    if (refusalOfRights(error) !== 'grant') throw error;
    return undefined;
  }
}
