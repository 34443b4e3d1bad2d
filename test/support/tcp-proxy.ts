import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How a proxy treats what passes: `slow` holds every answer back for a time, `throttled` lets so many bytes a second
 * through either way, `frozen` takes connections and bytes and passes nothing on until it is another, `refusing` takes
 * no connection and breaks those there are.
 */
export type Manner =
  | { readonly is: 'clear' | 'frozen' | 'refusing' }
  | { readonly is: 'slow'; readonly ms: number }
  | { readonly is: 'throttled'; readonly bytesPerSecond: number };

const MOMENT_MS = 5;

/** A TCP proxy on loopback that can be told to misbehave; it keeps its port whatever it does. */
export class TcpProxy {
  #manner: Manner = { is: 'clear' };
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly server: Server,
    readonly port: number,
    readonly target: number,
  ) {
    server.on('connection', (client) => this.#join(client));
  }

  /** @param target the port on loopback that it leads to. */
  static async start(target: number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, (server.address() as AddressInfo).port, target);
  }

  /** Holds for the connections there are, too. */
  async become(manner: Manner): Promise<void> {
    const isOpen = this.server.listening;
    this.#manner = manner;
    if (manner.is === 'refusing') {
      this.cut();
      if (isOpen) await new Promise((resolve) => this.server.close(resolve));
    } else if (!isOpen) {
      this.server.listen(this.port, '127.0.0.1');
      await once(this.server, 'listening');
    }
  }

  /** Breaks the connections there are, with a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    await this.become({ is: 'refusing' });
  }

  #join(client: Socket): void {
    const server = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      this.#sockets.add(from);
      from.once('close', () => this.#sockets.delete(from));
      // What breaks one side breaks the other.
      from.on('error', () => to.resetAndDestroy());
      void this.#pass(from, to, from === server);
    }
  }

  /** Passes on what comes, in order, in today's manner. */
  async #pass(from: Socket, to: Socket, isAnswer: boolean): Promise<void> {
    try {
      let last = Promise.resolve();
      for await (const part of from as AsyncIterable<Buffer>) {
        const { is } = this.#manner;
        // Every part waits its own time, beside those before it.
        const due = isAnswer && is === 'slow' ? sleep((this.#manner as { ms: number }).ms) : undefined;
        last = last.then(async () => {
          await due;
          while (this.#manner.is === 'frozen' && !to.destroyed) await sleep(MOMENT_MS);
          if (this.#manner.is === 'throttled')
            await sleep((part.length / this.#manner.bytesPerSecond) * 1_000);
          if (!to.destroyed) to.write(part);
        });
      }
      await last;
      to.end();
    } catch {
      // Broken; the other side was told.
    }
  }
}
