import { decodeJwt } from 'jose';
import type { TokenKeys } from '../config/token-keys.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { ofProduct } from '../errors/of-product.js';
import { operatorScopes, productScopes, sessionScopes } from './scopes.js';
import { productOfSessionToken, type Sessions } from './sessions.js';
import { audiencesOf, createVerifier, notAuthenticated, type VerifiedToken } from './token-keys.js';
import { Viewer } from './viewer.js';
import { viewersOf, type Viewers } from './viewers.js';
import { withinTime } from './within-time.js';

/** What a credential is looked up with. */
interface AuthenticateOptions {
  readonly signal?: AbortSignal;
  readonly client?: string;
}

/** Tells who is asking. */
export interface Authenticator {
  /**
   * @param authorization The header as it came; undefined where there is none.
   * @param product The endpoint's product; undefined for the composed graph.
   * @param options.client Who asks, by what clients are told apart.
   */
  readonly authenticate: (
    authorization: string | undefined,
    product: string | undefined,
    options?: AuthenticateOptions,
  ) => Promise<Viewers>;
}

/** What the authenticator believes. */
export interface AuthenticatorConfig {
  /** By product name; a product without keys accepts no service tokens. */
  readonly products: Readonly<Record<string, TokenKeys | undefined>>;
  /** Keys of operators' tokens, good in every product. */
  readonly operators?: TokenKeys;
  /** The sessions of a product; undefined where it has none. */
  readonly sessionOf: (product: string) => Sessions | undefined;
  /** How long to wait for the database that holds the session. Default: 2000. */
  readonly sessionTimeoutMs?: number;
}

export type { Viewers } from './viewers.js';

/** A `Bearer` header with one token; a comma (two headers joined) or anything else is no match. */
const bearer = /^Bearer +([\w.~+/-]+=*)$/i;
const mostAudiences = 8;

/** The token of an `Authorization` header, the same however the header is written; undefined where it is none. */
export const tokenIn = (authorization: string): string | undefined => bearer.exec(authorization)?.[1];

type Outcome = { readonly token: VerifiedToken } | { readonly error: unknown };

/**
 * Builds the gateway's authenticator. A bad credential is refused and never treated as none, so that a client
 * whose token ran out learns it.
 *
 * - No header: anonymous everywhere.
 * - A JWT under a product's key: a service in that product, with that product's literal scopes.
 * - A JWT under the operators' key: an operator in every product that its scopes name, a stranger in others.
 * - A session token: a user of its product.
 *
 * A service or user of one product is `UNAUTHENTICATED` at another product's endpoint, and anonymous in the
 * other products of the composed graph.
 */
export function createAuthenticator(config: AuthenticatorConfig): Authenticator {
  const products = new Map(
    Object.entries(config.products).map(([name, keys]) => [
      name,
      keys && { audience: keys.audience, verify: createVerifier(keys) },
    ]),
  );
  const operators = config.operators && {
    audience: config.operators.audience,
    verify: createVerifier(config.operators),
  };
  const { sessionTimeoutMs = 2_000 } = config;

  async function bySession(
    token: string,
    endpoint: string | undefined,
    { client, signal }: AuthenticateOptions,
  ) {
    const product = productOfSessionToken(token);
    if (!product || !products.has(product) || (endpoint ?? product) !== product) throw notAuthenticated();
    let userId: string | null;
    try {
      const sessions = config.sessionOf(product);
      if (!sessions) throw notAuthenticated();
      userId = await withinTime(sessionTimeoutMs, signal, (signal) =>
        sessions.find(token, {
          comment: `bulkhead:${product}:-:Session.token`,
          maxTimeMS: sessionTimeoutMs,
          signal,
          ...(client !== undefined && { client }),
        }),
      );
    } catch (error) {
      const unavailable = ofProduct(toUnavailable(error), product);
      if (endpoint || unavailable.code === 'UNAUTHENTICATED') throw unavailable;
      return viewersOf(new Map([[product, unavailable]]));
    }
    if (userId === null) throw notAuthenticated();
    return viewersOf(new Map([[product, new Viewer('session', userId, sessionScopes(product), product)]]));
  }

  async function byJwt(jwt: string, endpoint: string | undefined) {
    const audiences = unverifiedAudiences(jwt);
    const operator =
      operators && audiences.includes(operators.audience) ? await attempt(operators.verify, jwt) : undefined;
    if (operator && 'token' in operator) {
      const { subject, scopes } = operator.token;
      const viewerOf = (product: string): Viewer => {
        const held = operatorScopes(scopes, product);
        return held.length > 0 ? new Viewer('operator', subject, held, product) : Viewer.anonymous(product);
      };
      if ([...products.keys()].every((product) => viewerOf(product).isAnonymous)) throw notAuthenticated();
      return viewersOf(new Map(), viewerOf);
    }

    const candidates = endpoint === undefined ? [...products.keys()] : [endpoint];
    const found = new Map<string, Viewer | BulkheadError>();
    // Side by side, as keys that cannot be fetched take seconds to say so.
    const check = async (product: string): Promise<void> => {
      const keys = products.get(product);
      if (!keys || !audiences.includes(keys.audience)) return;
      const outcome = await attempt(keys.verify, jwt);
      if ('token' in outcome) {
        const { subject, scopes } = outcome.token;
        found.set(product, new Viewer('service', subject, productScopes(scopes, product), product));
      } else if (isUnavailable(outcome.error)) {
        found.set(product, ofProduct(outcome.error, product));
      }
    };
    await Promise.all(candidates.map(check));
    const own = endpoint === undefined ? undefined : found.get(endpoint);
    if (own instanceof BulkheadError) throw own;
    if (found.size) return viewersOf(found);
    throw operator && isUnavailable(operator.error) ? operator.error : notAuthenticated();
  }

  return {
    async authenticate(authorization, endpoint, options = {}) {
      if (authorization === undefined) return viewersOf(new Map());
      const token = tokenIn(authorization);
      if (!token) throw notAuthenticated();
      return token.startsWith('bhs_')
        ? await bySession(token, endpoint, options)
        : await byJwt(token, endpoint);
    },
  };
}

function unverifiedAudiences(jwt: string): readonly string[] {
  try {
    const audiences = audiencesOf(decodeJwt(jwt));
    // Each audience may cost a check of the signature.
    if (Array.isArray(audiences) && audiences.length <= mostAudiences) return audiences;
  } catch (error) {
    throw notAuthenticated(error);
  }
  throw notAuthenticated();
}

const attempt = (verify: (jwt: string) => Promise<VerifiedToken>, jwt: string): Promise<Outcome> =>
  verify(jwt).then(
    (token) => ({ token }),
    (error: unknown) => ({ error }),
  );

const isUnavailable = (error: unknown): error is BulkheadError =>
  error instanceof BulkheadError && error.code === 'PRODUCT_UNAVAILABLE';

function toUnavailable(error: unknown): BulkheadError {
  if (isUnavailable(error)) return error;
  if (error instanceof BulkheadError && error.code === 'UNAUTHENTICATED') return error;
  return new BulkheadError('PRODUCT_UNAVAILABLE', 'The session could not be looked up.', {
    cause: error,
    retryAfterS: 1,
  });
}
