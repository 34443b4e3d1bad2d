import type { ClassType } from '../database/class-type.js';
import type { LoadSample } from './sample.js';

/** The limits around one product at run time; every one has a default (docs/isolation.md). */
export interface Limits {
  /** How long an operation may take in all before it is answered `PRODUCT_UNAVAILABLE`. Default 5,000 ms. */
  readonly deadlineMs: number;
  /** Connections to the database. Default 20. */
  readonly poolSize: number;
  /** How long a command waits for a connection. Default 1,000 ms. */
  readonly waitQueueTimeoutMs: number;
  /** Operations at work at once. Default 100. */
  readonly inFlight: number;
  /** Operations that may wait for one of those places; the next one is refused at once. Default 200. */
  readonly queue: number;
  /** Tokens of a document. Default 2,000. */
  readonly tokens: number;
  /** Levels of an operation, without `edges`, `node`, `nodes`, `pageInfo` and namespaces. Default 12. */
  readonly depth: number;
  /** Fields with an alias, and fields that stand in their selection set already. Default 30. */
  readonly aliases: number;
  /** Root fields of an operation. Default 20. */
  readonly rootFields: number;
  /** Directives of an operation. Default 50. */
  readonly directives: number;
  /** Objects an operation may ask for: page sizes multiplied along each path. Default 25,000. */
  readonly cost: number;
  /**
   * Items of lists, fields of objects and each further 256 characters of a text in the arguments of an operation,
   * counted for every field (and every object of a list) that reads them. Default 5,000.
   */
  readonly inputs: number;
  /** Bytes of a request's body, unpacked. Default 1 MiB. */
  readonly bodyBytes: number;
  /** Bytes of an answer before compression. Default 8 MiB. */
  readonly answerBytes: number;
  /** Requests of one client (its token, or its address) in a minute. Default 1,200. */
  readonly requestsPerMinute: number;
  /** Sign-ins from one address to one account in a minute; ten times as many to all accounts. Default 10. */
  readonly signInsPerMinute: number;
  /** Operations that may come as an array in one request. Default 1: no array is answered. */
  readonly operationsPerRequest: number;
}

export const DEFAULT_LIMITS: Limits = {
  deadlineMs: 5_000,
  poolSize: 20,
  waitQueueTimeoutMs: 1_000,
  inFlight: 100,
  queue: 200,
  tokens: 2_000,
  depth: 12,
  aliases: 30,
  rootFields: 20,
  directives: 50,
  cost: 25_000,
  inputs: 5_000,
  bodyBytes: 1024 * 1024,
  answerBytes: 8 * 1024 * 1024,
  requestsPerMinute: 1_200,
  signInsPerMinute: 10,
  operationsPerRequest: 1,
};

/**
 * What the graph composed of several products allows a whole operation: the most that any of them does, but arrays of
 * operations only where all of them have asked for such, and the shortest. Each product's own limits hold for its part.
 */
export const composedLimits = (products: readonly Limits[]): Limits =>
  Object.fromEntries(
    Object.entries(DEFAULT_LIMITS).map(([name, none]) => {
      const values = products.map((limits) => limits[name as keyof Limits]);
      const pick = name === 'operationsPerRequest' ? Math.min : Math.max;
      return [name, values.length > 0 ? pick(...values) : none];
    }),
  ) as unknown as Limits;

/** What a product says about itself in `bulkhead.config.ts`. */
export interface ProductOptions {
  /** The stored classes; nothing else of the product reaches the database. */
  readonly schema: readonly ClassType[];
  /** The TypeGraphQL resolvers: what the product answers. */
  readonly resolvers: readonly ClassType[];
  /** `'read'` serves callers without a token (row rules decide what they see); left out, they are refused before anything is parsed. */
  readonly public?: 'read';
  /** Gives the product a ledger of credits in this unit. */
  readonly ledger?: { readonly unit: string };
  /** The classes whose loss would hurt most: exported first and checked in every drill. */
  readonly critical?: readonly ClassType[];
  /** The classes of users and their sign-ins; gives the product `signUp`, `signIn`, `signOut` and session tokens (docs/auth.md). */
  readonly signIns?: { readonly user: ClassType; readonly session: ClassType };
  /** The class that keeps answers of aggregations until they expire; left out, nothing is kept. */
  readonly answers?: ClassType;
  /** Sample data, loaded once into an empty development database. */
  readonly sample?: LoadSample;
  readonly limits?: Partial<Limits>;
  /**
   * Which operations clients may send in production: all (`'open'`, the default), those that are registered
   * (`'safelist'`), or all, with a line in the log for each that a safelist would refuse (`'log'`).
   */
  readonly operations?: 'open' | 'log' | 'safelist';
  /** Origins whose pages may call this product from a browser. Default: none in production, any in development. */
  readonly cors?: readonly string[];
  /** Lets a credential that reaches further than this product serve in production, with the reason; shown red everywhere. */
  readonly wideCredential?: string;
}

/** A declared product. */
export interface Product extends Omit<ProductOptions, 'limits'> {
  readonly limits: Limits;
}

/** Declares one product. What is wrong with it is told by `defineGateway`, under the name that it gets there. */
export function defineProduct(options: ProductOptions): Product {
  return Object.freeze({ ...options, limits: Object.freeze(limitsOf(options.limits)) });
}

/** What is no list of limits is left for the check to see. */
const limitsOf = (limits: Partial<Limits> = {}): Limits =>
  typeof limits === 'object' ? { ...DEFAULT_LIMITS, ...limits } : limits;
