import type { Logger } from 'pino';
import { BulkheadError, StartError } from '../errors/bulkhead-error.js';
import { loadJobs, type Jobs } from '../jobs/load-jobs.js';
import { EVERY_MS, type ProductRound } from '../jobs/product-worker.js';
import { Worker } from '../jobs/worker.js';
import { createLogger } from '../server/telemetry/logger.js';
import { hasTerminal, onHangUp } from './hang-up.js';
import { Interruption } from './interruption.js';
import { readableLog } from './log-lines.js';
import { OWNER_VARIABLE } from './worker-process.js';
import { counted, duration } from './quantities.js';
import { type CommonOptions, EXIT, NOTHING_RUNS, paint, print, table } from './output.js';

/** Options of `bulkhead work`. */
export interface WorkOptions extends CommonOptions {
  /** One round, and its findings. */
  readonly once: boolean;
}

/** What jobs have no use for, and therefore do not keep: administration, serving, keys. */
const NOT_OURS =
  /^(?:BULKHEAD_ADMIN_URI|BULKHEAD_SCRATCH_URI|(?!.*_OPS_MONGODB_URI).*_(?:MONGODB_URI|JWT_SECRET|JWT_SECRET_PREVIOUS))(?:_FILE)?$/;

/**
 * Does the jobs until it is told to stop: `SIGTERM`, `SIGINT`, or a parent that is gone; or one round of them.
 *
 * @returns the exit code: with `once`, 1 where a red finding holds, 3 where a product cannot be asked, or the worker that
 *   has it does not look at it.
 */
export async function work(products: readonly string[], options: WorkOptions): Promise<number> {
  const { [OWNER_VARIABLE]: owner } = process.env;
  // No variable of the configuration, and said to be none.
  delete process.env[OWNER_VARIABLE];
  const jobs = await loadJobs({ ...options, only: products });
  for (const name of Object.keys(process.env)) if (NOT_OURS.test(name)) delete process.env[name];
  if (Object.keys(jobs.uris).length === 0) throw new BulkheadError('PRODUCT_UNAVAILABLE', NOTHING_RUNS);
  return options.once ? once(jobs, options.json) : forEver(jobs, owner);
}

async function once(jobs: Jobs, json: boolean): Promise<number> {
  const { uris, webhook, products } = jobs;
  const worker = new Worker({
    products,
    uriOf: (product) => uris[product],
    // The findings are what it prints.
    logger: createLogger('silent'),
    webhook: () => (webhook === undefined ? undefined : { url: webhook }),
  });
  const rounds = await worker.round();
  await worker.stop();
  const open = rounds.flatMap(({ product, open: found }) =>
    found.map((finding) => ({ product, ...finding })),
  );
  const isKnown = rounds.every((round) => round.state !== 'parked' && !isSilent(round));
  const ok = isKnown && open.every(({ severity }) => severity !== 'red');
  print(
    json,
    {
      ok,
      products: rounds.map(({ product, state, problem, holder }) => ({ product, state, problem, holder })),
      findings: open,
    },
    linesOf(rounds),
  );
  if (open.some(({ severity }) => severity === 'red')) return EXIT.findings;
  return ok ? EXIT.fine : EXIT.unavailable;
}

/** What is left of a process after its jobs have ended. */
const LONGEST_END_MS = 1_000;
const COLOURS = { red: 'red', amber: 'yellow', info: 'dim' } as const;
const SEVERITIES = ['red', 'amber', 'info'] as const;

/** The other worker has missed a round: what it has found is old, and it may be gone. */
const isSilent = ({ holder }: ProductRound): boolean =>
  holder !== undefined && holder.silentMs > 2 * EVERY_MS;

function stateOf(round: ProductRound): string {
  const { state, open, problem, holder } = round;
  if (state === 'parked') return paint('red', problem ?? 'parked');
  const findings = counted(open.length, 'finding');
  if (!holder) return findings;
  const { owner, silentMs, until } = holder;
  const [host, pid] = owner.split(':');
  const who = `another worker (process ${pid} on ${host})`;
  return isSilent(round)
    ? `${paint('red', 'was not looked at')}: ${who} has it and was silent for ${duration(silentMs)}; where it is gone, \`bulkhead work --once\` looks from ${clock(until)} on. Its ${findings}, which may be old`
    : `is watched by ${who}, which looked ${duration(silentMs)} ago and has it until ${clock(until)}: nothing was done here. Its ${findings}`;
}

const clock = (time: Date): string => `${time.toISOString().slice(11, 19)} UTC`;

function linesOf(rounds: readonly ProductRound[]): readonly string[] {
  return rounds.flatMap((round) => [
    `${paint('bold', round.product)} ${stateOf(round)}`,
    ...(round.open.length > 0
      ? [
          table(
            SEVERITIES.flatMap((severity) => round.open.filter((one) => one.severity === severity)).map(
              ({ severity, rule, reason, remedy }) => [
                `  ${paint(COLOURS[severity], severity)}`,
                rule,
                `${reason} ${paint('dim', remedy)}`,
              ],
            ),
          ),
        ]
      : []),
  ]);
}

async function forEver(jobs: Jobs, owner: string | undefined): Promise<number> {
  const { environment, products } = jobs;
  let { uris, webhook } = jobs;
  const isForPeople = !environment.production && process.stdout.isTTY;
  const logger = createLogger(environment.logLevel, isForPeople ? readableLog(process.stdout) : undefined);
  process.on('unhandledRejection', (error) =>
    logger.error({ err: error }, 'a promise was rejected, and nobody waited for it'),
  );
  const reload = () => {
    const read = readAgain(jobs, logger);
    if (read) ({ uris, webhook } = read);
  };
  const interruption = new Interruption(hasTerminal());
  onHangUp(reload);
  const worker = new Worker({
    products,
    uriOf: (product) => uris[product],
    logger,
    ...(owner !== undefined && { owner }),
    webhook: () => (webhook === undefined ? undefined : { url: webhook }),
  });
  worker.start();
  logger.info({ products: [...products.keys()], alarms: webhook !== undefined }, 'working');
  try {
    const why = await interruption.happened;
    logger.info({ why }, 'stopping');
    await worker.stop();
    logger.info('stopped');
    // Sockets of a server that is frozen keep a process for longer than anybody waits.
    setTimeout(() => process.exit(EXIT.fine), LONGEST_END_MS).unref();
  } finally {
    // Listening for its end keeps the channel open, and the channel this process.
    if (process.connected) process.disconnect();
  }
  return EXIT.fine;
}

function readAgain(jobs: Jobs, logger: Logger): ReturnType<Jobs['readAgain']> | undefined {
  try {
    const read = jobs.readAgain();
    logger.info('connection strings were read again');
    return read;
  } catch (error) {
    const problems = error instanceof StartError ? error.problems : [(error as Error).message];
    logger.error({ problems }, 'connection strings were read again, and nothing was changed');
    return undefined;
  }
}
