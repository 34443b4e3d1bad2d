import type { AuthCheckerFn } from 'type-graphql';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Power, Viewer } from './viewer.js';

/**
 * What `@Authorized` means: `('admin')`, `('write')` or `('read')` asks for that power over the product
 * (any one of several), and without a word for anybody who is signed in. A session holds read and write over its own rows
 * only, so a resolver that reaches others' rows asks for more.
 */
export const authChecker: AuthCheckerFn<{ readonly viewer: Viewer }, Power> = (
  { context: { viewer } },
  powers,
) => {
  if (viewer.isAnonymous) throw new BulkheadError('UNAUTHENTICATED', 'Sign in, or send a token.');
  if (powers.length === 0 || powers.some((power) => viewer.may(power))) return true;
  const needed = powers.map((power) => `${viewer.product}:${power}`).join(' or ');
  throw new BulkheadError('FORBIDDEN', `This needs the scope ${needed}.`);
};
