import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What became of the requests to one product. */
export interface Answers {
  sent: number;
  /** Answered with data. */
  good: number;
  /** Refused under the product's own name. */
  unavailable: number;
  /** Anything else, which would be a neighbour's trouble. */
  others: number;
  /** Of the good ones, from the moment each was due. */
  readonly latenciesMs: number[];
}

export interface OpenLoadOptions {
  readonly address: string;
  readonly products: readonly string[];
  readonly body: string;
  /** Requests a second to all products together. */
  readonly rate: number;
  readonly seconds: number;
}

const TICK_MS = 5;

/**
 * Sends requests at a fixed rate, to the products in turn, whether or not those before were answered: a slow server
 * cannot slow the load down, and latency counts from when a request was due.
 */
export async function openLoad(options: OpenLoadOptions): Promise<ReadonlyMap<string, Answers>> {
  const { address, products, body, rate, seconds } = options;
  const { hostname, port } = new URL(address);
  const answers = new Map<string, Answers>(
    products.map((name) => [name, { sent: 0, good: 0, unavailable: 0, others: 0, latenciesMs: [] }]),
  );
  const agent = new Agent({ keepAlive: true });
  const pending = new Set<Promise<void>>();

  const one = (product: string, due: number) =>
    new Promise<void>((resolve) => {
      const own = answers.get(product)!;
      own.sent += 1;
      const sending = request(
        {
          agent,
          hostname,
          port,
          method: 'POST',
          path: `/graphql/${product}`,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            accept: 'application/graphql-response+json',
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            if (response.statusCode === 200 && !text.includes('"errors"')) {
              own.good += 1;
              own.latenciesMs.push(performance.now() - due);
            } else if (text.includes('PRODUCT_UNAVAILABLE')) own.unavailable += 1;
            else own.others += 1;
            resolve();
          });
        },
      );
      sending.on('error', () => {
        own.others += 1;
        resolve();
      });
      sending.end(body);
    });

  const begin = performance.now();
  const count = Math.round(rate * seconds);
  for (let n = 0; n < count; await sleep(TICK_MS)) {
    for (; n < count && begin + (n * 1_000) / rate <= performance.now(); n += 1) {
      const asking = one(products[n % products.length]!, begin + (n * 1_000) / rate);
      pending.add(asking);
      void asking.then(() => pending.delete(asking));
    }
  }
  await Promise.all(pending);
  agent.destroy();
  return answers;
}
