import { productNames } from './names.js';
import { gatewayVariables, productVariables } from './variables.js';

/** What Kubernetes adds to every container for each service, one called `blog-mongodb` among them. */
const serviceLink =
  /^(.+?)_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Words that only our variables would have after a product's prefix. */
const oursByWord = /(^|_)(MONGO[A-Z]*|JW[TK]S?|URI)(_|$)/;

/**
 * Given names that are nearly ours, each as a sentence with the nearest right one. Everything unknown that
 * starts with `BULKHEAD_` counts; after a product's prefix only what resembles a variable of ours, because
 * a product may have variables of its own.
 */
export function findMisspellings(given: readonly string[], products: readonly string[]): string[] {
  const owners = new Map<string, readonly string[]>([['BULKHEAD_', gatewayVariables]]);
  for (const product of products) {
    const { envPrefix } = productNames(product);
    owners.set(`${envPrefix}_`, productVariables(envPrefix));
  }
  const known = new Set([...owners.values()].flat().flatMap((name) => [name, `${name}_FILE`]));

  return given.flatMap((name) => {
    if (known.has(name)) return [];
    const prefix = [...owners.keys()].filter((start) => name.startsWith(start)).sort(byLength)[0];
    if (!prefix) return [];
    const rest = name.slice(prefix.length);
    if (!rest || isServiceLink(name, prefix, given)) return [];
    const bare = rest.replace(/_FILE$/, '');
    const nearest = (owners.get(prefix) ?? [])
      .map((candidate) => ({ candidate, distance: distanceTo(candidate, prefix, bare) }))
      .sort((a, b) => a.distance - b.distance)[0];
    if (!nearest) return [];
    const near = nearest.distance <= 4 && bare.length >= 5;
    if (prefix !== 'BULKHEAD_' && !near && !oursByWord.test(bare)) return [];
    return [`${name} is not a variable of the gateway: did you mean ${nearest.candidate}?`];
  });
}

function isServiceLink(name: string, prefix: string, given: readonly string[]): boolean {
  const [, service, what] = serviceLink.exec(name) ?? [];
  if (service === undefined) return false;
  // By itself it may be a misspelt `BULKHEAD_METRICS_PORT`.
  return what !== 'PORT' || `${service}_` === prefix || given.includes(`${service}_SERVICE_HOST`);
}

const byLength = (a: string, b: string) => b.length - a.length;

/** The prefix may be wrong (`BULKHEAD_HOST`), or a word before the rest missing (`BLOG_URI`). */
const distanceTo = (candidate: string, prefix: string, rest: string): number =>
  candidate.endsWith(`_${rest}`)
    ? 1
    : Math.min(distance(prefix + rest, candidate), distance(rest, candidate));

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
