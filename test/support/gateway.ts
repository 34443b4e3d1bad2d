import { randomBytes } from 'node:crypto';
import mongoose, { mongo } from 'mongoose';
import { inject } from 'vitest';
import config from '../../bulkhead.config.js';
import { hashPassword } from '../../src/auth/passwords.js';
import { signToken } from '../../src/auth/token-keys.js';
import { type Environment, readEnvironment } from '../../src/config/environment.js';
import { productNames } from '../../src/config/names.js';
import { addIndexes } from '../../src/indexes/apply.js';
import type { Gateway } from '../../src/product/gateway.js';
import { provision } from '../../src/product/provision.js';
import { seed } from '../../src/product/seed.js';
import { buildRuntimes } from '../../src/server/runtime/build-runtimes.js';
import { createGatewayServer, type GatewayServer } from '../../src/server/gateway-server.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { countUnstamped } from './timestamps.js';

/** What sample users sign in with in tests. */
export const PASSWORD = 'demo-password-2026';

/** A command as it went to the database. */
export interface SeenCommand {
  readonly product: string;
  readonly name: string;
  readonly command: mongo.Document;
}

/** An answer over real HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests reach deep into answers whose shape they know.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export interface AskOptions {
  readonly token?: string | undefined;
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

export interface TestGatewayOptions {
  /** Default: the project's own gateway. */
  readonly gateway?: Gateway;
  /** Loads sample data at this scale. Default: none. */
  readonly scale?: number;
  /** More variables; `undefined` removes one. */
  readonly env?: Record<string, string | undefined>;
  /** Where the log goes. Default: nowhere. */
  readonly log?: (line: string) => void;
  /** Puts a product on another server than the run's own, by its administrative connection string. */
  readonly servers?: Record<string, string>;
  /** Starts before a product's database is there: `settled` is not awaited. */
  readonly unsettled?: boolean;
  /** How long a request may take to arrive. Default: the gateway's own. */
  readonly requestTimeoutMs?: number;
  /** What the database may have answered to operations under way. */
  readonly mostHeldBytes?: number;
  /** What bodies may take until they are answered. */
  readonly mostBodyBytes?: number;
}

/** The real gateway on real databases of its own, with the credentials that `provision` makes. */
export class TestGateway {
  readonly commands: SeenCommand[] = [];

  private constructor(
    readonly server: GatewayServer,
    readonly environment: Environment,
    readonly address: string,
    /** Database by product. */
    readonly databases: Readonly<Record<string, string>>,
    /** The serving connection strings by product. */
    readonly uris: Readonly<Record<string, string>>,
    readonly opsUris: Readonly<Record<string, string>>,
    readonly admins: ReadonlyMap<string, mongo.MongoClient>,
  ) {
    for (const [product, runtime] of server.runtimes) {
      const client = () => runtime.link.connection.getClient();
      const listen = () =>
        client().on('commandStarted', ({ commandName, command }) => {
          if (!HOUSEKEEPING.has(commandName) && !isOfMonitor(command))
            this.commands.push({ product, name: commandName, command });
        });
      if (runtime.link.connection.readyState === mongoose.ConnectionStates.connected) listen();
      else runtime.link.connection.once('connected', listen);
    }
  }

  static async start(options: TestGatewayOptions = {}): Promise<TestGateway> {
    const gateway = options.gateway ?? config;
    const run = randomBytes(4).toString('hex');
    const env: NodeJS.ProcessEnv = {
      PORT: '0',
      BULKHEAD_LOG_LEVEL: 'warn',
      BULKHEAD_JWT_SECRET: `operators-${randomBytes(24).toString('hex')}`,
    };
    const databases: Record<string, string> = {};
    const uris: Record<string, string> = {};
    const opsUris: Record<string, string> = {};
    const admins = new Map<string, mongo.MongoClient>();
    for (const [name, { classes, product }] of buildRuntimes(gateway)) {
      const adminUri = options.servers?.[name] ?? inject('mongodAdminUri');
      const admin = await new mongo.MongoClient(adminUri).connect();
      admins.set(name, admin);
      const database = `t${run}_${name}`;
      const [serve, ops] = ['serve', 'ops'].map((role) => ({
        user: `${name}-${role}`,
        password: randomBytes(16).toString('hex'),
      }));
      await provision(admin, { database, classes, serve: serve!, ops: ops! });
      await addIndexes(admin.db(database), classes);
      if (options.scale && product.sample) {
        await seed(
          admin.db(database),
          product.sample({ scale: options.scale, passwordHash: await samplePassword() }),
        );
      }
      const uriOf = ({ user, password }: { user: string; password: string }) => {
        const uri = new URL(adminUri);
        [uri.username, uri.password, uri.pathname] = [user, password, `/${database}`];
        uri.searchParams.set('authSource', database);
        return uri.href;
      };
      databases[name] = database;
      uris[name] = uriOf(serve!);
      opsUris[name] = uriOf(ops!);
      const { envPrefix } = productNames(name);
      env[`${envPrefix}_MONGODB_URI`] = uris[name];
      env[`${envPrefix}_JWT_SECRET`] = `${name}-${randomBytes(24).toString('hex')}`;
    }
    for (const [name, value] of Object.entries(options.env ?? {})) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    }
    const environment = readEnvironment({
      products: Object.keys(gateway.products),
      env,
      cwd: '/nonexistent',
    });
    const { log, requestTimeoutMs } = options;
    const logger = createLogger(environment.logLevel, { write: (line: string) => log?.(line) });
    const server = await createGatewayServer({
      gateway,
      environment,
      logger,
      monitorCommands: true,
      statsEveryMs: NEVER_MS,
      ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
      ...(options.mostHeldBytes !== undefined && { mostHeldBytes: options.mostHeldBytes }),
      ...(options.mostBodyBytes !== undefined && { mostBodyBytes: options.mostBodyBytes }),
    });
    if (!options.unsettled) await server.settled();
    const address = await server.listen();
    return new TestGateway(server, environment, address, databases, uris, opsUris, admins);
  }

  /** Asks a product's own endpoint, or the composed graph with `undefined`. */
  async ask(
    product: string | undefined,
    query: string,
    { token, variables, headers }: AskOptions = {},
  ): Promise<Answer> {
    const response = await fetch(this.url(product), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...(token && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  url(product: string | undefined): string {
    return `${this.address}/graphql${product ? `/${product}` : ''}`;
  }

  /** An operator's token. */
  operator(...scopes: string[]): Promise<string> {
    const keys = this.environment.operatorKeys;
    if (keys?.kind !== 'secret') throw new TypeError('no operator secret');
    return signToken(keys, {
      subject: 'op-1',
      scopes: scopes.length > 0 ? scopes : ['*:admin'],
      expiresInS: 3_600,
    });
  }

  /** A service's token under a product's own key. */
  service(product: string, ...scopes: string[]): Promise<string> {
    const keys = this.environment.products[product]?.keys;
    if (keys?.kind !== 'secret') throw new TypeError('no product secret');
    return signToken(keys, { subject: 'svc-1', scopes, expiresInS: 3_600 });
  }

  /** Signs a new user up and answers its token and id. */
  async signUp(product: string, name = 'Test Person'): Promise<{ token: string; id: string }> {
    const email = `${randomBytes(6).toString('hex')}@example.org`;
    const { body } = await this.ask(product, SIGN_UP, {
      variables: { input: { name, email, password: PASSWORD } },
    });
    return { token: body.data.signUp.token, id: body.data.signUp.viewer.id };
  }

  /** A product's database, as administrator. */
  db(product: string): mongo.Db {
    return this.admins.get(product)!.db(this.databases[product]);
  }

  /** Forgets the commands seen so far, runs the work, and answers those that it sent. */
  async commandsOf(work: () => Promise<unknown>): Promise<SeenCommand[]> {
    this.commands.length = 0;
    await work();
    return [...this.commands];
  }

  /** Stops the gateway; fails when a stored document lacks its timestamps; removes databases and users. */
  async close(): Promise<void> {
    await this.server.close();
    const unstamped: string[] = [];
    for (const product of this.admins.keys()) {
      const db = this.db(product);
      unstamped.push(...(await countUnstamped(db)));
      await db.command({ dropAllUsersFromDatabase: 1 });
      await db.command({ dropAllRolesFromDatabase: 1 });
      await db.dropDatabase();
      await this.admins.get(product)!.close();
    }
    if (unstamped.length > 0)
      throw new Error(`Documents without createdAt and updatedAt: ${unstamped.join(', ')}`);
  }
}

const SIGN_UP = 'mutation ($input: SignUpInput!) { signUp(input: $input) { token viewer { id } } }';
/** What the driver sends of its own accord. */
const HOUSEKEEPING = new Set([
  'endSessions',
  'hello',
  'ping',
  'saslStart',
  'saslContinue',
  'connectionStatus',
]);

/** Statistics are written when the gateway stops, and when a test does it. */
const NEVER_MS = 2 ** 30;

const isOfMonitor = ({ comment }: mongo.Document): boolean =>
  typeof comment === 'string' && comment.endsWith(':monitor');

let passwordHash: Promise<string> | undefined;
const samplePassword = () => (passwordHash ??= hashPassword(PASSWORD));
