import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';

/** How long the end may take. */
export interface ShutdownTimes {
  /** How long readiness is refused and everything else still served, so that balancers notice. */
  readonly drainMs: number;
  /** After which connections are cut whose client does not read its answer. */
  readonly longestMs: number;
}

/** Long enough for a busy client to finish its request and learn that its connection ends. */
const HANDOVER_MS = 100;
const SWEEP_MS = 50;

/**
 * The end of the HTTP server without a lost request: first every answer says that its connection closes, so that
 * clients open new ones, elsewhere; then no connection is accepted; then those under way are answered.
 */
export class Shutdown {
  #hasBegun = false;

  constructor(readonly app: FastifyInstance) {
    // On sending, not on receiving: a request that was under way before is told, too.
    app.addHook('onSend', async (_request, reply) => {
      if (this.#hasBegun) void reply.header('connection', 'close');
    });
  }

  /** Whether the gateway has begun to stop. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Resolves when every accepted request is answered and no connection is left. */
  async run({ drainMs, longestMs }: ShutdownTimes): Promise<void> {
    this.#hasBegun = true;
    const { server } = this.app;
    const connections = server.listening ? await promisify(server.getConnections.bind(server))() : 0;
    await sleep(connections > 0 ? Math.max(drainMs, HANDOVER_MS) : drainMs);
    // An answer that had begun before promised to keep its connection: the server would wait for the next request.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const force = setTimeout(() => server.closeAllConnections(), longestMs);
    try {
      await this.app.close();
    } finally {
      clearInterval(sweep);
      clearTimeout(force);
    }
  }
}
