import { existsSync } from 'node:fs';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { fromRoot, readText } from './sources.js';

/** Exported names, types marked as such, in order. */
function surfaceOf(path: string): string[] {
  const { staticExports } = parseSync(path, readText(path)).module;
  return staticExports
    .flatMap(({ entries }) => entries)
    .map(({ exportName, isType }) => `${isType ? 'type ' : ''}${exportName.name ?? '*'}`)
    .sort();
}

/** `exports` and `bin`, flattened to the files they name. */
const filesIn = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(filesIn)
      : [];

describe('the promised surface', () => {
  // To change the promise: `npx vitest run test/architecture/surface -u`, and tell the change in the commit.
  it('is the committed list', async () => {
    await expect(`${surfaceOf('src/index.ts').join('\n')}\n`).toMatchFileSnapshot('surface.txt');
  });

  it('names each export, so that nothing is promised by accident', () => {
    expect(surfaceOf('src/index.ts')).not.toContain('*');
    expect(surfaceOf('src/index.ts').length).toBeGreaterThan(20);
  });
});

describe('package.json', () => {
  const manifest = JSON.parse(readText('package.json')) as { exports: unknown; bin: unknown };

  it.each([...filesIn(manifest.exports), ...filesIn(manifest.bin)])(
    'names %s, which the build writes',
    (file) => {
      // The build keeps the tree (`rootDir` is the repository), so an output exists when its source does.
      const source = file.replace(/^(\.\/)?dist\//, '').replace(/(\.d\.ts|\.js)$/, '.ts');
      expect(existsSync(fromRoot(source)), `${file} comes from ${source}`).toBe(true);
    },
  );
});
