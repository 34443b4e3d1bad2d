import { Agent, request } from 'node:http';

/** What became of a request: answered with data, an error that speaks of the product, or anything else. */
export type Outcome = 'good' | 'unavailable' | 'other';

const OF_THE_PRODUCT = /PRODUCT_UNAVAILABLE|DEADLINE_EXCEEDED/;

/** A client of a gateway that keeps its connections, of which it opens as many as it needs. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #hostname: string;
  readonly #port: string;

  /** @param address of the gateway. */
  constructor(address: string) {
    const { hostname, port } = new URL(address);
    [this.#hostname, this.#port] = [hostname, port];
  }

  /** Sends one request to a product; never rejects. */
  send(product: string, body: string): Promise<Outcome> {
    return new Promise((resolve) => {
      const sending = request(
        {
          agent: this.#agent,
          hostname: this.#hostname,
          port: this.#port,
          method: 'POST',
          path: `/graphql/${product}`,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            accept: 'application/graphql-response+json',
          },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => {
            const text = Buffer.concat(parts).toString();
            if (response.statusCode === 200 && !text.includes('"errors"')) resolve('good');
            else resolve(OF_THE_PRODUCT.test(text) ? 'unavailable' : 'other');
          });
        },
      );
      sending.on('error', () => resolve('other'));
      sending.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
