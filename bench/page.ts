import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Spread } from './statistics.js';

interface Results {
  readonly commit: string;
  readonly command: string;
  readonly machine: string;
  readonly node: string;
  readonly mongod: string;
  readonly date: string;
  readonly rounds: number;
  readonly figures: Readonly<Record<string, number | Spread>>;
  readonly ratios: Readonly<Record<string, number | Spread>>;
}

const text = (value: number | Spread): string =>
  typeof value === 'number' ? String(value) : `${value.median} (${value.min} to ${value.max})`;
const rows = (values: Readonly<Record<string, number | Spread>>): string =>
  Object.entries(values)
    .map(([key, value]) => `| \`${key}\` | ${text(value)} |`)
    .join('\n');

const SECTIONS: Readonly<Record<string, string>> = {
  first: `## A page of twenty posts with their authors (\`first\`)

This gateway against the stack that tutorials teach: Apollo Server, TypeGraphQL, hydrated Mongoose documents, one \`findById\` per
reference. Both are processes of their own over one database, answer the same page (compared before measuring) from random places of
the list, and are loaded in turn by twenty connections; the order changes every round. The ratio is requests per second, ours divided
by theirs, per round. The bar is 5.`,
};

/** Writes `docs/performance.md` from the results that lie in \`bench/results\`. */
export function writePage(): void {
  const parts = Object.entries(SECTIONS).flatMap(([name, section]) => {
    const path = `bench/results/${name}.json`;
    if (!existsSync(path)) return [];
    const found = JSON.parse(readFileSync(path, 'utf8')) as Results;
    return [
      `${section}

| | median (least to most) |
| --- | --- |
${rows(found.ratios)}
${rows(found.figures)}

${found.rounds} rounds · \`${found.command}\` · ${found.machine} · Node ${found.node} · MongoDB ${found.mongod} · ${found.date.slice(0, 10)} · commit ${found.commit}`,
    ];
  });
  const page = `# Performance

Generated from \`bench/results\` by \`npm run bench -- NAME\`; load generator, gateway and database share one machine, so ratios count and
absolute figures do not.

${parts.join('\n\n')}
`;
  writeFileSync('docs/performance.md', page);
}
