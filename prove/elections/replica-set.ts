import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { type DataFolder, openDataFolder } from '../../src/database/embedded/data-folder.js';
import { type MongodProcess, spawnMongod } from '../../src/database/embedded/mongod-process.js';
import { chooseFreePort } from '../../src/database/embedded/ports.js';
import { clearFolder } from '../../src/database/embedded/server-record.js';

/** What decides how long a set is without a primary, and its primary without a follower. */
export interface Waits {
  /** An election begins when a member has not heard of its primary for so long. */
  readonly electionTimeoutMillis: number;
  /** Whether a member may follow one that is no primary. */
  readonly chainingAllowed: boolean;
  /** How often a member tries a source that it has lost (`oplogFetcherSteadyStateMaxFetcherRestarts`). */
  readonly fetcherRestarts: number;
}

/** An election of two seconds, and what servers do by themselves. */
export const TWO_SECONDS: Waits = { electionTimeoutMillis: 2_000, chainingAllowed: true, fetcherRestarts: 1 };
const NAME = 'elections';
const MEMBERS = 3;
const SPAWN_MS = 60_000;
const HEALTHY_MS = 120_000;
/** How far a member may be behind its primary and count as caught up. */
const LAG_MS = 1_000;
/** What the log says of a member that takes writes from now on. */
const WRITABLE = '"id":21331,';

/** One member, which can be killed, frozen and started again on its data and port. */
export interface Member {
  readonly port: number;
  /** As the others of its set know it. */
  readonly host: string;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** The administrator's client of this very member. */
  readonly client: mongo.MongoClient;
}

class OwnMember implements Member {
  #mongod: MongodProcess | undefined;
  #client: mongo.MongoClient | undefined;
  #isFrozen = false;
  #fetcherRestarts = TWO_SECONDS.fetcherRestarts;

  constructor(
    readonly binary: string,
    readonly folder: DataFolder,
    readonly port: number,
    readonly password: string,
  ) {}

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  get client(): mongo.MongoClient {
    return (this.#client ??= direct(this.port, this.password));
  }

  async restart(): Promise<void> {
    await clearFolder(this.folder);
    const spawned = await spawnMongod({
      binary: this.binary,
      folder: this.folder,
      port: this.port,
      replicaSet: NAME,
      cacheSizeGb: 0.25,
      // How long past an await of its own a member listens to a source of its oplog that says nothing.
      extraArgs: [
        'oplogNetworkTimeoutBufferSeconds=1',
        `oplogFetcherSteadyStateMaxFetcherRestarts=${this.#fetcherRestarts}`,
      ].flatMap((parameter) => ['--setParameter', parameter]),
      env: process.env,
      timeoutMs: SPAWN_MS,
    });
    if (typeof spawned === 'string') throw new Error(`A member did not start: ${spawned}.`);
    this.#mongod = spawned;
  }

  /** From now on, and after each restart. */
  async restartFetcher(times: number): Promise<void> {
    this.#fetcherRestarts = times;
    await this.client
      .db('admin')
      .command({ setParameter: 1, oplogFetcherSteadyStateMaxFetcherRestarts: times });
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#signal('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#mongod?.exited;
    this.#mongod = undefined;
  }

  async close(): Promise<void> {
    await this.#client?.close();
    await this.kill();
  }

  /** Without waiting: the process ends. */
  abandon(): void {
    this.#signal('SIGKILL');
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  #signal(signal: NodeJS.Signals): void {
    const child = this.#mongod?.child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(child.pid, signal);
  }
}

/** Asks one member and no other; a member that is frozen or gone is given up soon. */
const direct = (port: number, password?: string): mongo.MongoClient =>
  new mongo.MongoClient(`mongodb://127.0.0.1:${port}/`, {
    directConnection: true,
    serverSelectionTimeoutMS: 1_000,
    connectTimeoutMS: 1_000,
    socketTimeoutMS: 15_000,
    retryReads: false,
    ...(password !== undefined && { auth: { username: 'root', password }, authSource: 'admin' }),
  });

/** Three real servers as one replica set with an election of two seconds, in a folder of its own. */
export class ReplicaSet {
  private constructor(
    readonly dir: string,
    readonly members: readonly OwnMember[],
    readonly password: string,
  ) {
    process.on('exit', this.#abandon);
  }

  /** However this process ends, no server outlives it: a frozen one takes note of no other signal. */
  readonly #abandon = () => {
    for (const member of this.members) member.abandon();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  };

  /** @param binary the mongod to run. */
  static async start(binary: string): Promise<ReplicaSet> {
    const dir = mkdtempSync(join(tmpdir(), 'bulkhead-elections-'));
    const first = openDataFolder(join(dir, '0'));
    const members: OwnMember[] = [];
    for (let n = 0; n < MEMBERS; n += 1) {
      const path = join(dir, String(n));
      mkdirSync(path, { recursive: true, mode: 0o700 });
      // Members know each other by one key.
      if (n > 0) copyFileSync(first.keyFile, join(path, 'keyfile'));
      const port = await chooseFreePort([]);
      members.push(new OwnMember(binary, openDataFolder(path), port, first.password));
    }
    const set = new ReplicaSet(dir, members, first.password);
    try {
      await Promise.all(members.map((member) => member.restart()));
      await set.#initiate();
      await set.healthy();
      return set;
    } catch (error) {
      await set.stop();
      throw error;
    }
  }

  /** The administrator's connection string, with every member. */
  get uri(): string {
    return this.#uriOf(this.members.map(({ host }) => host).join());
  }

  /** The same with one member, of which the driver learns the others: `URL` reads no list of hosts. */
  get memberUri(): string {
    return this.#uriOf(this.members[0]!.host);
  }

  #uriOf(hosts: string): string {
    return `mongodb://root:${encodeURIComponent(this.password)}@${hosts}/?authSource=admin&replicaSet=${NAME}`;
  }

  /** The member that says it can be written to; of two, as after a freeze, neither. */
  async primary(): Promise<Member | undefined> {
    const said = await Promise.all(this.members.map((member) => hello(member)));
    const primaries = this.members.filter((_, n) => said[n]?.isWritablePrimary);
    return primaries.length === 1 ? primaries[0] : undefined;
  }

  /** Waits for one primary and two secondaries that have caught up. @throws Error when that takes two minutes. */
  async healthy(): Promise<Member> {
    for (const until = Date.now() + HEALTHY_MS; Date.now() < until; await sleep(100)) {
      const said = await Promise.all(this.members.map((member) => hello(member)));
      const primary = said.findIndex((one) => one?.isWritablePrimary === true);
      const newest = said[primary]?.lastWrite?.lastWriteDate.getTime() ?? Number.NaN;
      const isCaughtUp = said.every(
        (one, n) =>
          one !== undefined &&
          (n === primary || one.secondary === true) &&
          one.lastWrite !== undefined &&
          newest - one.lastWrite.lastWriteDate.getTime() <= LAG_MS,
      );
      if (primary >= 0 && isCaughtUp) return this.members[primary]!;
    }
    throw new Error('The replica set is not healthy again after two minutes.');
  }

  /** Sets how long the servers wait for each other. */
  async wait({ fetcherRestarts, ...wanted }: Waits): Promise<void> {
    const admin = (await this.healthy()).client.db('admin');
    for (const member of this.members) await member.restartFetcher(fetcherRestarts);
    const { config } = (await admin.command({ replSetGetConfig: 1 })) as { config: Config };
    const settings = { ...config.settings, ...wanted };
    await admin.command({ replSetReconfig: { ...config, version: config.version + 1, settings } });
    await this.healthy();
  }

  /** When a member began to take writes, in milliseconds since the epoch, by the servers' own logs. */
  writableSince(moment: number): readonly number[] {
    return this.members
      .flatMap(({ folder }) => readFileSync(join(folder.path, 'mongod.log'), 'utf8').split('\n'))
      .filter((line) => line.includes(WRITABLE))
      .map((line) => Date.parse((JSON.parse(line) as { t: { $date: string } }).t.$date))
      .filter((at) => at >= moment)
      .sort((one, other) => one - other);
  }

  async version(): Promise<string> {
    const { version } = await this.members[0]!.client.db('admin').command({ buildInfo: 1 });
    return String(version);
  }

  /** Ends every server and deletes the data. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.close()));
    process.off('exit', this.#abandon);
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #initiate(): Promise<void> {
    const [{ port, password }] = this.members as [OwnMember];
    // As long as there is no user, a local client may initiate the set and make the first one.
    const client = direct(port);
    try {
      await client.db('admin').command({
        replSetInitiate: {
          _id: NAME,
          members: this.members.map((member, _id) => ({ _id, host: member.host })),
          settings: { electionTimeoutMillis: TWO_SECONDS.electionTimeoutMillis, heartbeatTimeoutSecs: 2 },
        },
      });
      for (;;) {
        const { isWritablePrimary } = await client.db('admin').command({ hello: 1 });
        if (isWritablePrimary === true) break;
        await sleep(50);
      }
      await client.db('admin').command({ createUser: 'root', pwd: password, roles: ['root'] });
    } finally {
      await client.close();
    }
  }
}

interface Config {
  readonly version: number;
  readonly settings: object;
}

interface Hello {
  readonly isWritablePrimary?: boolean;
  readonly secondary?: boolean;
  readonly lastWrite?: { readonly lastWriteDate: Date };
}

async function hello(member: OwnMember): Promise<Hello | undefined> {
  if (member.isFrozen) return undefined;
  try {
    return await member.client.db('admin').command({ hello: 1 });
  } catch {
    return undefined;
  }
}
