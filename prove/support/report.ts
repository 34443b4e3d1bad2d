import { writeFigures } from '../../bench/figures.js';
import { writeResults } from '../../bench/results.js';
import type { Spread } from '../../bench/statistics.js';

/** What a proof has measured, by name. */
export type Figures = Readonly<Record<string, number | Spread>>;

/** Shows a proof's figures. */
export function show(figures: Figures): void {
  for (const [name, value] of Object.entries(figures))
    process.stdout.write(`${name.padEnd(32)} ${typeof value === 'number' ? value : JSON.stringify(value)}\n`);
}

/** Shows a proof's figures, and writes them into `bench/results/siege.json` and the page on reliability. */
export function report(command: string, rounds: number, mongod: string, figures: Figures): void {
  show(figures);
  writeResults('siege', { command, rounds, mongod, figures, ratios: {} });
  writeFigures('docs/reliability.md', 'siege', command);
}

/** Shows what was found wrong, at most twenty lines of it. */
export function complain(lines: readonly string[]): void {
  for (const line of lines.slice(0, 20)) process.stdout.write(`  ${line.slice(0, 800)}\n`);
}
