import { describe, expect, it } from 'vitest';
import { readText } from './sources.js';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}
const manifest = JSON.parse(readText('package.json')) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};
const lock = JSON.parse(readText('package-lock.json')) as { packages: Record<string, LockedPackage> };
const locked = Object.entries(lock.packages).filter(([path, one]) => path !== '' && one.version && !one.link);

/** The first version without a published fault that reaches us; looked up in November 2026. */
const FLOORS: readonly (readonly [name: string, floor: string, why: string])[] = [
  ['@apollo/server', '5.5.0', 'CVE-2026-23897, and the XS-Search advisory of 2026'],
  [
    'fastify',
    '5.8.5',
    'CVE-2025-32442, CVE-2026-25223, CVE-2026-3419, CVE-2026-33806: body validation skipped',
  ],
  ['graphql', '16.8.1', 'CVE-2023-26144: quadratic validation of overlapping fields'],
  ['mongoose', '8.9.5', 'CVE-2024-53900, CVE-2025-23061: $where inside a populate match'],
];

/** Whether a version is a floor or above it. A pre-release counts as below the release it precedes. */
function reaches(version: string, floor: string): boolean {
  const [numbers = '', preRelease] = version.split('-', 2);
  const [have, need] = [numbers, floor].map((one) => one.split('.').map(Number));
  for (const [i, least] of (need ?? []).entries()) {
    const part = have?.[i] ?? 0;
    if (part !== least) return part > least;
  }
  return preRelease === undefined;
}

describe('installed versions', () => {
  it.each(FLOORS)('%s is %s or later: %s', (name, floor) => {
    const { version } = JSON.parse(readText(`node_modules/${name}/package.json`)) as { version: string };
    expect(reaches(version, floor), `${name} ${version}`).toBe(true);
  });

  it.each([
    ['5.5.0', true],
    ['5.10.0', true],
    ['6.0.0', true],
    ['5.4.9', false],
    ['4.13.0', false],
    ['5.5.0-rc.1', false],
  ])('a floor of 5.5.0 is reached by %s: %s', (version, expected) => {
    expect(reaches(version, '5.5.0')).toBe(expected);
  });
});

describe('the lock file', () => {
  it('holds one graphql: two would refuse each other’s types', () => {
    const copies = locked.filter(([path]) => path.endsWith('node_modules/graphql')).map(([path]) => path);
    expect(copies).toEqual(['node_modules/graphql']);
  });

  it('holds a hash for each package', () => {
    expect(locked.length).toBeGreaterThan(Object.keys(manifest.dependencies).length);
    const bare = locked.filter(([, one]) => !one.integrity?.startsWith('sha512-'));
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  it('names no registry', () => {
    expect(locked.filter(([, one]) => one.resolved !== undefined).map(([path]) => path)).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  it('tells why each dependency is there', () => {
    const page = readText('docs/dependencies.md');
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
