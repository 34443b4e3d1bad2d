import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, watch as watchFolder } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { StartError } from '../errors/bulkhead-error.js';

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

/** Compiles on every change and tells when new output is there; answers a function that ends it. */
export function watchSources(onChange: () => void): () => void {
  const project = existsSync('tsconfig.build.json') ? 'tsconfig.build.json' : 'tsconfig.json';
  // A group of its own: on some platforms tsc is a shim around a native process that would outlive it.
  const compiler: ChildProcess = spawn(
    process.execPath,
    [findCompiler(), '-p', project, '--watch', '--preserveWatchOutput'],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    },
  );
  let settling: NodeJS.Timeout | undefined;
  const watcher = watchFolder('dist', { recursive: true }, (_event, file) => {
    if (!file?.endsWith('.js')) return;
    clearTimeout(settling);
    settling = setTimeout(onChange, SETTLE_MS);
  });
  return () => {
    clearTimeout(settling);
    watcher.close();
    try {
      process.kill(-compiler.pid!, 'SIGTERM');
    } catch {
      // It has ended already.
    }
  };
}
