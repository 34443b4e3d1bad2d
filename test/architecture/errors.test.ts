import { describe, expect, it } from 'vitest';
import { catalogue, type CatalogueEntry } from '../../src/errors/catalogue.js';
import { readText } from './sources.js';

const page = readText('docs/errors.md');
const rows = [...page.matchAll(/^\| `([A-Z_]+)` *\| *(\d+) *\| *(\S+) *\| *(.+?) *\|$/gm)];
const documented = rows.map(([, code, http, shown, means]) => ({ code, http: Number(http), shown, means }));
const firstAid = [...page.matchAll(/^- `([A-Z_]+)`: (.+)$/gm)];

const promised = Object.entries<CatalogueEntry>(catalogue).map(([code, entry]) => ({
  code,
  http: entry.http,
  shown: entry.public ? 'public' : 'masked',
  means: entry.means,
}));

describe('docs/errors.md', () => {
  it('has each error of the catalogue with its status, and no other', () => {
    expect(documented).toEqual(promised);
  });

  it('has first aid for each, and for no other', () => {
    expect(firstAid.map(([, code]) => code)).toEqual(promised.map(({ code }) => code));
    expect(firstAid.filter(([, , text]) => !/[.)]$/.test(text ?? ''))).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('has codes in capitals, a status of HTTP and a sentence each', () => {
    for (const { code, http, means } of promised) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(http === 200 || (http >= 400 && http < 600), `${code} has ${http}`).toBe(true);
      expect(means).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('masks the unexpected and nothing else', () => {
    expect(promised.filter(({ shown }) => shown === 'masked').map(({ code }) => code)).toEqual([
      'INTERNAL_SERVER_ERROR',
    ]);
  });
});
