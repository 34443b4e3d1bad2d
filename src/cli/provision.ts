import type { Environment } from '../config/environment.js';
import { developmentPasswords } from '../development/credentials.js';
import {
  developmentServerFrom,
  developmentUsers,
  findDevelopmentServer,
} from '../development/product-uris.js';
import { withClient } from '../development/with-database.js';
import { BulkheadError, StartError } from '../errors/bulkhead-error.js';
import { loadProject } from '../server/load-project.js';
import { checkStrings } from './check-strings.js';
import { type CommonOptions, EXIT, NOTHING_RUNS, paint, reportFailure } from './output.js';
import { retireUsers, rotateUsers } from './rotate-users.js';
import {
  planCredentials,
  type ProvisionedProduct,
  provisionIndexes,
  provisionUsers,
} from './provision-product.js';
import { Teller } from './teller.js';

/** Options of `bulkhead provision`. */
export interface ProvisionCommandOptions extends CommonOptions {
  /** Gives users new passwords where no connection string names theirs. */
  readonly newPasswords: boolean;
  /** Takes away what roles may and no class needs any more. */
  readonly revoke: boolean;
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
  const { json, newPasswords, revoke, rotate, retire } = options;
  const { environment, runtimes } = await loadProject({
    ...options,
    products: product ? [product] : [],
    // Serving asks for the very connection strings that this command is about to make.
    serves: false,
  });
  const { adminUri, isOwn } = adminOf(environment);

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

  const base = environment.mongodbUri ?? adminUri;
  const where = developmentServerFrom(environment);
  const teller = new Teller(json);
  try {
    const done = await withClient(adminUri, 'provision', async (admin) => {
      const results: ProvisionedProduct[] = [];
      for (const plan of plans) {
        const onUser = teller.about(plan);
        if (!rotate && !retire) {
          const made = await provisionUsers(admin, plan, { base, newPasswords, revoke, onUser });
          // By hand, nobody may have run it yet.
          results.push(
            made.script === undefined ? { ...made, ...(await checkStrings(admin, plan, where)) } : made,
          );
          continue;
        }
        const checked = await checkStrings(admin, plan, where);
        const { runtime, database } = plan;
        const untouched = { product: runtime.name, database, users: [], variables: {}, ...checked };
        const change = rotate ? rotateUsers : retireUsers;
        results.push(
          checked.problems.length > 0 ? untouched : { ...checked, ...(await change(admin, plan, onUser)) },
        );
      }
      teller.remind();
      if (rotate || retire) return results;
      // Users first, of all products: an index may take an hour, and what was printed until then is in use.
      const complete: ProvisionedProduct[] = [];
      for (const [i, plan] of plans.entries())
        complete.push(await provisionIndexes(admin, plan, results[i]!));
      return complete;
    });
    const ok = done.every((one) => one.problems.length === 0);
    await teller.end(
      { ok, products: done },
      done.flatMap((one) => linesOf(one, teller.hasTold(one.product))),
    );
    return ok ? EXIT.fine : EXIT.findings;
  } catch (error) {
    return reportFailure(error, json, teller.unfinished);
  } finally {
    teller.close();
  }
}

/** The administrative connection string, and whether it was given for this command. */
function adminOf(environment: Environment): { adminUri: string; isOwn: boolean } {
  if (environment.adminUri) return { adminUri: environment.adminUri, isOwn: true };
  if (environment.production)
    throw new StartError(['BULKHEAD_ADMIN_URI: expected, a credential that may manage users and roles.']);
  const adminUri = findDevelopmentServer(environment);
  if (!adminUri) throw new BulkheadError('PRODUCT_UNAVAILABLE', NOTHING_RUNS);
  return { adminUri, isOwn: false };
}

/** What is left to say of a product, whose users may have been told of. */
function linesOf(
  { product, database, indexes, surplus = [], problems, warnings = [], script, tool }: ProvisionedProduct,
  isTold: boolean,
): string[] {
  const made = indexes === undefined ? [] : [`${indexes} indexes created or changed`];
  const facts = [...(isTold ? [] : [`database ${database}`]), ...made];
  return [
    ...(facts.length > 0 || problems.length > 0 || warnings.length > 0
      ? [`${product}: ${facts.join(', ')}`.trimEnd()]
      : []),
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
    ...(surplus.length > 0
      ? [
          `  left, for gateways that still run with an earlier declaration (when none does: bulkhead provision ${product} --revoke):`,
          ...surplus.map((one) => `    ${one}`),
        ]
      : []),
    ...warnings.map((one) => `  ${paint('yellow', '!')} ${one}`),
    ...problems.map((one) => `  ${paint('red', '✗')} ${one}`),
  ];
}
