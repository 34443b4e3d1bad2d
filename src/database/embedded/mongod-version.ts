import { lastLine, runCommand } from './run-command.js';

/** The oldest release whose features the gateway uses. */
export const OLDEST_MONGOD = 6;

/**
 * Runs `mongod --version` and returns the version, such as `6.0.5`. Rejects with a short reason when the file
 * does not run here (another platform, a missing library), is no mongod, or is older than {@link OLDEST_MONGOD}.
 */
export async function getMongodVersion(path: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await runCommand(path, ['--version'], { env });
  const [, version, major] = /db version v((\d+)\.\S+)/.exec(stdout) ?? [];
  if (code !== 0 || version === undefined) {
    throw new Error(`--version failed (exit code ${code}): ${lastLine(stderr) || 'it printed no version'}`);
  }
  if (Number(major) < OLDEST_MONGOD) {
    throw new Error(`is version ${version}; ${OLDEST_MONGOD}.0 or later is needed`);
  }
  return version;
}
