import type { Socket } from 'node:net';

/** What is kept for a client. */
export interface Kept {
  /** Changed by {@link FairBound.resize} only. */
  amount: number;
  /** Whose it is, as clients are counted. */
  readonly client: string;
  /** With it, it ends. */
  readonly socket: Socket;
}

/**
 * Bounds what is kept of all clients together, for as long as they like: past the bound the client for whom the most is
 * kept loses its oldest connection. Nobody has a share of his own, which would be too small for a proxy, with all
 * clients behind one address, and too large for a thousand addresses.
 */
export class FairBound {
  #sum = 0;
  // In the order in which it began.
  readonly #byClient = new Map<string, { sum: number; readonly all: Set<Kept> }>();
  // Not every request hears that its connection is gone: of those sent in advance, only the first does.
  readonly #bySocket = new Map<Socket, Set<Kept>>();

  /** @param most of whatever is counted. */
  constructor(readonly most: number) {}

  /** Keeps more, once there is room for it: what is added is not what has to go. */
  add(kept: Kept): void {
    this.#makeRoom();
    const { client, socket, amount } = kept;
    if (socket.destroyed) return;
    this.#sum += amount;
    const own = this.#byClient.get(client) ?? { sum: 0, all: new Set() };
    own.sum += amount;
    own.all.add(kept);
    this.#byClient.set(client, own);
    const there = this.#bySocket.get(socket);
    if (there) there.add(kept);
    else {
      this.#bySocket.set(socket, new Set([kept]));
      socket.once('close', () => this.#drop(socket));
    }
  }

  /** Of what is kept already there is another amount. */
  resize(kept: Kept, amount: number): void {
    const own = this.#byClient.get(kept.client);
    if (!own?.all.has(kept)) return;
    this.#sum += amount - kept.amount;
    own.sum += amount - kept.amount;
    kept.amount = amount;
    this.#makeRoom();
  }

  /** It is kept no longer. */
  forget(kept: Kept): void {
    const own = this.#byClient.get(kept.client);
    if (!own?.all.delete(kept)) return;
    this.#bySocket.get(kept.socket)?.delete(kept);
    this.#sum -= kept.amount;
    own.sum -= kept.amount;
    if (own.all.size === 0) this.#byClient.delete(kept.client);
  }

  #drop(socket: Socket): void {
    for (const kept of this.#bySocket.get(socket) ?? []) this.forget(kept);
    this.#bySocket.delete(socket);
  }

  #makeRoom(): void {
    while (this.#sum > this.most) {
      let most = { sum: -1, all: new Set<Kept>() };
      for (const own of this.#byClient.values()) if (own.sum > most.sum) most = own;
      const [oldest] = most.all;
      oldest!.socket.destroy();
      this.#drop(oldest!.socket);
    }
  }
}
