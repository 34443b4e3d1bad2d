/** Nine tenths: what one client's reads hold must leave a connection to the others, and to what is read without a turn. */
const mostOfOne = (all: number): number => all - Math.floor(all / 10);

interface Waiter {
  readonly give: (server: Server) => void;
}

/** What is under way on one server: in all, and by client. */
interface Server {
  taken: number;
  readonly held: Map<string, number>;
}

/** How a product's reads share its connections. */
export interface ReadTurnsOptions {
  /** Reads at once on one server: its connections. */
  readonly atOnce: number;
  /** How long a read waits for its turn; 0 for as long as it likes, as with the driver. */
  readonly waitMs: number;
  /** The error of a read that has waited for so long. */
  readonly busy: () => Error;
}

/**
 * Lets so many reads at once reach one server, and the others wait: whoever's client has the fewest under way is next, and
 * of equals whose last turn is the longest ago. The driver's own queue is first come, first served, so that hundreds of
 * slow reads of one client had everybody's time out.
 */
export class ReadTurns {
  /** By client, in the order of their turns. */
  readonly #lines = new Map<string, Set<Waiter>>();
  readonly #atOnce: number;
  readonly #mostOfOne: number;
  readonly #waitMs: number;
  readonly #busy: () => Error;
  #server: Server = newServer();

  constructor({ atOnce, waitMs, busy }: ReadTurnsOptions) {
    this.#atOnce = atOnce;
    this.#mostOfOne = mostOfOne(atOnce);
    this.#waitMs = waitMs;
    this.#busy = busy;
  }

  /** Reads that wait. */
  get waiting(): number {
    let waiting = 0;
    for (const line of this.#lines.values()) waiting += line.size;
    return waiting;
  }

  /** Another server answers now, with connections of its own: nobody waits for what the one before has under way. */
  renew(): void {
    this.#server = newServer();
    while (this.#giveNext());
  }

  /**
   * Does work when it is its turn; at once while there are connections to spare.
   *
   * @param client whose it is, by what clients are told apart.
   * @throws what `busy` answers when it has waited too long; the signal's reason when that is aborted first.
   */
  async take<T>(client: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let server = this.#server;
    if (server.taken < this.#atOnce && this.#mayHave(client)) hold(server, client, 1);
    else server = await this.#wait(client, signal);
    try {
      return await work();
    } finally {
      hold(server, client, -1);
      if (server === this.#server) this.#giveNext();
    }
  }

  #mayHave(client: string): boolean {
    return (this.#server.held.get(client) ?? 0) < this.#mostOfOne;
  }

  #wait(client: string, signal: AbortSignal | undefined): Promise<Server> {
    signal?.throwIfAborted();
    const line = this.#lines.get(client) ?? new Set();
    this.#lines.set(client, line);
    return new Promise((resolve, reject) => {
      const giveUp = (reason: Error) => {
        line.delete(waiter);
        if (line.size === 0) this.#lines.delete(client);
        end();
        reject(reason);
      };
      const onAbort = () => giveUp(signal!.reason as Error);
      const timer =
        this.#waitMs === 0 ? undefined : setTimeout(() => giveUp(this.#busy()), this.#waitMs).unref();
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        give: (server) => {
          end();
          resolve(server);
        },
      };
      line.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** @returns whether somebody has got a turn. */
  #giveNext(): boolean {
    const server = this.#server;
    if (this.#lines.size === 0 || server.taken >= this.#atOnce) return false;
    let next: string | undefined;
    let fewest = this.#mostOfOne;
    for (const client of this.#lines.keys()) {
      const held = server.held.get(client) ?? 0;
      if (held >= fewest) continue;
      next = client;
      fewest = held;
    }
    if (next === undefined) return false;
    const line = this.#lines.get(next)!;
    const [waiter] = line;
    line.delete(waiter!);
    // Behind the others, or gone.
    this.#lines.delete(next);
    if (line.size > 0) this.#lines.set(next, line);
    hold(server, next, 1);
    waiter!.give(server);
    return true;
  }
}

const newServer = (): Server => ({ taken: 0, held: new Map() });

/** @param more 1 or -1. */
function hold(server: Server, client: string, more: number): void {
  server.taken += more;
  const held = (server.held.get(client) ?? 0) + more;
  if (held > 0) server.held.set(client, held);
  else server.held.delete(client);
}
