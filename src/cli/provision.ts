import { VariableSource } from '../config/variable-source.js';
import type { Environment } from '../config/environment.js';
import { developmentPasswords } from '../development/credentials.js';
import { developmentUsers, findDevelopmentServer } from '../development/product-uris.js';
import { withClient } from '../development/with-database.js';
import { BulkheadError, StartError } from '../errors/bulkhead-error.js';
import { loadProject } from '../server/load-project.js';
import { type CommonOptions, EXIT, NOTHING_RUNS, paint, print } from './output.js';
import { retireUsers, rotateUsers } from './rotate-users.js';
import { planCredentials, type ProvisionedProduct, provisionProduct } from './provision-product.js';

/** Options of `bulkhead provision`. */
export interface ProvisionCommandOptions extends CommonOptions {
  /** Gives users new passwords where no connection string names theirs. */
  readonly newPasswords: boolean;
  /** Only a second user beside each, with a new password. */
  readonly rotate: boolean;
  /** Only removes users that no connection string names. */
  readonly retire: boolean;
}

/**
 * Gives products their users, roles, collections and indexes. On a server that refuses user commands it prints what to
 * run there, and checks the result.
 *
 * @returns the exit code: 1 where something is left to do.
 */
export async function provisionProducts(
  product: string | undefined,
  options: ProvisionCommandOptions,
): Promise<number> {
  const { json, newPasswords, rotate, retire } = options;
  const isProduction = new VariableSource(process.env, process.cwd()).get('NODE_ENV') === 'production';
  // Production asks for the very connection strings that this command is about to make.
  const env = { ...process.env, NODE_ENV: 'development' };
  const { environment, runtimes } = await loadProject({
    ...options,
    env,
    products: product ? [product] : [],
  });
  const { adminUri, isOwn } = adminOf(environment, isProduction);

  const chosen = [...runtimes.values()];
  const passwords = isOwn
    ? {}
    : developmentPasswords(
        environment.dataDir,
        chosen.map(({ name }) => name),
      );
  const plans = chosen.map((runtime) => {
    const known = passwords[runtime.name];
    return planCredentials(runtime, environment, known && developmentUsers(runtime.name, known));
  });
  const problems = plans.flatMap((plan) => plan.problems);
  if (problems.length > 0) throw new StartError(problems);

  const done = await withClient(adminUri, 'provision', async (admin) => {
    const results: ProvisionedProduct[] = [];
    const base = environment.mongodbUri ?? adminUri;
    for (const plan of plans)
      results.push(
        rotate
          ? await rotateUsers(admin, plan)
          : retire
            ? await retireUsers(admin, plan)
            : await provisionProduct(admin, plan, { base, newPasswords }),
      );
    return results;
  });
  const ok = done.every((one) => one.problems.length === 0);
  print(json, { ok, products: done }, done.flatMap(linesOf));
  const made = done.some((one) => Object.keys(one.variables).length > 0);
  if (made && !json)
    process.stderr.write('These connection strings are shown once and kept nowhere: set them now.\n');
  return ok ? EXIT.fine : EXIT.findings;
}

/** The administrative connection string, and whether it was given for this command. */
function adminOf(environment: Environment, isProduction: boolean): { adminUri: string; isOwn: boolean } {
  if (environment.adminUri) return { adminUri: environment.adminUri, isOwn: true };
  if (isProduction)
    throw new StartError(['BULKHEAD_ADMIN_URI: expected, a credential that may manage users and roles.']);
  const adminUri = findDevelopmentServer(environment);
  if (!adminUri) throw new BulkheadError('PRODUCT_UNAVAILABLE', NOTHING_RUNS);
  return { adminUri, isOwn: false };
}

function linesOf({
  product,
  database,
  users,
  indexes,
  problems,
  script,
  tool,
  variables,
}: ProvisionedProduct): string[] {
  return [
    `${product}: database ${database}${indexes === undefined ? '' : `, ${indexes} indexes created or changed`}`,
    ...users.map((one) => `  ${one.user}: ${one.what}`),
    ...(script
      ? [
          tool === 'atlas'
            ? '  Atlas lets only its own tools make users. Run, with the Atlas CLI, for the project of this cluster:'
            : '  The server refuses user commands from here. Run there, in mongosh:',
          '',
          script,
          '',
        ]
      : []),
    ...problems.map((one) => `  ${paint('red', '✗')} ${one}`),
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
  ];
}
