import { pathToFileURL } from 'node:url';
import { findDeclaration } from '../config/declaration.js';
import { developmentSecrets, withDevelopmentSecrets } from '../config/development-secrets.js';
import { type Environment, readEnvironment } from '../config/environment.js';
import { StartError, UsageError } from '../errors/bulkhead-error.js';
import type { Gateway } from '../product/gateway.js';
import { buildRuntimes } from './runtime/build-runtimes.js';
import type { ProductRuntime } from './runtime/product-runtime.js';

/** What a command works on: the declared gateway, the surroundings, and the products it was asked about. */
export interface Project {
  readonly gateway: Gateway;
  readonly environment: Environment;
  readonly runtimes: ReadonlyMap<string, ProductRuntime>;
}

/** What is loaded, and how. */
export interface LoadProjectOptions {
  /** The compiled declaration. Default: `dist/bulkhead.config.js` or `bulkhead.config.js`. */
  readonly config?: string;
  /** Default: all. */
  readonly products?: readonly string[];
  /** Whether it is loaded to serve. Default: true. What only asks databases needs no serving credential and no keys, and makes none. */
  readonly serves?: boolean;
}

/**
 * Loads the gateway that the project declares.
 *
 * @throws StartError when there is none, the file cannot be loaded, or exports no gateway; and what it throws of that kind itself.
 */
export async function loadGateway(config?: string): Promise<Gateway> {
  const path = findDeclaration(config);
  const loaded = await (import(pathToFileURL(path).href) as Promise<{ default?: Gateway }>).catch(
    (error: unknown) => {
      if (error instanceof StartError) throw error;
      throw new StartError([`${path}: cannot be loaded: ${wordsOf(error)}`]);
    },
  );
  if (!loaded.default?.products) {
    throw new StartError([
      `${path}: expected a default export made by defineGateway, got ${typeof loaded.default}.`,
    ]);
  }
  return loaded.default;
}

/** What a module threw, and where, as far as that is in a file. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [place] = /file:[^\s()]+:\d+/.exec(error.stack ?? '') ?? [];
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (${place})`}`;
}

/** Loads the gateway and its surroundings, and builds the products. @throws StartError with all that is wrong in both. */
export async function loadProject({
  config,
  products = [],
  serves = true,
}: LoadProjectOptions): Promise<Project> {
  const gateway = await loadGateway(config);
  const problems: string[] = [];
  const gather = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof StartError) || error instanceof UsageError) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const read = gather(() => readSurroundings(gateway, serves));
  const runtimes = gather(() => buildRuntimes(gateway, products));
  if (!read || !runtimes) throw new StartError(problems);
  return { gateway, environment: serves ? withSecrets(gateway, read) : read, runtimes };
}

/** Reads a gateway's surroundings, as they are now. @throws StartError with all that is wrong in them. */
export const loadEnvironment = (gateway: Gateway): Environment =>
  withSecrets(gateway, readSurroundings(gateway));

const readSurroundings = ({ products, composed }: Gateway, serves = true): Environment =>
  readEnvironment({
    products: Object.keys(products),
    serves,
    ...(composed && { composed }),
  });

const withSecrets = ({ products }: Gateway, read: Environment): Environment =>
  read.production
    ? read
    : withDevelopmentSecrets(read, developmentSecrets(read.dataDir, Object.keys(products)));
