import { mongo } from 'mongoose';
import { StartError } from '../../errors/bulkhead-error.js';
import { refusalOfRights, wordsOfDriverError } from '../driver-words.js';
import { memberUri } from './member-uri.js';

const NO_REPLICATION = 76;
const SELECTION_MS = 5_000;
/** A member that says nothing for so long is away. */
const ANSWER_MS = 15_000;

/** A member that holds data and votes, asked by itself. */
export interface Member {
  /** As the set's configuration names it. */
  readonly host: string;
  readonly priority: number;
  /** Runs a command on `admin` of this very member. */
  command(what: mongo.Document): Promise<mongo.Document>;
}

/** The part of a replica set's configuration that a step-down depends on. */
export interface SetConfig {
  readonly members: readonly {
    readonly host: string;
    readonly votes: number;
    readonly priority: number;
    readonly arbiterOnly: boolean;
  }[];
  readonly settings: { readonly chainingAllowed: boolean; readonly heartbeatIntervalMillis: number };
}

/**
 * Opens every member of a replica set that holds data and votes, and closes them afterwards.
 *
 * @param uri the administrator's connection string of the set.
 * @throws StartError where it names no replica set, or its user may not look at one; the driver's error where none of
 *   its members can be reached.
 */
export async function withMembers<T>(
  uri: string,
  work: (members: readonly Member[], config: SetConfig) => Promise<T>,
): Promise<T> {
  const clients: mongo.MongoClient[] = [];
  const open = (address: string): mongo.MongoClient => {
    const client = new mongo.MongoClient(address, {
      appName: 'bulkhead:step-down',
      connectTimeoutMS: SELECTION_MS,
      serverSelectionTimeoutMS: SELECTION_MS,
      socketTimeoutMS: ANSWER_MS,
      retryReads: false,
    });
    clients.push(client);
    return client;
  };
  try {
    const set = open(uri);
    const config = await configOf(set);
    const authSource = set.options.credentials?.source;
    const members = config.members
      .filter(({ votes, arbiterOnly }) => votes > 0 && !arbiterOnly)
      .map(({ host, priority }) => {
        const admin = open(memberUri(uri, host, authSource)).db('admin');
        return { host, priority, command: (what: mongo.Document) => admin.command(what) };
      });
    return await work(members, config);
  } catch (error) {
    if (refusalOfRights(error) === undefined) throw error;
    throw new StartError([
      `BULKHEAD_ADMIN_URI: expected a user with the role clusterManager of a server of your own (${wordsOfDriverError(error)}). On Atlas its own tools do maintenance.`,
    ]);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function configOf(set: mongo.MongoClient): Promise<SetConfig> {
  try {
    const admin = set.db('admin', { readPreference: 'primaryPreferred' });
    const { config } = await admin.command({ replSetGetConfig: 1 });
    return config as SetConfig;
  } catch (error) {
    if (!(error instanceof mongo.MongoServerError) || error.code !== NO_REPLICATION) throw error;
    throw new StartError(['BULKHEAD_ADMIN_URI: expected a replica set, got a server that is in none.']);
  }
}
