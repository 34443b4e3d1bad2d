import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { translateDriverError } from '../../database/driver-errors.js';
import type { Viewers } from '../../auth/authenticator.js';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import { hashOf } from '../../graph/operation-hash.js';
import { ofProduct } from '../../errors/of-product.js';
import { readRegisteredOperations } from '../../product/registered-operations.js';
import { OperationList } from './operation-list.js';
import { isSha256 } from './persisted-queries.js';
import type { ProductRuntime } from '../runtime/product-runtime.js';

/** What an operation asks, where it is well-formed; Apollo says what is wrong with any other. */
export interface Asked {
  readonly text: string | undefined;
  readonly hash: string | undefined;
  /** Puts the text in the place of the hash. */
  readonly answerWith: (text: string) => void;
}

/** Whether it can be an operation at all. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As Apollo will read them: to it an address ends at a `#`, and to Fastify it goes on with parameters. */
function parametersOf({ method, body, url }: FastifyRequest): Record<string, unknown> | undefined {
  if (method === 'GET') return Object.fromEntries(new URL(url, 'http://localhost').searchParams);
  return isObject(body) ? body : undefined;
}

function extensionsOf(extensions: unknown): Record<string, unknown> {
  try {
    const read: unknown = typeof extensions === 'string' ? JSON.parse(extensions) : extensions;
    return isObject(read) ? read : {};
  } catch {
    return {};
  }
}

/** What an operation asks by its parameters. */
export function askedIn(parameters: Record<string, unknown>): Asked {
  const { query, extensions } = parameters;
  const { persistedQuery } = extensionsOf(extensions);
  const hash = isObject(persistedQuery) ? persistedQuery['sha256Hash'] : undefined;
  return {
    text: typeof query === 'string' && query !== '' ? query : undefined,
    hash: isSha256(hash) ? hash : undefined,
    answerWith: (text) => {
      parameters['query'] = text;
      delete parameters['extensions'];
    },
  };
}

/** What a request of one operation asks. */
export function askedBy(request: FastifyRequest): Asked {
  const parameters = parametersOf(request) ?? {};
  const asked = askedIn(parameters);
  if (request.method !== 'GET') return asked;
  return {
    ...asked,
    answerWith: (text) => {
      asked.answerWith(text);
      // Apollo reads the address again.
      request.raw.url = `${request.url.split('?')[0]}?${new URLSearchParams(parameters as Record<string, string>).toString()}`;
    },
  };
}

/** Lets an operation through, or throws what it is refused with. */
export type OperationGate = (viewers: Viewers, asked: Asked) => Promise<void>;

/** Told apart by hash in the log; more are not told. */
const MOST_TOLD = 1_000;

/**
 * The gate of a product that knows its clients' operations: `'safelist'` lets those through that are registered, by
 * hash or by text, before anything else is parsed; `'log'` lets everything through and says once, by hash, what a
 * safelist would refuse. Operators of the product may send anything.
 *
 * @returns undefined where every operation is let through.
 */
export function operationGate({ name, product, db }: GateOptions, logger: Logger): OperationGate | undefined {
  const { operations: mode = 'open' } = product;
  if (mode === 'open') return undefined;
  const list = new OperationList(
    (signal) => readRegisteredOperations(db(), name, signal),
    product.limits.tokens,
  );
  const told = new Set<string>();

  const refuse = ({ text, hash }: Asked): BulkheadError | undefined => {
    const unknown = text === undefined ? hash! : hashOf(text);
    if (mode === 'safelist')
      return text === undefined
        ? new BulkheadError('PERSISTED_QUERY_NOT_FOUND', 'No operation is registered under this hash.')
        : new BulkheadError('FORBIDDEN', `This operation is not among those registered for ${name}.`);
    if (!told.has(unknown) && told.size < MOST_TOLD) {
      told.add(unknown);
      logger.warn({ product: name, sha256: unknown }, 'a safelist would refuse this operation');
    }
    return undefined;
  };

  return async (viewers, asked) => {
    if (viewers(name).kind === 'operator') return;
    const { text, hash } = asked;
    if (text === undefined && hash === undefined) return;
    try {
      if (text !== undefined && (await list.has(text))) return;
      if (text === undefined) {
        const registered = await list.find(hash!);
        if (registered !== undefined) {
          asked.answerWith(registered);
          return;
        }
        // It came with this hash before, laid out by its client, and is an automatic persisted query since.
        if (await list.recalls(hash!)) return;
      }
    } catch (error) {
      throw ofProduct(toUnavailable(error), name);
    }
    const refusal = refuse(asked);
    if (refusal) throw refusal;
  };
}

/** A list that cannot be read in time is no list, whatever the reason. */
function toUnavailable(cause: unknown): BulkheadError {
  const error = translateDriverError(cause);
  if (error instanceof BulkheadError) return error;
  const why = 'The product is not available. Its registered operations could not be read.';
  return new BulkheadError('PRODUCT_UNAVAILABLE', why, { cause, retryAfterS: 1 });
}

/** What of a product its gate needs. */
export interface GateOptions extends Pick<ProductRuntime, 'name' | 'product'> {
  readonly db: () => ProductRuntime['link']['db'];
}
