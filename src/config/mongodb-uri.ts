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
