import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, watch as watchFolder } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from '../errors/bulkhead-error.js';

const COMPILER = fileURLToPath(new URL('compiler.js', import.meta.url));
const PROJECTS = ['tsconfig.build.json', 'tsconfig.json'];
const OUTPUT = 'dist';
/** The compiler writes many files for one change. */
const SETTLE_MS = 120;

/** The project's own TypeScript compiler. @throws StartError when it has none. */
function findCompiler(): string {
  try {
    const manifest = createRequire(resolve('package.json')).resolve('typescript/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { tsc: string } };
    return join(dirname(manifest), bin.tsc);
  } catch {
    throw new StartError([
      "bulkhead dev compiles with the project's own TypeScript: add `typescript` to its devDependencies.",
    ]);
  }
}

/**
 * Compiles on every change and tells when new output is there; answers a function that ends it.
 *
 * @throws StartError when the project has no compiler or no tsconfig.
 */
export function watchSources(onChange: () => void): () => void {
  const project = PROJECTS.find(existsSync);
  if (!project) {
    throw new StartError([
      'bulkhead dev compiles TypeScript, and there is no tsconfig.json here: add one, or use dev --no-watch.',
    ]);
  }
  const args = [findCompiler(), '-p', project, '--watch', '--preserveWatchOutput'];
  mkdirSync(OUTPUT, { recursive: true });
  const compiler = spawn(process.execPath, [COMPILER, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  let settling: NodeJS.Timeout | undefined;
  const watcher = watchFolder(OUTPUT, { recursive: true }, (_event, file) => {
    if (!file?.endsWith('.js')) return;
    clearTimeout(settling);
    settling = setTimeout(onChange, SETTLE_MS);
  });
  // A folder that is deleted while it is watched ends the watching, not the gateway.
  watcher.on('error', () => {});
  return () => {
    clearTimeout(settling);
    watcher.close();
    compiler.kill('SIGTERM');
  };
}
