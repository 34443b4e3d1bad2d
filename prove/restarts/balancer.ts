import { Agent, createServer, request } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const PROBE_MS = 250;

/**
 * The plainest of balancers: it probes `/health/ready`, sends each request to the next backend that is ready, over
 * connections that it keeps, and never tries again.
 */
export class Balancer {
  readonly #backends = new Map<string, boolean>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((incoming, outgoing) => {
    const backend = this.#next();
    if (backend === undefined) {
      outgoing.writeHead(502).end('{"error":"no backend is ready"}');
      return;
    }
    const sending = request(
      new URL(incoming.url ?? '/', backend),
      { agent: this.#agent, method: incoming.method ?? 'GET', headers: incoming.headers },
      (response) => {
        const { connection: _, ...headers } = response.headers;
        outgoing.writeHead(response.statusCode ?? 502, headers);
        response.once('error', () => outgoing.destroy()).pipe(outgoing);
      },
    );
    sending.once('error', ({ message }) => {
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502).end(JSON.stringify({ error: `${backend}: ${message}` }));
    });
    incoming.pipe(sending);
  });
  #probing: NodeJS.Timeout | undefined;
  #turn = 0;

  /** Listens, and answers its address. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#probing = setInterval(() => {
      for (const backend of this.#backends.keys()) void this.#probe(backend);
    }, PROBE_MS);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Takes a backend in; requests go to it once it was found ready. @returns when it was. */
  async add(backend: string): Promise<void> {
    this.#backends.set(backend, false);
    while (!(await this.#probe(backend)));
  }

  remove(backend: string): void {
    this.#backends.delete(backend);
  }

  close(): void {
    clearInterval(this.#probing);
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }

  async #probe(backend: string): Promise<boolean> {
    const isReady = await fetch(`${backend}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (this.#backends.has(backend)) this.#backends.set(backend, isReady);
    return isReady;
  }

  #next(): string | undefined {
    const ready = [...this.#backends].filter(([, isReady]) => isReady);
    this.#turn += 1;
    return ready[this.#turn % ready.length]?.[0];
  }
}
