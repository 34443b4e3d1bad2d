import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { copyBuiltProject } from './built-project.js';
import { CommandHost, type Outcome } from './command.js';
import { TestGateway } from './gateway.js';

/** Nobody answers there, which is told at once. */
export const nobodyThere = 'mongodb://u:p@127.0.0.1:1/shop?authSource=shop&serverSelectionTimeoutMS=300';

/** A gateway that runs, and the commands of a built project with that gateway's surroundings. */
export interface Commands {
  readonly folder: string;
  readonly gateway: TestGateway;
  readonly host: CommandHost;
  /** What the commands' surroundings say: this gateway, its databases, its keys. */
  readonly env: Readonly<Record<string, string>>;
  readonly run: (args: string, more?: Record<string, string | undefined>) => Promise<Outcome>;
  /** A user who may do everything everywhere, as a connection string on a product's database. */
  readonly everywhere: (product: string) => string;
}

/** Starts them before a file's tests, and ends them after. */
export function useCommands(): Commands {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-commands-'));
  let gateway!: TestGateway;
  let host!: CommandHost;
  let env!: Record<string, string>;
  beforeAll(async () => {
    [gateway] = await Promise.all([TestGateway.start({ scale: 0.01 }), copyBuiltProject(folder)]);
    host = new CommandHost(folder);
    const { operatorKeys, products } = gateway.environment;
    const secret = (keys: typeof operatorKeys) => (keys?.kind === 'secret' ? keys.secret : '');
    env = { PORT: new URL(gateway.address).port, BULKHEAD_JWT_SECRET: secret(operatorKeys) };
    for (const name of ['blog', 'aviation']) {
      const prefix = name.toUpperCase();
      env[`${prefix}_MONGODB_URI`] = gateway.uris[name]!;
      env[`${prefix}_OPS_MONGODB_URI`] = gateway.opsUris[name]!;
      env[`${prefix}_JWT_SECRET`] = secret(products[name]?.keys);
    }
  });
  afterAll(async () => {
    host.end();
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    get gateway() {
      return gateway;
    },
    get host() {
      return host;
    },
    get env() {
      return env;
    },
    run: (args, more = {}) => host.run(args.split(' '), { ...env, ...more }),
    everywhere: (product) => {
      const uri = new URL(inject('mongodAdminUri'));
      uri.pathname = `/${gateway.databases[product]}`;
      return uri.href;
    },
  };
}

interface Check {
  readonly product?: string;
  readonly check: string;
  readonly state: string;
  readonly message: string;
  readonly remedy?: string;
}

/** What `doctor --json` has found, as lines. */
export const found = (stdout: string, state = 'finding'): string[] =>
  (JSON.parse(stdout) as { checks: Check[] }).checks
    .filter((one) => one.state === state)
    .map((one) => `${one.product ?? '-'} ${one.check}: ${one.message}`);
