import { createServer } from 'node:net';
import { signToken } from '../auth/token-keys.js';
import { developmentSecrets, withDevelopmentSecrets } from '../config/development-secrets.js';
import { type Environment, readEnvironment } from '../config/environment.js';
import { productNames } from '../config/names.js';
import { type DevelopmentDatabase, findDatabase } from '../development/find-database.js';
import { prepareDatabases } from '../development/prepare-database.js';
import { StartError } from '../errors/bulkhead-error.js';
import { buildRuntimes } from '../server/gateway-server.js';
import { sampleOperation } from '../server/sample-operation.js';
import type { ProductRuntime } from '../server/product-runtime.js';
import { GatewayProcess } from './gateway-process.js';
import { loadGateway } from './load-config.js';
import { endProgress, paint, showProgress } from './output.js';
import { start } from './start.js';
import { watchSources } from './watch.js';

/** Options of `bulkhead dev`. */
export interface DevOptions {
  readonly config?: string;
  /** Restart when the sources change. */
  readonly watch: boolean;
}

const TOKEN_S = 12 * 60 * 60;
const step = (message: string) => {
  endProgress();
  process.stdout.write(`  ${message}\n`);
};

/** Told before a database is started for nothing. */
async function assertPortIsFree({ host, port }: Environment): Promise<void> {
  if (port === 0) return;
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () =>
      reject(new StartError([`Port ${port} on ${host} is taken: stop what listens there, or set PORT.`])),
    );
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/** The environment of the serving process: the products' own credentials, and no administrative one. */
function servingEnvironment(uris: Readonly<Record<string, { uri: string }>>): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env))
    if (/^(BULKHEAD_ADMIN_URI|MONGODB_URI|.*_OPS_MONGODB_URI)(_FILE)?$/.test(name)) delete env[name];
  for (const [product, { uri }] of Object.entries(uris))
    env[`${productNames(product).envPrefix}_MONGODB_URI`] = uri;
  return env;
}

/**
 * Everything around the gateway on a developer's machine: database, users, indexes, sample data; then the serving
 * process. `npm start` is this without watching. In production it only serves.
 */
export async function dev(products: readonly string[], options: DevOptions): Promise<void> {
  if (process.env['NODE_ENV'] === 'production') return start(products, options);
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  const gateway = await loadGateway(options.config);
  const names = Object.keys(gateway.products);
  const read = readEnvironment({ products: names, ...(gateway.composed && { composed: gateway.composed }) });
  const environment = withDevelopmentSecrets(read, developmentSecrets(read.dataDir, names));
  const runtimes = buildRuntimes(gateway, products);
  await assertPortIsFree(environment);

  process.stdout.write(`${paint('bold', 'Bulkhead')}\n`);
  let database: DevelopmentDatabase | undefined;
  let serving: GatewayProcess | undefined;
  let endWatch = () => {};
  const isInterrupted = interrupted.then(() => 'interrupted' as const);
  try {
    database = await findDatabase(environment, step);
    step(`database: ${database.origin}`);
    const uris = await prepare(database, [...runtimes.values()], environment);
    const args = [...products, ...(options.config ? ['--config', options.config] : [])];
    const launch = () => new GatewayProcess(args, servingEnvironment(uris));
    serving = launch();
    const listening = await Promise.race([serving.listening, isInterrupted]);
    if (listening === 'interrupted') return;
    await announce(listening, [...runtimes.values()], environment);
    if (options.watch) {
      let restarting = Promise.resolve();
      endWatch = watchSources(() => {
        restarting = restarting.then(async () => {
          await serving?.stop();
          serving = launch();
          await serving.listening.then(
            (address) => step(`restarted: ${address}`),
            () => step('the gateway did not start; waiting for the next change'),
          );
        });
      });
      await interrupted;
      await restarting;
      return;
    }
    const ended = await Promise.race([serving.ended, isInterrupted]);
    if (ended !== 'interrupted') process.exitCode = ended;
  } finally {
    endWatch();
    await serving?.stop();
    await database?.embedded?.stop();
  }
}

async function prepare(
  database: DevelopmentDatabase,
  runtimes: readonly ProductRuntime[],
  environment: Environment,
) {
  const lacking = runtimes.filter(({ name }) => environment.products[name]?.uri === undefined);
  if (!database.adminUri || lacking.length === 0) return {};
  return prepareDatabases(database.adminUri, lacking, environment, {
    onStep: step,
    onProgress: (product, { collection, documents }) =>
      showProgress(`  ${product}: ${documents.toLocaleString('en')} documents (${collection})`),
  });
}

/** Prints where to go, an example with the first lines of its answer, and a token. */
async function announce(
  address: string,
  runtimes: readonly ProductRuntime[],
  environment: Environment,
): Promise<void> {
  const first = runtimes[0]!;
  const query = sampleOperation(first.graph.schema).replace(/\s+/g, ' ').trim();
  const url = `${address}/graphql/${first.name}`;
  const body = JSON.stringify({ query });
  const { operatorKeys } = environment;
  const token =
    operatorKeys?.kind === 'secret' &&
    (await signToken(operatorKeys, { subject: 'developer', scopes: ['*:admin'], expiresInS: TOKEN_S }));
  const lines = [
    '',
    `  every product   ${paint('cyan', `${address}/graphql`)}`,
    ...runtimes.map(({ name }) => `  ${name.padEnd(15)} ${paint('cyan', `${address}/graphql/${name}`)}`),
    `  health          ${address}/health/ready`,
    '',
    `  curl -s ${url} -H 'content-type: application/json' \\`,
    `    -d '${body}'`,
    ...(await firstLines(url, body)).map((line) => paint('dim', `  ${line}`)),
    ...(token ? ['', `  a development token (an operator's, twelve hours):`, `  ${token}`] : []),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const SHOWN_LINES = 12;

async function firstLines(url: string, body: string): Promise<string[]> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    }).catch(() => undefined);
    if (answer?.ok) {
      const all = JSON.stringify(await answer.json(), null, 2).split('\n');
      return all.length > SHOWN_LINES ? [...all.slice(0, SHOWN_LINES), '…'] : all;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return ['(no answer yet: see the log)'];
}
