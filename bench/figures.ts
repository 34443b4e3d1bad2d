import { readFileSync, writeFileSync } from 'node:fs';
import type { Spread } from './statistics.js';

type Value = number | Spread;
interface Results {
  readonly machine: string;
  readonly node: string;
  readonly mongod: string;
  readonly figures: Readonly<Record<string, Value>>;
  readonly ratios: Readonly<Record<string, Value>>;
  readonly sources: Readonly<Record<string, { commit: string; command: string; date: string }>>;
}

const text = (value: Value): string =>
  typeof value === 'number' ? String(value) : `${value.median} (${value.min} to ${value.max})`;

/**
 * Writes what one command has found into its place on a page: between `<!-- figures: COMMAND -->` and
 * `<!-- /figures -->`.
 *
 * @param name of the file in `bench/results`.
 * @throws Error when the page has no such place.
 */
export function writeFigures(page: string, name: string, command: string): void {
  const { machine, node, mongod, figures, ratios, sources } = JSON.parse(
    readFileSync(`bench/results/${name}.json`, 'utf8'),
  ) as Results;
  const own = Object.entries({ ...ratios, ...figures }).filter(([key]) => sources[key]?.command === command);
  const source = sources[own[0]?.[0] ?? ''];
  const before = `<!-- figures: ${command} -->\n`;
  const after = '\n<!-- /figures -->';
  const whole = readFileSync(page, 'utf8');
  const [start, end] = [whole.indexOf(before) + before.length, whole.indexOf(after, whole.indexOf(before))];
  if (start < before.length || end < 0)
    throw new Error(`${page} has no place for the figures of ${command}.`);
  const lines = [
    '',
    '| Figure | Found (median, least to most) |',
    '| --- | --- |',
    ...own.map(([key, value]) => `| \`${key}\` | ${text(value)} |`),
    '',
    `\`${command}\` · ${machine} · Node ${node} · MongoDB ${mongod} · ${source?.date.slice(0, 10)} · commit ${source?.commit}`,
    '',
  ];
  writeFileSync(page, whole.slice(0, start) + lines.join('\n') + whole.slice(end));
}
