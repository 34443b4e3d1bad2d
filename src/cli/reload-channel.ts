import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { makeDataDir } from '../config/data-dir.js';
import { StartError } from '../errors/bulkhead-error.js';
import type { Reloaded } from '../server/runtime/secrets.js';

/** What a serving process answers when it is asked to read its secrets again. */
export type ReloadAnswer =
  | ({ readonly ok: true } & Reloaded)
  | {
      readonly ok: false;
      readonly problems: readonly string[];
      /** Whether it did not answer: it may read its secrets all the same. */
      readonly unheard?: boolean;
    };

/** What the whole of a reload may take: a connection is given up after a product's deadline. */
const LONGEST_MS = 60_000;

const folderOf = (dataDir: string): string => join(dataDir, 'gateways');

/**
 * Lets `bulkhead reload` reach this process: a socket named after it in the data folder, which is its owner's alone.
 *
 * @param reload reads again; it never rejects.
 * @returns a function that ends it.
 * @throws the system's error where there can be no such socket: a read-only folder, a path of over a hundred bytes.
 */
export async function listenForReload(
  dataDir: string,
  reload: () => Promise<ReloadAnswer>,
): Promise<() => void> {
  makeDataDir(folderOf(dataDir));
  const path = join(folderOf(dataDir), `${process.pid}.sock`);
  // Left by a process that was killed and had this number.
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.resume().once('end', () => void reload().then((answer) => socket.end(JSON.stringify(answer))));
  });
  server.listen(path);
  await once(server, 'listening');
  server.unref();
  return () => server.close();
}

/**
 * Asks every gateway of a data folder.
 *
 * @returns the answers by process id; none where no gateway runs.
 * @throws StartError where the folder cannot be read.
 */
export async function askToReload(dataDir: string): Promise<ReadonlyMap<number, ReloadAnswer>> {
  const answers = new Map<number, ReloadAnswer>();
  for (const path of socketsIn(folderOf(dataDir))) {
    const answer = await ask(path.file);
    if (answer) answers.set(path.pid, answer);
  }
  return answers;
}

function socketsIn(folder: string): { readonly file: string; readonly pid: number }[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+\.sock$/.test(name))
      .map((name) => ({ file: join(folder, name), pid: Number.parseInt(name, 10) }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new StartError([
      `${folder}: expected a folder of yours, with the gateways that run (${code}). Be the user that they run as.`,
    ]);
  }
}

async function ask(file: string): Promise<ReloadAnswer | undefined> {
  const socket = connect({ path: file, allowHalfOpen: true });
  socket.setTimeout(LONGEST_MS, () => socket.destroy(new Error(`no answer within ${LONGEST_MS / 1_000} s`)));
  try {
    await once(socket, 'connect');
    socket.end();
    const answer = await text(socket);
    // It ended while it was asked.
    return answer === '' ? undefined : (JSON.parse(answer) as ReloadAnswer);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // One that is stuck, or dies at this moment, keeps nobody from asking the others.
    if (code !== 'ECONNREFUSED' && code !== 'ENOENT')
      return { ok: false, unheard: true, problems: [(error as Error).message] };
    rmSync(file, { force: true });
    return undefined;
  }
}
