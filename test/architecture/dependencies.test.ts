import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fromRoot, readText } from './sources.js';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
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

/** Packages of which there has to be one copy. */
const SINGLE = ['graphql', 'type-graphql', '@typegoose/typegoose', 'mongoose', 'reflect-metadata'];

/** What would run a script at installation if it were let, and is not missed. */
const INSTALL_SCRIPTS = [
  // Prints a warning about versions.
  'node_modules/@apollo/protobufjs',
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
  it.each(SINGLE)('holds one %s: two would not know each other’s objects', (name) => {
    const copies = locked.filter(([path]) => path.endsWith(`node_modules/${name}`)).map(([path]) => path);
    expect(copies).toEqual([`node_modules/${name}`]);
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

interface Tree {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, Tree>>;
}

describe('an installation', () => {
  it('has one graphql, and every range that asks for it is met', () => {
    // Ends with 1 where a range is not met.
    const tree = JSON.parse(
      execFileSync('npm', ['ls', 'graphql', '--all', '--json'], { cwd: fromRoot('.'), encoding: 'utf8' }),
    ) as Tree;
    const versions = new Set<unknown>();
    const walk = ({ dependencies = {} }: Tree) => {
      for (const [name, one] of Object.entries(dependencies)) {
        if (name === 'graphql') versions.add(one.version);
        walk(one);
      }
    };
    walk(tree);
    expect([...versions]).toEqual([manifest.dependencies['graphql']]);
  });

  it('runs no script of a package, here and in the container', () => {
    expect(readText('.npmrc')).toMatch(/^ignore-scripts=true$/m);
    const container = readText('deploy/Containerfile').split('\n');
    for (const line of container.filter((one) => /npm (ci|install|prune)/.test(one)))
      expect(line).toContain('--ignore-scripts');
  });

  it('misses nothing by that: whoever has a script is known', () => {
    const scripted = locked.filter(([, one]) => one.hasInstallScript).map(([path]) => path);
    expect(scripted).toEqual(INSTALL_SCRIPTS);
  });

  it('is of exact versions', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  it('tells why each dependency is there', () => {
    const page = readText('docs/dependencies.md');
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
