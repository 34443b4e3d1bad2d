import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findProcess } from '../../src/database/embedded/processes.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STORE = join(ROOT, '.cache/built-projects');
const FOLDERS = ['src', 'schema', 'resolvers', 'sample', 'generated', 'examples', 'deploy', 'test'];
const FILES = [
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'vitest.config.ts',
  'bulkhead.config.ts',
  'codegen.ts',
  '.prettierrc.json',
  '.oxlintrc.json',
];
const LONGEST_BUILD_MS = 200_000;
const LONGEST_KEPT_MS = 60 * 60_000;

/** A copy of the whole project in a folder of its own, built; its packages are this repository's. */
export async function copyBuiltProject(folder: string): Promise<void> {
  cpSync(await buildOnce(), folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

/** Builds a copy of the sources as they are now; test files of one run share it. */
async function buildOnce(): Promise<string> {
  const built = join(STORE, hashOfSources());
  mkdirSync(STORE, { recursive: true });
  const lock = `${built}.lock`;
  for (const until = Date.now() + LONGEST_BUILD_MS; !existsSync(built); await sleep(100)) {
    if (Date.now() > until) throw new Error(`${lock}: whoever builds there does not finish; remove it.`);
    if (!isFirst(lock)) continue;
    try {
      // Whoever was first may have finished between the two looks.
      if (!existsSync(built)) await build(built);
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return built;
}

function isFirst(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    return false;
  }
}

/** Whether a run that was killed has left it. */
function isAbandoned(lock: string): boolean {
  try {
    const pid = readFileSync(lock, 'utf8');
    // Made, and not yet written.
    return pid !== '' && !findProcess(Number(pid));
  } catch {
    return false;
  }
}

async function build(built: string): Promise<void> {
  // Copies of earlier sources; one that another run still reads is younger than this.
  for (const name of readdirSync(STORE))
    if (Date.now() - statSync(join(STORE, name)).mtimeMs > LONGEST_KEPT_MS)
      rmSync(join(STORE, name), { recursive: true, force: true });
  const part = `${built}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part);
  for (const name of [...FOLDERS, ...FILES])
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(part, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(part, 'node_modules'));
  // Not in one go: the runner takes a file for lost whose process says nothing for a minute.
  const args = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'];
  const [code] = await once(spawn(process.execPath, args, { cwd: part, stdio: 'inherit' }), 'exit');
  if (code !== 0) throw new Error(`The copy of the sources in ${part} does not compile.`);
  renameSync(part, built);
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  const paths = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const path of [...paths.sort(), ...FILES.map((name) => join(ROOT, name))])
    if (existsSync(path)) hash.update(path).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}
