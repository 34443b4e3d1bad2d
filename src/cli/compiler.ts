import { spawn } from 'node:child_process';

/**
 * Stands between `bulkhead dev` and the compiler it watches with: leads a process group of its own, and takes the whole
 * group along when its parent is gone, however it went. On some platforms tsc is a shim around a native process, which
 * would outlive it.
 */
const compiler = spawn(process.execPath, process.argv.slice(2), { stdio: 'inherit' });

function endAll(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // No process groups here: at least the shim.
    compiler.kill('SIGKILL');
    process.exit();
  }
}
process.on('disconnect', endAll);
process.on('SIGTERM', endAll);
compiler.once('exit', (code) => process.exit(code ?? 1));
