import { signToken } from '../auth/token-keys.js';
import { productNames } from '../config/names.js';
import { StartError } from '../errors/bulkhead-error.js';
import { loadProject } from '../server/load-project.js';
import { type CommonOptions, print } from './output.js';

/** Options of `bulkhead token`. */
export interface TokenOptions extends CommonOptions {
  /** A product, or `*` for an operator's token. */
  readonly product: string;
  /** Scopes, also several in one text. */
  readonly scope: readonly string[];
  readonly subject: string;
  readonly expires: number;
}

const POWERS = ['read', 'write', 'admin'];
const EVERY = '*';

/** Signs a token under a product's key, or an operator's, and prints it alone on stdout. @throws StartError */
export async function token(options: TokenOptions): Promise<void> {
  const { product, subject, expires: expiresInS, json } = options;
  const { gateway, environment } = await loadProject(options);
  const names = Object.keys(gateway.products);
  const isOperator = product === EVERY;
  if (!isOperator && !names.includes(product))
    throw new StartError([`--product: there is no such product; there are ${names.join(', ')}, and '*'.`]);

  const scopes = options.scope.flatMap((text) => text.split(/[\s,]+/)).filter(Boolean);
  const owners = isOperator ? [EVERY, ...names] : [product];
  const allowed = new Set(owners.flatMap((owner) => POWERS.map((power) => `${owner}:${power}`)));
  const unknown = scopes.filter((scope) => !allowed.has(scope));
  if (scopes.length === 0 || unknown.length > 0) {
    throw new StartError([
      `--scope: ${unknown.length > 0 ? `${unknown.map((one) => JSON.stringify(one)).join(', ')} cannot be given here` : 'none is given'}; ` +
        `expected ${owners.map((owner) => `${owner}:read|write|admin`).join(', ')}.`,
    ]);
  }

  const prefix = isOperator ? 'BULKHEAD' : productNames(product).envPrefix;
  const keys = isOperator ? environment.operatorKeys : environment.products[product]?.keys;
  if (keys?.kind !== 'secret') {
    throw new StartError([
      keys
        ? `${prefix}: its tokens are checked with a public key, and only the holder of the private one can sign them.`
        : `${prefix}_JWT_SECRET is not set: there is nothing to sign with.`,
    ]);
  }
  const signed = await signToken(keys, { subject, scopes, expiresInS });
  print(json, { token: signed, product, scopes, subject, expiresInS }, [signed]);
}
