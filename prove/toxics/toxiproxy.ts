import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseFreePort } from '../../src/database/embedded/ports.js';
import type { Toxic } from './poisons.js';

const HOST = '127.0.0.1';
const START_MS = 10_000;

/** A toxiproxy in a process of its own, with one proxy, spoken to by its HTTP API. */
export class Toxiproxy {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  readonly #api: string;
  readonly #name: string;
  #upstream = '';
  #listen = '';

  private constructor(binary: string, port: number, name: string) {
    this.#child = spawn(binary, ['-host', HOST, '-port', String(port)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#exit = once(this.#child, 'exit');
    this.#api = `http://${HOST}:${port}`;
    this.#name = name;
    const kill = () => void this.#child.kill('SIGKILL');
    process.once('exit', kill);
    void this.#exit.then(() => process.off('exit', kill));
  }

  /** Resolves when its API answers. @param name of its proxy. @throws Error when it has ended, or does not answer within 10 s. */
  static async start(binary: string, name: string): Promise<Toxiproxy> {
    const started = new Toxiproxy(binary, await chooseFreePort([]), name);
    for (const until = Date.now() + START_MS; !(await started.#answers()); await sleep(20)) {
      if (started.#hasEnded || Date.now() > until) {
        await started.stop();
        throw new Error('toxiproxy has not started.');
      }
    }
    return started;
  }

  /** Opens the proxy before a port of this machine. @returns the proxy's own, chosen by the system. */
  async lead(port: number): Promise<number> {
    this.#upstream = `${HOST}:${port}`;
    await this.#open(`${HOST}:0`);
    return Number(new URL(`tcp://${this.#listen}`).port);
  }

  /**
   * Replaces the proxy by a new one on the same port, which breaks its connections. Toxiproxy 2.5 keeps one that ended
   * while a toxic was removed, and panics when the next is added to it (`ToxicLink.AddToxic`).
   */
  async renew(): Promise<void> {
    await this.#ask('DELETE', `/proxies/${this.#name}`);
    await this.#open(this.#listen);
  }

  /** Adds toxics to every connection there is and will be, the last one nearest to the receiver. */
  async poison(toxics: readonly Toxic[]): Promise<void> {
    for (const toxic of toxics) await this.#ask('POST', `/proxies/${this.#name}/toxics`, toxic);
  }

  /** Breaks the connections there are and refuses new ones. */
  async disable(): Promise<void> {
    await this.#ask('POST', `/proxies/${this.#name}`, { enabled: false });
  }

  /** Removes every toxic, and lets connections in. */
  async heal(): Promise<void> {
    await this.#ask('POST', '/reset');
  }

  async stop(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.#exit;
  }

  async #open(listen: string): Promise<void> {
    const proxy = { name: this.#name, listen, upstream: this.#upstream };
    this.#listen = ((await this.#ask('POST', '/proxies', proxy)) as { listen: string }).listen;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.#api}/version`)).ok;
    } catch {
      return false;
    }
  }

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${this.#api}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`toxiproxy answered ${answer.status} to ${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
