import type { TestProject } from 'vitest/node';
import { findMongod } from '../../src/database/embedded/find-mongod.js';
import { startScratch } from '../../src/database/embedded/scratch.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The administrator's URI of the server that all test files share: take a database of your own, drop it after. */
    mongodAdminUri: string;
    /** The binary, for tests that start a server of their own. */
    mongodBinary: string;
  }
}

/** Starts the one MongoDB of the run. Without a mongod the run fails: nothing is skipped. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { path } = await findMongod({
    env: process.env,
    onProgress: (line) => console.error(`mongod: ${line}`),
  });
  const server = await startScratch({
    env: { ...process.env, BULKHEAD_MONGOD: path },
    extraArgs: ['--setParameter', 'enableTestCommands=1', '--setParameter', 'ttlMonitorSleepSecs=1'],
  });
  project.provide('mongodAdminUri', server.uri);
  project.provide('mongodBinary', path);
  return () => server.stop();
}
