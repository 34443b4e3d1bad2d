import { Agent, request } from 'node:http';

/** One question to a gateway. */
export interface Question {
  readonly path: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly token?: string;
}

/** An answer, or why there was none. */
export interface Reply {
  readonly status: number;
  // A proof knows the shape of what it asks.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  /** When to come again, in seconds, where the answer's head says so. */
  readonly retryAfter?: string;
  readonly error?: string;
}

/** Asks over an agent's connections. Never rejects: a request that is cut is an answer of status 0. */
export function ask(address: string, agent: Agent, { path, token, ...rest }: Question): Promise<Reply> {
  const body = JSON.stringify(rest);
  return new Promise((resolve) => {
    const fail = ({ message }: Error) => resolve({ status: 0, body: undefined, error: message });
    const sending = request(
      new URL(path, address),
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          accept: 'application/graphql-response+json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
      },
      (response) => {
        const status = response.statusCode ?? 0;
        const retryAfter = response.headers['retry-after'];
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.once('error', fail);
        response.once('end', () => {
          try {
            resolve({ status, body: JSON.parse(text), ...(retryAfter !== undefined && { retryAfter }) });
          } catch {
            resolve({ status, body: text, error: 'no JSON' });
          }
        });
      },
    );
    sending.once('error', fail);
    sending.end(body);
  });
}

/** What clients have found. */
export interface Tally {
  asked: number;
  /** The first few failures, in words. */
  readonly failures: string[];
  failed: number;
  slowestMs: number;
}

/** Clients that ask without pause, each over a connection that it keeps. */
export class Clients {
  readonly tally: Tally = { asked: 0, failures: [], failed: 0, slowestMs: 0 };
  readonly #ended: Promise<unknown>;
  #isOver = false;

  /** @param question asked anew for each request, by the number of the client. */
  constructor(address: string, count: number, question: (client: number) => Question) {
    const client = async (number: number): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (!this.#isOver) {
        const asking = question(number);
        const startedAt = performance.now();
        const { status, body, error } = await ask(address, agent, asking);
        this.tally.asked += 1;
        this.tally.slowestMs = Math.max(this.tally.slowestMs, Math.round(performance.now() - startedAt));
        if (status === 200 && body?.errors === undefined && error === undefined) continue;
        this.tally.failed += 1;
        if (this.tally.failures.length < 20)
          this.tally.failures.push(`${asking.path} ${status} ${error ?? JSON.stringify(body).slice(0, 200)}`);
      }
      agent.destroy();
    };
    this.#ended = Promise.all(Array.from({ length: count }, (_, number) => client(number)));
  }

  /** Lets each client finish what it has asked. */
  async end(): Promise<Tally> {
    this.#isOver = true;
    await this.#ended;
    return this.tally;
  }
}
