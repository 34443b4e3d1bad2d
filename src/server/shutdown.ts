import type { Socket } from 'node:net';
import { setImmediate as round, setTimeout as sleep } from 'node:timers/promises';
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
/** A connection that is this old and has asked nothing was opened in advance, as browsers do. */
const UNUSED_MS = 1_000;
const SWEEP_MS = 50;
/** Of the event loop, in which what has arrived is read, and what was answered by then is read by its client and followed. */
const READING_ROUNDS = 4;

/** What a connection is doing. */
interface Use {
  /** Requests whose answer has not left, to its last byte. */
  open: number;
  /** How many requests it has carried. */
  carried: number;
  readonly since: number;
}

/**
 * The end of the HTTP server without a lost request: first every answer says that its connection closes, so that
 * clients open new ones, elsewhere; then no connection is accepted; then those under way are answered.
 */
export class Shutdown {
  #hasBegun = false;
  readonly #uses = new Map<Socket, Use>();

  constructor(readonly app: FastifyInstance) {
    // On sending, not on receiving: a request that was under way before is told, too.
    app.addHook('onSend', async (_request, reply) => {
      if (this.#hasBegun) void reply.header('connection', 'close');
    });
    const server = app.server;
    server.on('connection', (socket) => {
      this.#uses.set(socket, { open: 0, carried: 0, since: Date.now() });
      socket.once('close', () => this.#uses.delete(socket));
    });
    server.on('request', (request, response) => {
      const use = this.#uses.get(request.socket);
      if (!use) return;
      use.open += 1;
      use.carried += 1;
      response.once('close', () => (use.open -= 1));
    });
  }

  /** Whether the gateway has begun to stop. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Resolves when every accepted request is answered and no connection is left. */
  async run({ drainMs, longestMs }: ShutdownTimes): Promise<void> {
    this.#hasBegun = true;
    await sleep(this.#uses.size > 0 ? Math.max(drainMs, HANDOVER_MS) : drainMs);
    // Connections that are waiting to be accepted carry requests, too.
    await readAll();
    const server = this.app.server;
    // Node's own takes a connection for idle whose answer is written but not yet sent, and cuts the answer off.
    server.closeIdleConnections = () => void this.#closeIdle();
    const sweep = setInterval(() => void this.#closeIdle(), SWEEP_MS);
    const force = setTimeout(() => server.closeAllConnections(), longestMs);
    try {
      await this.app.close();
    } finally {
      clearInterval(sweep);
      clearTimeout(force);
    }
  }

  /**
   * Closes what is idle when everything has been read that has arrived. A process that was busy learns that time is up
   * before it learns what it was asked meanwhile: that request would be cut off unread.
   */
  async #closeIdle(): Promise<void> {
    await readAll();
    const now = Date.now();
    for (const [socket, { open, carried, since }] of this.#uses)
      if (open === 0 && (carried > 0 || now - since > UNUSED_MS)) socket.destroySoon();
  }
}

async function readAll(): Promise<void> {
  for (let n = 0; n < READING_ROUNDS; n += 1) await round();
}
