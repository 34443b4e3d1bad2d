import {
  createRemoteJWKSet,
  errors,
  importSPKI,
  jwtVerify,
  SignJWT,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from 'jose';
import { randomUUID } from 'node:crypto';
import type { TokenKeys } from '../config/token-keys.js';
import { BulkheadError, StartError } from '../errors/bulkhead-error.js';

/** What a token said, once it was found good. */
export interface VerifiedToken {
  readonly subject: string;
  /** The claim `scope`, split; not yet limited to any product. */
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
}

/** Checks a token against one set of keys. */
export type Verifier = (jwt: string) => Promise<VerifiedToken>;

const clockToleranceS = 5;
const jwksTimeouts = { timeoutDuration: 3_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 };

/** The one answer to every token that is not good: it does not tell an attacker what was wrong. */
export const notAuthenticated = (cause?: unknown): BulkheadError =>
  new BulkheadError('UNAUTHENTICATED', 'The token is not valid here.', { cause });

/**
 * Makes a verifier: signature by the key, or by the one before it, under the pinned algorithm, issuer, audience, `exp` (which must be there),
 * `nbf`, and a usable `sub`. A bad token is `UNAUTHENTICATED`; keys that cannot be fetched are
 * `PRODUCT_UNAVAILABLE`, since that is no fault of the caller's.
 */
export function createVerifier(keys: TokenKeys): Verifier {
  const check = createCheck(keys, {
    algorithms: [keys.algorithm],
    issuer: keys.issuer,
    audience: keys.audience,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: clockToleranceS,
  });

  return async (jwt) => {
    let payload: JWTPayload;
    try {
      ({ payload } = await check(jwt));
    } catch (error) {
      if (keys.kind === 'jwks' && isFetchFailure(error)) {
        throw new BulkheadError(
          'PRODUCT_UNAVAILABLE',
          'The keys that tokens are checked with are out of reach.',
          {
            cause: error,
            retryAfterS: 5,
          },
        );
      }
      throw notAuthenticated(error);
    }
    if (!isSubject(payload.sub)) throw notAuthenticated();
    return { subject: payload.sub, scopes: scopesOf(payload), audience: audiencesOf(payload) };
  };
}

/** What `signToken` writes into a token. */
export interface TokenContents {
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly expiresInS: number;
}

/** Signs a token for `bulkhead token`; only where the key is a secret, as other keys can only check. */
export async function signToken(keys: TokenKeys, contents: TokenContents): Promise<string> {
  if (keys.kind !== 'secret')
    throw new StartError(['Tokens are signed here only under a secret; ask whoever holds the private key.']);
  if (!isSubject(contents.subject))
    throw new StartError(['Subject of a token: expected 1 to 200 characters, without control characters.']);
  const now = Math.floor(Date.now() / 1000);
  return await new SignJWT({ scope: contents.scopes.join(' ') })
    .setProtectedHeader({ alg: keys.algorithm, typ: 'JWT' })
    .setIssuer(keys.issuer)
    .setAudience(keys.audience)
    .setSubject(contents.subject)
    .setIssuedAt(now)
    .setExpirationTime(now + contents.expiresInS)
    .setJti(randomUUID())
    .sign(new TextEncoder().encode(keys.secret));
}

/** The audiences a payload names, whether it was verified or not. */
export const audiencesOf = ({ aud }: JWTPayload): readonly string[] =>
  typeof aud === 'string' ? [aud] : (aud ?? []);

function createCheck(keys: TokenKeys, options: JWTVerifyOptions): (jwt: string) => Promise<JWTVerifyResult> {
  if (keys.kind === 'jwks') {
    const keySet = createRemoteJWKSet(new URL(keys.url), jwksTimeouts);
    return (jwt) => jwtVerify(jwt, keySet, options);
  }
  const check = createKeyCheck(keys.kind === 'secret' ? keys.secret : keys.publicKey, keys, options);
  if (keys.previous === undefined) return check;
  const checkPrevious = createKeyCheck(keys.previous, keys, options);
  return (jwt) =>
    check(jwt).catch((error: unknown) => {
      if (error instanceof errors.JWSSignatureVerificationFailed) return checkPrevious(jwt);
      throw error;
    });
}

function createKeyCheck(
  key: string,
  { kind, algorithm }: Pick<TokenKeys, 'kind' | 'algorithm'>,
  options: JWTVerifyOptions,
): (jwt: string) => Promise<JWTVerifyResult> {
  if (kind === 'secret') {
    const secret = new TextEncoder().encode(key);
    return (jwt) => jwtVerify(jwt, secret, options);
  }
  const imported = importSPKI(key, algorithm);
  // Awaited by each check; without this, a bad key would end the process before the first.
  imported.catch(() => {});
  return async (jwt) => jwtVerify(jwt, await imported, options);
}

/** Whether the key set could not be had: the network, an answer other than 200, no JSON, a timeout. */
const isFetchFailure = (error: unknown): boolean =>
  !(error instanceof errors.JOSEError) ||
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  error.code === 'ERR_JOSE_GENERIC';

/** The subject is written into logs and audit entries, so it must be one short line. */
const isSubject = (subject: unknown): subject is string =>
  typeof subject === 'string' && /^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u.test(subject);

const scopesOf = ({ scope }: JWTPayload): readonly string[] =>
  typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [];
