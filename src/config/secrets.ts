const uriIn = /mongodb(?:\+srv)?:\/\/[^\s"<>`]+/gi;
const jwt = /(?<![\w-])e[wy][\w-]{14,}(?:\.[\w-]*){2,4}/g;
const sessionToken = /bhs_[\w-]+/g;
const developmentSecret = /development-[\w-]{16,}/g;

/**
 * A connection string with hosts and database only. User, password and all options go, as options may hold
 * secrets too. Everything before the last `@` counts as credentials, also in a string that is malformed.
 */
export function redactUri(uri: string): string {
  const start = uri.indexOf('://');
  if (start < 0) return '[connection string]';
  const scheme = uri.slice(0, start + 3);
  const rest = uri.slice(Math.max(start + 3, uri.lastIndexOf('@') + 1));
  return scheme + rest.replace(/\?.*$/s, '');
}

/**
 * A text without what must never be logged or shown: credentials in MongoDB connection strings, JSON Web
 * Tokens, session tokens, secrets made for development.
 *
 * @example redact('no route to mongodb://u:p@db/blog') // 'no route to mongodb://db/blog'
 */
export const redact = (text: string): string =>
  text
    .replace(uriIn, redactUri)
    .replace(jwt, '[token]')
    .replace(sessionToken, '[session token]')
    .replace(developmentSecret, '[secret]');
