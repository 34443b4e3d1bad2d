import { createPublicKey, type KeyObject } from 'node:crypto';
import { weaknessOf } from './secret-strength.js';
import type { VariableSource } from './variable-source.js';

/** Algorithms under which the gateway can only check a token, not make one. */
export const asymmetricAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type AsymmetricAlgorithm = (typeof asymmetricAlgorithms)[number];

interface TokenClaims {
  readonly issuer: string;
  readonly audience: string;
}

/** What a token must be signed with and name to be believed. The algorithm is pinned: the token's own word counts for nothing. */
export type TokenKeys = TokenClaims &
  (
    | {
        readonly kind: 'secret';
        readonly secret: string;
        /** Signs no more, and is good for checking until its last token has expired. */
        readonly previous?: string;
        readonly algorithm: 'HS256';
      }
    | {
        readonly kind: 'publicKey';
        readonly publicKey: string;
        readonly previous?: string;
        readonly algorithm: AsymmetricAlgorithm;
      }
    | { readonly kind: 'jwks'; readonly url: string; readonly algorithm: AsymmetricAlgorithm }
  );

/** Issuer and audience where none are set: `bulkhead`, and `bulkhead:<product>` (operators: `bulkhead`). */
export const defaultClaims = (product?: string): TokenClaims => ({
  issuer: 'bulkhead',
  audience: product ? `bulkhead:${product}` : 'bulkhead',
});

/** Keys from a shared secret, with the default issuer and audience. */
export const secretKeys = (secret: string, product?: string): TokenKeys & { kind: 'secret' } => ({
  ...defaultClaims(product),
  kind: 'secret',
  secret,
  algorithm: 'HS256',
});

/** Reads `<prefix>_JWT_*` and `<prefix>_JWKS_URL`; undefined where no key is given or a problem was noted. */
export function readTokenKeys(
  source: VariableSource,
  prefix: string,
  options: { readonly product?: string; readonly production: boolean },
): TokenKeys | undefined {
  const names = { secret: 'JWT_SECRET', publicKey: 'JWT_PUBLIC_KEY', jwks: 'JWKS_URL' } as const;
  const kinds = (['secret', 'publicKey', 'jwks'] as const).filter((kind) =>
    source.has(`${prefix}_${names[kind]}`),
  );
  if (kinds.length > 1) {
    const set = kinds.map((kind) => `${prefix}_${names[kind]}`).join(' and ');
    return source.problem(`${set} are set: keep one source of keys.`);
  }
  const kind = kinds[0];
  for (const other of ['secret', 'publicKey'] as const)
    if (kind !== other && source.has(`${prefix}_${names[other]}_PREVIOUS`))
      source.problem(
        `${prefix}_${names[other]}_PREVIOUS is set, but ${prefix}_${names[other]}, which would follow it, is not.`,
      );
  if (!kind) {
    for (const claim of ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_ALGORITHM'])
      if (source.has(`${prefix}_${claim}`)) source.problem(`${prefix}_${claim} is set, but there is no key.`);
    return undefined;
  }

  const defaults = defaultClaims(options.product);
  const claims = {
    issuer: source.get(`${prefix}_JWT_ISSUER`) ?? defaults.issuer,
    audience: source.get(`${prefix}_JWT_AUDIENCE`) ?? defaults.audience,
  };
  const variable = `${prefix}_${names[kind]}`;
  const algorithm = readAlgorithm(source, `${prefix}_JWT_ALGORITHM`, kind === 'secret');
  const value = source.get(variable);
  const before = kind === 'jwks' ? undefined : source.get(`${variable}_PREVIOUS`, true);
  if (!value || !algorithm) return undefined;
  if (before === value)
    return source.problem(
      `${variable} and ${variable}_PREVIOUS are the same: expected the new one in ${variable}.`,
    );

  if (algorithm === 'HS256') {
    const weak = (name: string, secret: string | undefined): boolean => {
      const weakness = options.production && secret !== undefined ? weaknessOf(secret) : null;
      if (weakness) source.problem(`${name}: ${weakness}; expected at least 32 random bytes in production.`);
      return weakness !== null;
    };
    if ([weak(variable, value), weak(`${variable}_PREVIOUS`, before)].includes(true)) return undefined;
    return {
      ...claims,
      kind: 'secret',
      secret: value,
      ...(before !== undefined && { previous: before }),
      algorithm,
    };
  }
  if (kind === 'jwks') {
    if (!isJwksUrl(value, options.production))
      return source.problem(
        `${variable}: expected an https:// address without credentials` +
          (options.production ? '.' : ' (http:// for this machine only).'),
      );
    return { ...claims, kind, url: value, algorithm };
  }
  const publicKey = readPublicKey(source, variable, value, algorithm);
  const previous = before && readPublicKey(source, `${variable}_PREVIOUS`, before, algorithm);
  if (!publicKey || (before && !previous)) return undefined;
  return { ...claims, kind: 'publicKey', publicKey, ...(previous && { previous }), algorithm };
}

function readPublicKey(
  source: VariableSource,
  variable: string,
  value: string,
  algorithm: AsymmetricAlgorithm,
): string | undefined {
  // Container tools often cannot hold a line break in a variable.
  const publicKey = value.replaceAll('\\n', '\n');
  if (isPublicKey(publicKey, algorithm)) return publicKey;
  return source.problem(
    `${variable}: expected a public key in PEM form (-----BEGIN PUBLIC KEY-----) that fits ${algorithm}.`,
  );
}

function readAlgorithm(
  source: VariableSource,
  variable: string,
  symmetric: boolean,
): 'HS256' | AsymmetricAlgorithm | undefined {
  const value = source.get(variable);
  const allowed = symmetric ? (['HS256'] as const) : asymmetricAlgorithms;
  if (!value) return allowed[0];
  const found = allowed.find((algorithm) => algorithm === value);
  return found ?? source.problem(`${variable}: expected ${allowed.join(', ')}.`);
}

function isJwksUrl(value: string, production: boolean): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || url.username || url.password) return false;
  if (url.protocol === 'https:') return true;
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return !production && url.protocol === 'http:' && loopback;
}

function isPublicKey(pem: string, algorithm: AsymmetricAlgorithm): boolean {
  // createPublicKey would derive the public half of a private key, which has no business here.
  if (!pem.startsWith('-----BEGIN PUBLIC KEY-----')) return false;
  try {
    return fits(createPublicKey(pem), algorithm);
  } catch {
    return false;
  }
}

function fits(key: KeyObject, algorithm: AsymmetricAlgorithm): boolean {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (algorithm === 'ES256') return key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1';
  if (algorithm === 'EdDSA') return key.asymmetricKeyType === 'ed25519';
  return key.asymmetricKeyType === 'rsa' && modulusLength >= 2048;
}
