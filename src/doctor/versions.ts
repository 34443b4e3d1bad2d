import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Findings } from './check.js';

/** The oldest Node that the engine runs on, and the oldest advised in production. */
const NODE = { oldest: [20, 19, 0], advised: [22, 0, 0] } as const;

/**
 * The first release of each series without a published fault that anybody on the network can use without a password:
 * CVE-2025-14847 (memory is disclosed) and, from 7.0 on, CVE-2026-9740 (a message ends the server). Looked up in
 * November 2026.
 */
const PATCHED: Readonly<Record<string, readonly number[]>> = {
  '6.0': [6, 0, 27],
  '7.0': [7, 0, 35],
  '8.0': [8, 0, 24],
  '8.2': [8, 2, 10],
  '8.3': [8, 3, 3],
};
const OLDEST_SERVER = [6, 0, 0];

/** Packages whose two copies would not know each other's objects. */
const SINGLE = ['graphql', 'type-graphql', '@typegoose/typegoose', 'mongoose', 'reflect-metadata'];

const numbers = (version: string): number[] => (version.split('-')[0] ?? '').split('.').map(Number);

/** Whether a version is a floor or above it. */
export function reaches(version: readonly number[], floor: readonly number[]): boolean {
  for (const [place, least] of floor.entries()) {
    const part = version[place] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/** The Node that runs this, and the packages that the project and the engine load. */
export function checkOwnVersions(findings: Findings, production: boolean, cwd: string): void {
  const node = numbers(process.versions.node);
  if (!reaches(node, NODE.oldest))
    findings.add(
      'versions',
      'finding',
      `Node ${process.versions.node} is too old`,
      'Install Node 22 or later.',
    );
  else if (production && !reaches(node, NODE.advised))
    findings.add('versions', 'note', `Node ${process.versions.node}: 22 or later is advised in production`);

  const engine = createRequire(import.meta.url);
  const project = createRequire(join(cwd, 'package.json'));
  for (const name of SINGLE) {
    const [own, theirs] = [find(engine, name), find(project, name)];
    // Copies are told by their paths: two of the same version are two all the same.
    if (own && theirs && own.path !== theirs.path) {
      findings.add(
        'versions',
        'finding',
        `${name} is installed twice: ${own.version} for the engine, ${theirs.version} for the project`,
        `Depend on ${name} ${own.version}, and run npm dedupe.`,
      );
    }
  }
  findings.settle('versions', `Node ${process.versions.node}, one copy of each shared package`);
}

function find(from: NodeJS.Require, name: string): { path: string; version: string } | undefined {
  for (const folder of from.resolve.paths(name) ?? []) {
    try {
      const path = join(folder, name, 'package.json');
      const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
      return { path: realpathSync(path), version };
    } catch {
      // Not in this folder; the next one up.
    }
  }
  return undefined;
}

/** The server a product is on. */
export function checkServerVersion(findings: Findings, version: string, production: boolean): void {
  const server = numbers(version);
  const series = server.slice(0, 2).join('.');
  const patched = PATCHED[series];
  if (!reaches(server, OLDEST_SERVER))
    findings.add('versions', 'finding', `MongoDB ${version} is too old`, 'Upgrade to 6.0 or later.');
  else if (patched && !reaches(server, patched)) {
    const least = patched.join('.');
    const state = production ? 'finding' : 'note';
    findings.add(
      'versions',
      state,
      `MongoDB ${version} has a known fault that needs no password; ${least} has not`,
      production ? `Upgrade to ${least} or later.` : undefined,
    );
  }
  findings.settle('versions', `MongoDB ${version}`);
}
