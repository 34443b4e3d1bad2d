import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from '../../errors/bulkhead-error.js';

/** Where a package lies in a repository that carries it itself. */
const VENDOR = 'vendor';

/** This package's own folder, installed or as a checkout. */
export const PACKAGE = fileURLToPath(new URL('../../../../', import.meta.url));

/** This package as it describes itself. */
export interface OwnManifest {
  readonly version: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Reads this package's own `package.json`. */
export const readOwnManifest = (): OwnManifest =>
  JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as OwnManifest;

/**
 * What another repository depends on to have this very version: a version where it came from a registry, the address
 * where it came from one, and otherwise the package itself, packed into the repository's `vendor/`. A path out of the
 * repository would hold on one machine only.
 *
 * @param folder of the other repository.
 * @throws StartError where it cannot be packed.
 */
export function providePackage(folder: string, version: string): string {
  return specOf(findOrigin(PACKAGE), version) ?? pack(PACKAGE, folder);
}

/** Where npm installed a package from, by what it keeps beside its packages; undefined for a checkout. */
export function findOrigin(root: string): string | undefined {
  const modules = dirname(root);
  const lock = join(modules, '.package-lock.json');
  if (basename(modules) !== 'node_modules' || !existsSync(lock)) return undefined;
  const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as {
    packages?: Record<string, { resolved?: string }>;
  };
  return packages?.[`node_modules/${basename(root)}`]?.resolved;
}

/** What to write into `dependencies` for a package of an origin; undefined where it has none that holds elsewhere. */
export function specOf(origin: string | undefined, version: string): string | undefined {
  if (!origin || origin.startsWith('file:')) return undefined;
  // The form of every registry's tarballs.
  return /\/-\/[^/]+\.tgz$/.test(origin) ? version : origin;
}

function pack(root: string, folder: string): string {
  // Elsewhere first: a folder with half of a repository in it could not be made one any more.
  const elsewhere = mkdtempSync(join(tmpdir(), 'bulkhead-pack-'));
  try {
    const { status, stdout, stderr } = spawnSync(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', elsewhere],
      { cwd: root, encoding: 'utf8' },
    );
    if (status !== 0)
      throw new StartError([
        `The package could not be packed; name what to depend on with --package. npm said: ${(stderr ?? 'nothing').trim()}`,
      ]);
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    mkdirSync(join(folder, VENDOR), { recursive: true });
    copyFileSync(join(elsewhere, filename), join(folder, VENDOR, filename));
    return `file:${VENDOR}/${filename}`;
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
}
