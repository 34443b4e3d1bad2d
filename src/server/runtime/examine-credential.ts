import type { Logger } from 'pino';
import { inspectReach } from '../../database/privileges.js';
import { serveGrants } from '../../product/grants.js';
import type { ProductLink } from './product-link.js';
import type { ProductRuntime } from './product-runtime.js';

/** What a credential is held against. */
export interface ExamineOptions {
  readonly uri: string;
  readonly production: boolean;
  readonly logger: Logger;
  /** Products on the same server: beside them `wideCredential` is not accepted. */
  readonly neighbours: () => readonly string[];
}

/** Looks at the credential of an open connection: what is wrong with it, or undefined when it may serve. */
export type Examine = () => Promise<string | undefined>;

export const REFUSED = 'the server refuses its credential';

/** Wrong password, unknown user (Atlas has its own code), or a credential that may not even say who it is. */
const CREDENTIAL_REFUSED = new Set<unknown>([18, 8000, 13]);

/** Whether the server turned the credential down, rather than being out of reach. */
export const isRefusal = (error: unknown): boolean =>
  CREDENTIAL_REFUSED.has((error as { code?: unknown }).code);

/** Makes the examination of one link's credential. It warns once of what it lets pass outside production. */
export function examiner(
  { name, classes, product }: ProductRuntime,
  link: ProductLink,
  { uri, production, logger, ...options }: ExamineOptions,
): Examine {
  const sendsCredential = /^[^/]*\/\/[^/]*@/.test(uri);
  let warned: string | undefined;
  return async () => {
    const { authenticated, beyond, missing } = await inspectReach(link.db, serveGrants(classes));
    // The user was removed while it was connected.
    if (sendsCredential && !authenticated) return REFUSED;
    if (missing.length > 0)
      return `grants are missing (${missing.join('; ')}): run \`bulkhead provision ${name}\``;
    if (beyond.length === 0) return undefined;
    const { wideCredential } = product;
    const reach = `its credential reaches ${beyond.join(', ')}`;
    if (production && !wideCredential)
      return `${reach}: run \`bulkhead provision ${name}\` and use the credential it makes`;
    const neighbours = options.neighbours();
    if (production && neighbours.length > 0)
      return `${reach}, and wideCredential is not accepted beside ${neighbours.join(', ')} on the same server`;
    if (warned !== reach)
      logger.warn({ product: name, wideCredential }, `${reach}; in production this parks it`);
    warned = reach;
    return undefined;
  };
}
