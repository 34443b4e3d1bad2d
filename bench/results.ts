import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { Spread } from './statistics.js';

/** What a benchmark found: flat keys, each a number or a spread. */
export interface Measured {
  readonly rounds: number;
  readonly figures: Readonly<Record<string, number | Spread>>;
  readonly ratios: Readonly<Record<string, number | Spread>>;
  readonly mongod: string;
  /** What was run. Default: `npm run bench -- NAME`. */
  readonly command?: string;
}

interface Stored extends Measured {
  readonly sources: Readonly<Record<string, { commit: string; command: string; date: string }>>;
}

const pathOf = (name: string) => `bench/results/${name}.json`;

/** Writes `bench/results/NAME.json`; keys that were not measured now stay as they are, with their own source. */
export function writeResults(name: string, measured: Measured): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const source = {
    commit,
    command: measured.command ?? `npm run bench -- ${name}`,
    date: new Date().toISOString(),
  };
  const before: Partial<Stored> = existsSync(pathOf(name))
    ? (JSON.parse(readFileSync(pathOf(name), 'utf8')) as Stored)
    : {};
  const keys = [...Object.keys(measured.figures), ...Object.keys(measured.ratios)];
  const results = {
    ...source,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    mongod: measured.mongod,
    rounds: measured.rounds,
    figures: { ...before.figures, ...measured.figures },
    ratios: { ...before.ratios, ...measured.ratios },
    sources: { ...before.sources, ...Object.fromEntries(keys.map((key) => [key, source])) },
  };
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(pathOf(name), `${JSON.stringify(results, null, 2)}\n`);
}
