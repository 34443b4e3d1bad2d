import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { mongo } from 'mongoose';
import { inject } from 'vitest';
import { type EmbeddedServer, startMongod } from '../../src/database/embedded/supervisor.js';

/** A MongoDB of one test file's own, to be frozen, killed and started again. */
export class OwnServer {
  #isFrozen = false;

  private constructor(
    readonly dir: string,
    readonly extraArgs: readonly string[],
    private server: EmbeddedServer,
  ) {
    process.once('exit', this.#abandon);
  }

  /** A run that ends early leaves nothing behind; a frozen server takes note of no other signal. */
  readonly #abandon = () => {
    try {
      process.kill(this.server.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  };

  /** @param extraArgs further arguments of mongod. */
  static async start(extraArgs: readonly string[] = []): Promise<OwnServer> {
    const dir = mkdtempSync(join(tmpdir(), 'bulkhead-own-server-'));
    return new OwnServer(dir, extraArgs, await launch(dir, extraArgs));
  }

  /** The administrator's connection string; the same after a restart. */
  get uri(): string {
    return this.server.uri;
  }

  get port(): number {
    return this.server.port;
  }

  /** Stops it in the middle of whatever it does: its connections stay open and say nothing. */
  freeze(): void {
    process.kill(this.server.pid, 'SIGSTOP');
    this.#isFrozen = true;
  }

  /** Lets it go on; does nothing where it does already. */
  thaw(): void {
    if (!this.#isFrozen) return;
    process.kill(this.server.pid, 'SIGCONT');
    this.#isFrozen = false;
  }

  async kill(): Promise<void> {
    process.kill(this.server.pid, 'SIGKILL');
    await this.server.exited;
  }

  /** Starts it again on the same data and port. */
  async restart(): Promise<void> {
    this.server = await launch(this.dir, this.extraArgs);
  }

  /** Ends it and deletes its data. */
  async remove(): Promise<void> {
    if (this.#isFrozen) this.thaw();
    await this.server.stop();
    process.off('exit', this.#abandon);
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

const launch = (dir: string, extraArgs: readonly string[]): Promise<EmbeddedServer> =>
  startMongod({
    binary: inject('mongodBinary'),
    dir,
    extraArgs: ['--setParameter', 'enableTestCommands=1', ...extraArgs],
  });

/** Lets commands of a product's pool fail with an error of the server; its ping and whoever else asks are answered. */
export const failing =
  (admin: mongo.MongoClient, product: string, errorCode: number, failCommands: readonly string[]) =>
  (mode: 'off' | 'alwaysOn') =>
    admin.db('admin').command({
      configureFailPoint: 'failCommand',
      mode,
      data: { appName: `bulkhead:${product}`, failCommands, errorCode },
    });

/** Switches on and off that commands of a product's pool take so long in the database; whoever else asks it is answered at once. */
export const slow =
  (admin: mongo.MongoClient, product: string, blockTimeMS: number, failCommands: readonly string[]) =>
  (mode: 'off' | 'alwaysOn') =>
    admin.db('admin').command({
      configureFailPoint: 'failCommand',
      mode,
      data: {
        appName: `bulkhead:${product}`,
        failCommands,
        blockConnection: true,
        blockTimeMS,
      },
    });

/** The same of its reads. */
export const slowReads = (admin: mongo.MongoClient, product: string, blockTimeMS: number) =>
  slow(admin, product, blockTimeMS, ['find', 'aggregate']);
