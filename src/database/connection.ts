import mongoose, { type Connection } from 'mongoose';
import { observedConnection, type Observers } from './observed-connection.js';

/** How one product is reached. */
export interface ConnectionOptions extends Observers {
  /** Names the connection in the server's log and in fail points. */
  readonly appName: string;
  readonly uri: string;
  /** Used when the URI names no database. */
  readonly database: string;
  readonly poolSize: number;
  readonly waitQueueTimeoutMs: number;
  /** Bounds the choice of a server, and a socket that says nothing. */
  readonly deadlineMs: number;
  /** Lets the driver emit its own events of commands, too. */
  readonly monitorCommands?: boolean;
}

/** The database a URI names, or the fallback. */
export const databaseOf = (uri: string, fallback: string): string => {
  const [, path = ''] = /^mongodb(?:\+srv)?:\/\/[^/]*\/([^?]*)/.exec(uri) ?? [];
  return path === '' ? fallback : decodeURIComponent(path);
};

/**
 * A connection of one product, not yet open: `openUri` is called by whoever watches it, again and again if need be.
 * Never Mongoose's default connection, and never `useDb`.
 */
export const createConnection = (): Connection => mongoose.createConnection();

/** Opens a connection. @throws the driver's error when no server answers or the credential is refused. */
export async function openConnection(connection: Connection, options: ConnectionOptions): Promise<void> {
  const observed: object = { connectionType: observedConnection(options) };
  await connection.openUri(options.uri, {
    ...observed,
    appName: options.appName,
    dbName: databaseOf(options.uri, options.database),
    maxPoolSize: options.poolSize,
    waitQueueTimeoutMS: options.waitQueueTimeoutMs,
    serverSelectionTimeoutMS: options.deadlineMs,
    connectTimeoutMS: Math.min(2_000, options.deadlineMs),
    // A command has maxTimeMS and a signal; this ends what has neither, such as a write to a frozen server.
    socketTimeoutMS: options.deadlineMs * 2,
    heartbeatFrequencyMS: 2_000,
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    retryReads: true,
    retryWrites: true,
    monitorCommands: options.monitorCommands ?? false,
  });
}
