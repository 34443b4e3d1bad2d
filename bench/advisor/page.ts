import { readFileSync, writeFileSync } from 'node:fs';

const NAMES = {
  bulkhead: '`bulkhead indexes advise`',
  atlas: 'the rules in Atlas’ documentation',
  pgHero: 'PgHero’s rules',
  dexter: 'dexter’s, with measured costs for its planner',
};
const BEFORE = '<!-- scores: advisor -->\n';
const AFTER = '\n<!-- /scores -->';

/** Writes the scores of the suite into their place on a page. @throws Error when the page has no such place. */
export function writeScores(page: string, seed: string): void {
  const { figures, machine, mongod, date, commit } = JSON.parse(
    readFileSync('bench/results/advisor.json', 'utf8'),
  ) as { figures: Record<string, number>; machine: string; mongod: string; date: string; commit: string };
  const whole = readFileSync(page, 'utf8');
  const [start, end] = [whole.indexOf(BEFORE) + BEFORE.length, whole.indexOf(AFTER)];
  if (start < BEFORE.length || end < 0) throw new Error(`${page} has no place for the scores.`);
  const lines = [
    '',
    '| rules | precision | recall | regret, by the table | worst |',
    '|---|---|---|---|---|',
    ...Object.entries(NAMES).map(
      ([name, words]) =>
        `| ${words} | ${['precision', 'recall', 'regret', 'worst'].map((key) => figures[`${name}.${key}`]).join(' | ')} |`,
    ),
    '',
    `${figures['workloads']} workloads in ${figures['classes']} classes; with the advised indexes built and the server planning by itself, regret ${figures['regret']} (worst ${figures['worstRegret']}). ` +
      `${figures['traps']} traps for drops: harmful drops ${figures['harmfulDrops']}, useless indexes found ${figures['foundDrops']}.`,
    '',
    `\`BENCH_SEED=${seed} npm run bench -- advisor\` · ${machine} · MongoDB ${mongod} · ${date.slice(0, 10)} · commit ${commit}`,
    '',
  ];
  writeFileSync(page, whole.slice(0, start) + lines.join('\n') + whole.slice(end));
}
