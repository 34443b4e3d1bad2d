import { mongo } from 'mongoose';

/** What a connection string points at, without its credentials. */
export interface MongodbTarget {
  /** `host:port` of every server named, sorted; the one DNS name of a `mongodb+srv://` address. */
  readonly hosts: readonly string[];
  /** The database in the path, if one is named. */
  readonly database?: string;
}

/**
 * Reads a connection string without connecting, or answers null where the driver could not.
 * The driver's own message is dropped, because it may quote the string.
 */
export function parseMongodbUri(uri: string): MongodbTarget | null {
  if (!/^mongodb(\+srv)?:\/\//.test(uri)) return null;
  try {
    const { hosts, srvHost } = new mongo.MongoClient(uri).options;
    const path = /^[^/]*\/\/[^/?]*\/([^?]*)/.exec(uri)?.[1];
    return {
      hosts: srvHost ? [srvHost] : hosts.map((host) => host.toString()).sort(),
      ...(path && { database: decodeURIComponent(path) }),
    };
  } catch {
    return null;
  }
}

const LOOPBACK =
  /^(?:localhost|\[?::1\]?|\[?::ffff:(?:127(?:\.\d{1,3}){3}|7f[0-9a-f]{2}:[0-9a-f]{1,4})\]?|0\.0\.0\.0|127(?:\.\d{1,3}){3})(?=:\d+$)/;

/**
 * The servers that a connection string names, each in one spelling however it is written: in small letters, without the
 * final dot of a full name, with its port, and this machine as `localhost`. Empty where it is no connection string.
 */
export const serversOf = (uri: string | undefined): readonly string[] =>
  (uri === undefined ? undefined : parseMongodbUri(uri)?.hosts)?.map((host) =>
    host
      .toLowerCase()
      .replace(/\.(?=:\d+$|$)/, '')
      .replace(LOOPBACK, 'localhost'),
  ) ?? [];
