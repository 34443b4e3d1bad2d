import { readdir, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { makeFolder } from '../../config/make-folder.js';
import { lastLine, runCommand } from './run-command.js';

const PROBE_MS = 2_500;
const STALL_MS = 45_000;
const POLL_MS = 1_000;

/**
 * Run by a process of its own: the library reads its settings from `process.env` only, and a download
 * that hangs can be ended there. `argv`: the library, what to do.
 */
const SCRIPT = `
const [library, what] = process.argv.slice(1);
const { MongoBinary, DryMongoBinary } = require(library);
(async () => {
  if (what === 'download') return MongoBinary.getPath();
  const { MongoBinaryDownloadUrl } = require(library.replace(/index\\.js$/, 'util/MongoBinaryDownloadUrl.js'));
  return new MongoBinaryDownloadUrl(await DryMongoBinary.generateOptions()).getDownloadUrl();
})().then(
  (answer) => console.log('\\n' + answer),
  (error) => { console.error(String(error.message).split('\\n')[0]); process.exitCode = 1; },
);`;

/** What {@link downloadMongod} takes. */
export interface DownloadOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The folder the binary ends up in. */
  readonly folder: string;
  readonly onProgress: (message: string) => void;
}

/**
 * Lets `mongodb-memory-server-core` download a mongod for this platform from MongoDB and returns its path.
 * The address is probed first, so that a machine without a route waits {@link PROBE_MS}, and a download that
 * receives nothing for {@link STALL_MS} is ended. The library's own variables (`MONGOMS_VERSION`,
 * `MONGOMS_DOWNLOAD_MIRROR`, …) work.
 */
export async function downloadMongod({ env, folder, onProgress }: DownloadOptions): Promise<string> {
  const settings = { ...env, MONGOMS_DOWNLOAD_DIR: folder, MONGOMS_MAX_RETRIES: '1' };
  const url = new URL(await runLibrary('url', settings, { timeoutMs: 10_000 }));
  await probe(url, env);

  makeFolder(folder);
  onProgress(`downloading ${url.pathname.split('/').at(-1)} from ${url.hostname}`);
  const stalled = new AbortController();
  const watch = watchFolder(folder, onProgress, () =>
    stalled.abort(new Error(`nothing for ${STALL_MS / 1000} s`)),
  );
  try {
    return await runLibrary('download', settings, { timeoutMs: 30 * 60_000, signal: stalled.signal });
  } finally {
    clearInterval(watch);
  }
}

async function runLibrary(
  what: 'url' | 'download',
  env: NodeJS.ProcessEnv,
  limits: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<string> {
  const library = createRequire(import.meta.url).resolve('mongodb-memory-server-core');
  const { code, stdout, stderr } = await runCommand(process.execPath, ['-e', SCRIPT, library, what], {
    env,
    ...limits,
  });
  if (code !== 0) throw new Error(lastLine(stderr) || `exit code ${code}`);
  return lastLine(stdout);
}

/** Behind a proxy only the proxy can be asked: it opens the route itself. */
async function probe(url: URL, env: NodeJS.ProcessEnv): Promise<void> {
  const proxy = env['https_proxy'] ?? env['HTTPS_PROXY'] ?? env['http_proxy'] ?? env['HTTP_PROXY'];
  const target = proxy ? new URL(proxy) : url;
  await Promise.race([
    proxy || url.protocol !== 'https:' ? probeTcp(target) : probeHttps(target),
    new Promise<never>((_resolve, reject) => {
      setTimeout(
        reject,
        PROBE_MS,
        new Error(`no answer from ${target.hostname} within ${PROBE_MS} ms`),
      ).unref();
    }),
  ]);
}

function probeTcp(target: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    const socket = connect({ port, host: target.hostname, timeout: PROBE_MS });
    socket.once('connect', resolve).once('error', reject);
    socket.once('connect', () => socket.destroy()).once('timeout', () => socket.destroy());
  });
}

function probeHttps(target: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const head = request(
      target,
      { method: 'HEAD', agent: false, timeout: PROBE_MS },
      ({ statusCode = 0 }) => {
        head.destroy();
        if (statusCode < 400) resolve();
        else
          reject(
            new Error(`${target.hostname} answers ${statusCode}: no build for this platform and version`),
          );
      },
    );
    head.once('error', reject).once('timeout', () => head.destroy());
    head.end();
  });
}

function watchFolder(
  folder: string,
  onProgress: (message: string) => void,
  onStall: () => void,
): NodeJS.Timeout {
  let bytes = -1;
  let changedAt = Date.now();
  let saidMb = 0;
  const look = async (): Promise<void> => {
    const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
    const now = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    if (now !== bytes) changedAt = Date.now();
    else if (Date.now() - changedAt > STALL_MS) onStall();
    bytes = now;
    const mb = Math.floor(bytes / 2 ** 20);
    if (mb >= saidMb + 20) onProgress(`${(saidMb = mb)} MB`);
  };
  // A file may be renamed between the two looks: the next round sees it under its new name.
  return setInterval(() => void look().catch(() => undefined), POLL_MS);
}
