import { productVariables } from './variables.js';

/** The names that follow from a product's name. */
export interface ProductNames {
  /** GraphQL field of the composed graph, and prefix of its mutations: `flightSchool`. */
  readonly field: string;
  /** Prefix of types in the composed graph: `FlightSchool`. */
  readonly typePrefix: string;
  /** Prefix of environment variables, without the underscore: `FLIGHT_SCHOOL`. */
  readonly envPrefix: string;
  /** Database, unless the product's connection string names another: `flight-school`. */
  readonly database: string;
}

const form = /^[a-z][a-z0-9-]{0,30}$/;

/**
 * `ops` and `health` are paths of the gateway, `graph` is the file of the composed one, `bulkhead` prefixes the
 * gateway's variables, the rest are databases of every server.
 */
const reserved = new Set(['ops', 'health', 'graph', 'bulkhead', 'admin', 'config', 'local']);

/** Converts a product's name, which `checkProductNames` has found good. */
export function productNames(name: string): ProductNames {
  const typePrefix = name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
  return {
    field: typePrefix.charAt(0).toLowerCase() + typePrefix.slice(1),
    typePrefix,
    envPrefix: name.replaceAll('-', '_').toUpperCase(),
    database: name,
  };
}

/**
 * What is wrong with a gateway's product names, in words; empty when nothing is.
 *
 * Two products collide when any name converted from theirs is the same, also the name of a variable:
 * `blog` and `blog-ops` would both own `BLOG_OPS_MONGODB_URI`.
 */
export function checkProductNames(names: readonly string[]): string[] {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const name of names) {
    if (!form.test(name)) {
      problems.push(
        `Product name ${JSON.stringify(name)}: expected a lower-case letter, then up to 30 of a–z, 0–9 and "-".`,
      );
      continue;
    }
    const { field, typePrefix, envPrefix } = productNames(name);
    if (reserved.has(name)) problems.push(`Product name "${name}" is reserved.`);
    if (field.endsWith('At')) problems.push(`Product name "${name}" is reserved: its field ends in "At".`);
    if (field in Object.prototype)
      problems.push(`Product name "${name}" is reserved: every object has a "${field}".`);

    const owned = [`field ${field}`, `type prefix ${typePrefix}`];
    owned.push(...productVariables(envPrefix).map((variable) => `variable ${variable}`));
    const taken = owned.find((thing) => owners.has(thing));
    if (taken) problems.push(`Products "${owners.get(taken)}" and "${name}" collide: both own the ${taken}.`);
    for (const thing of owned) if (!owners.has(thing)) owners.set(thing, name);
  }
  return problems;
}
