import { readFileSync, writeFileSync } from 'node:fs';

const PAGE = 'docs/security.md';
const PLACE = /(<!-- siege: written by `npm run prove -- siege` -->\n)[\s\S]*?(\n<!-- \/siege -->)/;

interface Results {
  readonly commit: string;
  readonly command: string;
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly mongod: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** Writes what the last siege found into its place in `docs/security.md`. */
export function writeSiege(): void {
  const { figures, commit, command, date, machine, node, mongod } = JSON.parse(
    readFileSync('bench/results/siege.json', 'utf8'),
  ) as Results;
  const rows = Object.entries(figures).map(([name, value]) => `| \`${name}\` | ${value} |`);
  const text = [
    '',
    '| Figure | Found |',
    '| --- | --- |',
    ...rows,
    '',
    `\`PROVE_SEED=${figures['seed']} ${command}\` · ${machine} · Node ${node} · MongoDB ${mongod} · ${date.slice(0, 10)} · commit ${commit}`,
    '',
  ].join('\n');
  const page = readFileSync(PAGE, 'utf8');
  if (!PLACE.test(page)) throw new Error(`${PAGE} has no place for the siege's figures.`);
  writeFileSync(
    PAGE,
    page.replace(PLACE, (_all, before: string, after: string) => before + text + after),
  );
}
