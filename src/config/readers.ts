import { parseMongodbUri } from './mongodb-uri.js';
import type { VariableSource } from './variable-source.js';

/** One of a few words; undefined where the variable is missing or wrong. */
export function readChoice<const T extends string>(
  source: VariableSource,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value = source.get(name);
  if (value === undefined) return undefined;
  const found = allowed.find((choice) => choice === value);
  return found ?? source.problem(`${name}: expected ${allowed.join(', ')}.`);
}

/** `true` or `1`, `false` or `0`. */
export function readBoolean(source: VariableSource, name: string, otherwise: boolean): boolean {
  const value = source.get(name);
  if (value === undefined) return otherwise;
  if (value === 'true' || value === '1') return true;
  if (value !== 'false' && value !== '0') source.problem(`${name}: expected true or false.`);
  return false;
}

/** A whole number in a range, both ends included. */
export function readInteger(
  source: VariableSource,
  name: string,
  range: { readonly from: number; readonly to: number; readonly otherwise: number },
): number {
  const value = source.get(name);
  if (value === undefined) return range.otherwise;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= range.from && number <= range.to) return number;
  source.problem(`${name}: expected a whole number from ${range.from} to ${range.to}.`);
  return range.otherwise;
}

/** A MongoDB connection string that the driver can read. */
export function readUri(source: VariableSource, name: string): string | undefined {
  const value = source.get(name);
  if (value === undefined || parseMongodbUri(value)) return value;
  return source.problem(
    `${name}: expected a connection string starting with mongodb:// or mongodb+srv://, with reserved characters in user and password percent-encoded.`,
  );
}

/** An address to post to. */
export function readHttpUrl(source: VariableSource, name: string): string | undefined {
  const value = source.get(name);
  if (value === undefined || isHttpUrl(value)) return value;
  return source.problem(`${name}: expected an address starting with https:// or http://.`);
}

/** Whether a text is an address of the web. */
export const isHttpUrl = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
