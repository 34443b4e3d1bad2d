import { redact } from '../../config/secrets.js';

const SECRET_KEY = /(?:authorization|cookie|password|secret|token|uri)$/i;
const CENSORED = '[redacted]';
const DEEPEST = 6;
/** What the logger writes by serializers of its own, from objects of the HTTP framework. */
const SERIALIZED = new Set(['req', 'res']);

function read(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    return '[unreadable]';
  }
}

function cleanError(error: Error, depth: number): unknown {
  const facts: Record<string, unknown> = {
    type: redact(String(read(error, 'name'))),
    message: redact(String(read(error, 'message'))),
    stack: redact(String(read(error, 'stack'))),
  };
  for (const key of ['code', 'codeName', 'cause', 'errors']) {
    const value = read(error, key);
    if (value !== undefined) facts[key] = cleanForLog(value, depth + 1);
  }
  return facts;
}

/**
 * A value as it may be logged: without credentials in any text, without values under keys that name secrets, errors
 * with their causes. It bears anything that can be thrown: cycles, getters that throw, objects of any class.
 */
export function cleanForLog(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return redact(String(value));
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return '[deeper]';
  try {
    if (value instanceof Error) return cleanError(value, depth);
    if (value instanceof Date) return value;
    if (Array.isArray(value)) return value.map((one) => cleanForLog(one, depth + 1));
    const prototype: unknown = Object.getPrototypeOf(value);
    // Clients and connections hold their credentials somewhere inside.
    if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`;
    return Object.fromEntries(
      Object.keys(value).map((key) => {
        if (depth === 0 && SERIALIZED.has(key)) return [key, read(value, key)];
        if (SECRET_KEY.test(key)) return [key, CENSORED];
        return [redact(key), cleanForLog(read(value, key), depth + 1)];
      }),
    );
  } catch {
    return '[unreadable]';
  }
}
