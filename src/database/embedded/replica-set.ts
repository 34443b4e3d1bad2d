import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { StartError } from '../../errors/bulkhead-error.js';

const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
const ALREADY_INITIALIZED = 23;
const NOT_YET_INITIALIZED = 94;
const USER_EXISTS = 51_003;
const RECONFIG_MS = 60_000;

/** What {@link bringUp} takes. */
export interface BringUpOptions {
  readonly port: number;
  /** The process that must be answering. */
  readonly pid: number;
  readonly password: string;
  readonly replicaSet: string;
  /** The folder, for messages. */
  readonly dir: string;
  readonly timeoutMs: number;
}

/**
 * Turns a mongod that listens into a single-node replica set with an administrator and a primary, whatever an earlier
 * start left undone: every step is skipped when it is done already. Returns the server's version.
 */
export async function bringUp(options: BringUpOptions): Promise<string> {
  const client = (await connectAsRoot(options)) ?? (await createRoot(options));
  try {
    const admin = client.db('admin');
    const { pid, version } = await admin.command({ serverStatus: 1, repl: 0, metrics: 0, wiredTiger: 0 });
    if (Number(pid) !== options.pid) {
      throw new StartError([`127.0.0.1:${options.port} is answered by another mongod (pid ${Number(pid)}).`]);
    }
    await correctMember(client, options);
    await waitForPrimary(client, options);
    return String(version);
  } finally {
    await client.close();
  }
}

/** The URI of the administrator; every embedded server has one. */
export function buildAdminUri(port: number, password: string, replicaSet: string): string {
  return `mongodb://root:${encodeURIComponent(password)}@127.0.0.1:${port}/?authSource=admin&replicaSet=${encodeURIComponent(replicaSet)}`;
}

function openDirect({ port, timeoutMs }: BringUpOptions, password?: string): mongo.MongoClient {
  return new mongo.MongoClient(`mongodb://127.0.0.1:${port}/`, {
    directConnection: true,
    serverSelectionTimeoutMS: timeoutMs,
    maxPoolSize: 1,
    ...(password !== undefined && { auth: { username: 'root', password }, authSource: 'admin' }),
  });
}

async function connectAsRoot(options: BringUpOptions): Promise<mongo.MongoClient | undefined> {
  const client = openDirect(options, options.password);
  try {
    await client.db('admin').command({ ping: 1 });
    return client;
  } catch (error) {
    await client.close();
    if (codeOf(error) === AUTHENTICATION_FAILED) return undefined;
    throw error;
  }
}

/**
 * As long as there is no user, MongoDB lets a local client initiate the set and create the first one. A start that was
 * killed between the two comes here again.
 */
async function createRoot(options: BringUpOptions): Promise<mongo.MongoClient> {
  const { port, password, replicaSet, dir } = options;
  const client = openDirect(options);
  try {
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    const config = { _id: replicaSet, members, settings: { electionTimeoutMillis: 1000 } };
    await unless(ALREADY_INITIALIZED, client.db('admin').command({ replSetInitiate: config }));
    await waitForPrimary(client, options);
    await unless(
      USER_EXISTS,
      client.db('admin').command({ createUser: 'root', pwd: password, roles: ['root'] }),
    );
  } catch (error) {
    if (codeOf(error) !== UNAUTHORIZED) throw error;
    throw new StartError([
      `The data in ${dir} was made with another password than the one in its file root-password.`,
      'Put the right file back, or start with another data folder.',
    ]);
  } finally {
    await client.close();
  }
  const root = await connectAsRoot(options);
  if (root === undefined)
    throw new StartError([`The administrator of ${dir} was created and cannot log in.`]);
  return root;
}

/** A replica set knows its member by host and port: a start on another port has to tell it. */
async function correctMember(client: mongo.MongoClient, options: BringUpOptions): Promise<void> {
  const { port, replicaSet, dir } = options;
  interface Config {
    readonly _id: string;
    readonly version: number;
    readonly members: readonly { readonly host: string }[];
  }
  const config = await client.db('local').collection('system.replset').findOne<Config>();
  const [member] = config?.members ?? [];
  const host = `127.0.0.1:${port}`;
  if (config === null || member === undefined || member.host === host) return;
  if (config._id !== replicaSet) {
    throw new StartError([
      `The data in ${dir} belongs to the replica set "${config._id}", not "${replicaSet}".`,
    ]);
  }
  const replSetReconfig = { ...config, version: config.version + 1, members: [{ ...member, host }] };
  const deadline = Date.now() + RECONFIG_MS;
  for (;;) {
    try {
      await client.db('admin').command({ replSetReconfig, force: true });
      return;
    } catch (error) {
      // It first asks whoever holds the old port whether that is itself; one who accepts and never answers costs it 30 s.
      if (codeOf(error) !== NOT_YET_INITIALIZED || Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

async function waitForPrimary(client: mongo.MongoClient, { dir, timeoutMs }: BringUpOptions): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const hello = await client.db('admin').command({ hello: 1 });
    if (hello['isWritablePrimary'] === true) return;
    if (Date.now() > deadline) {
      throw new StartError([
        `The embedded mongod did not become primary within ${timeoutMs / 1000} s.`,
        `Its log: ${dir}/mongod.log. Data of a first start that was cut off can be removed: ${dir}`,
      ]);
    }
    await sleep(20);
  }
}

async function unless(code: number, command: Promise<unknown>): Promise<void> {
  try {
    await command;
  } catch (error) {
    if (codeOf(error) !== code) throw error;
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof mongo.MongoServerError ? error.code : undefined;
