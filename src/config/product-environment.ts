import { parseMongodbUri, serversOf } from './mongodb-uri.js';
import { productNames } from './names.js';
import { readUri } from './readers.js';
import { readTokenKeys, type TokenKeys } from './token-keys.js';
import type { VariableSource } from './variable-source.js';

/** What the surroundings tell about one product. */
export interface ProductEnvironment {
  /** Connection string to serve with. */
  readonly uri?: string;
  /** Connection string of the worker and the commands. */
  readonly opsUri?: string;
  /** Missing only outside production. */
  readonly keys?: TokenKeys;
}

/** Reads the variables of every product, and checks that no two share what keeps them apart. */
export function readProducts(
  source: VariableSource,
  names: readonly string[],
  options: {
    readonly production: boolean;
    readonly serves: boolean;
    readonly operatorKeys: TokenKeys | undefined;
  },
): Record<string, ProductEnvironment> {
  const products = names.map((name) => ({ name, ...readProduct(source, name, options) }));
  const named = products.map(({ name, ...product }) => [name, product] as const);

  const prefixed = (suffix: string) => (name: string) => `${productNames(name).envPrefix}_${suffix}`;
  const serving = products.map(({ name, uri }) => ({ variable: prefixed('MONGODB_URI')(name), name, uri }));
  reportSameDatabase(source, serving);
  if (!options.serves)
    reportSameDatabase(
      source,
      products.map(({ name, opsUri: uri }) => ({ variable: prefixed('OPS_MONGODB_URI')(name), name, uri })),
    );

  const keys: (readonly [string, TokenKeys | undefined])[] = products.map(({ name, keys }) => [
    productNames(name).envPrefix,
    keys,
  ]);
  keys.push(['BULKHEAD', options.operatorKeys]);
  reportShared(
    source,
    keys.map(([prefix, key]) => [`${prefix}_JWT_AUDIENCE`, key?.audience]),
    'are the same; a token must name one of them',
  );
  if (options.production) {
    reportShared(
      source,
      keys.flatMap(([prefix, key]) =>
        key?.kind === 'secret'
          ? [
              [`${prefix}_JWT_SECRET`, key.secret],
              [`${prefix}_JWT_SECRET_PREVIOUS`, key.previous],
            ]
          : [],
      ),
      'are the same; whoever knows one could sign for the other',
    );
  }
  return Object.fromEntries(named);
}

function readProduct(
  source: VariableSource,
  name: string,
  { production, serves }: { readonly production: boolean; readonly serves: boolean },
): ProductEnvironment {
  const prefix = productNames(name).envPrefix;
  const uri = readUri(source, `${prefix}_MONGODB_URI`);
  const opsUri = readUri(source, `${prefix}_OPS_MONGODB_URI`);
  const keys = readTokenKeys(source, prefix, { product: name, production });

  if (production && serves && !source.has(`${prefix}_MONGODB_URI`)) {
    source.problem(
      `${prefix}_MONGODB_URI: expected in production; MONGODB_URI does not stand in for it there.`,
    );
  }
  const keyNames = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWKS_URL'].map((suffix) => `${prefix}_${suffix}`);
  if (production && serves && !keyNames.some((variable) => source.has(variable))) {
    source.problem(`${keyNames.join(' or ')}: expected in production.`);
  }
  if (uri && opsUri && databaseOf(uri, name) !== databaseOf(opsUri, name)) {
    source.problem(
      `${prefix}_MONGODB_URI and ${prefix}_OPS_MONGODB_URI: expected the same database in both.`,
    );
  }
  return { ...(uri && { uri }), ...(opsUri && { opsUri }), ...(keys && { keys }) };
}

const databaseOf = (uri: string, product: string): string =>
  parseMongodbUri(uri)?.database ?? productNames(product).database;

/** One server in common is enough: the members of a set are named in any order, and not all of them. */
function reportSameDatabase(
  source: VariableSource,
  entries: readonly { readonly variable: string; readonly name: string; readonly uri: string | undefined }[],
): void {
  const targets = entries.flatMap(({ variable, name, uri }) =>
    // A server does not take two names that differ by case only.
    uri === undefined
      ? []
      : [{ variable, servers: serversOf(uri), database: databaseOf(uri, name).toLowerCase() }],
  );
  for (const [i, one] of targets.entries()) {
    const first = targets
      .slice(0, i)
      .find(
        ({ servers, database }) =>
          database === one.database && servers.some((server) => one.servers.includes(server)),
      );
    if (first)
      source.problem(
        `${first.variable} and ${one.variable} name the same database; every product has its own.`,
      );
  }
}

function reportShared(
  source: VariableSource,
  entries: readonly (readonly (string | undefined)[])[],
  what: string,
): void {
  const first = new Map<string, string>();
  for (const [variable, value] of entries) {
    if (!variable || !value) continue;
    const other = first.get(value);
    if (other) source.problem(`${other} and ${variable} ${what}.`);
    else first.set(value, variable);
  }
}
