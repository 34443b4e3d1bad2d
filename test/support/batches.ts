import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import type { Product } from '../../src/product/product.js';
import { edgeProduct } from './edge-product.js';
import { type Answer, TestGateway } from './gateway.js';
import { json, send } from './http.js';

const { blog, aviation } = config.products;
const asking = (product: Product, limits: Partial<Product['limits']>): Product => ({
  ...product,
  limits: { ...product.limits, ...limits },
});
const LIMITS = { operationsPerRequest: 10, cost: 10, answerBytes: 10_000 };
const declared = defineGateway({
  composed: 'public',
  products: {
    blog: asking(blog!, { operationsPerRequest: 5, requestsPerMinute: 20, signInsPerMinute: 3 }),
    aviation: asking(aviation!, { operationsPerRequest: 3 }),
    edge: edgeProduct({ limits: LIMITS }),
    /** The same for tests that wait until time is up. */
    hasty: edgeProduct({ limits: { ...LIMITS, deadlineMs: 700 } }),
    logged: edgeProduct({ operations: 'log', limits: { operationsPerRequest: 10 } }),
  },
});

/** One of the operations of an array. */
export type Operation = Record<string, unknown>;
export const queries = (...texts: string[]): Operation[] => texts.map((query) => ({ query }));
export const times = (count: number, one: Operation): Operation[] => Array.from({ length: count }, () => one);
/** What became of each: its code, or `ok`. */
export const outcomes = ({ body }: Pick<Answer, 'body'>): string[] =>
  (body as { errors?: { extensions: { code: string } }[] }[]).map(
    ({ errors }) => errors?.[0]?.extensions.code ?? 'ok',
  );

/** A gateway in production whose products answer arrays, and a client of it. */
export class Batches {
  /** The client's address, as a proxy tells it. */
  from: Record<string, string> = {};
  #clients = 0;

  private constructor(
    readonly gateway: TestGateway,
    /** Lines of its log. */
    readonly logged: readonly Record<string, unknown>[],
  ) {}

  static async start(): Promise<Batches> {
    const logged: Record<string, unknown>[] = [];
    const gateway = await TestGateway.start({
      gateway: declared,
      scale: 0.02,
      env: { NODE_ENV: 'production', BULKHEAD_TRUST_PROXY: 'loopback', BULKHEAD_LOG_LEVEL: 'info' },
      log: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
    });
    return new Batches(gateway, logged);
  }

  /** From now on the client is another, who has not asked before. */
  renewClient(network = '192.0.2'): void {
    this.from = { 'x-forwarded-for': `${network}.${(this.#clients += 1)}` };
  }

  /** Sends operations in one request. */
  send(
    product: string | undefined,
    operations: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return send(this.gateway.url(product), json(operations, { ...this.from, ...headers }));
  }
}
