import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../../config/make-folder.js';
import { checkProductNames } from '../../config/names.js';
import { StartError } from '../../errors/bulkhead-error.js';
import { createProduct } from '../new-product/new-product.js';
import { deploySamples } from './deploy-samples.js';
import { providePackage, readOwnManifest } from './package-source.js';
import { manifest, repositoryFiles } from './templates.js';

/** What a new repository is made of. */
export interface NewRepositoryOptions {
  /** Of the product, and of the repository. Default: the folder's name. */
  readonly name?: string;
  /** What it depends on, as npm writes it. Default: this very version. */
  readonly dependency?: string;
}

/** What was made. */
export interface NewRepository {
  readonly name: string;
  /** What it depends on. */
  readonly dependency: string;
  readonly created: readonly string[];
}

/**
 * Makes a repository that depends on this package, with one product and its test. Installs nothing.
 *
 * @param folder absolute; made where it is not there.
 * @throws StartError for a folder that is not empty or cannot be made, and a name that no product can have.
 */
export function createRepository(folder: string, options: NewRepositoryOptions): NewRepository {
  const { name = basename(folder) } = options;
  const isFile = existsSync(folder) && !statSync(folder).isDirectory();
  const inTheWay =
    existsSync(folder) && !isFile ? readdirSync(folder).filter((entry) => entry !== '.git') : [];
  const problems = checkProductNames([name]).map((problem) =>
    options.name === undefined ? `${problem} Give it another with --name.` : problem,
  );
  if (isFile) problems.push(`${folder}: expected an empty folder, found a file.`);
  if (inTheWay.length > 0)
    problems.push(`${folder}: expected an empty folder, found ${inTheWay.slice(0, 3).join(', ')}.`);
  if (problems.length > 0) throw new StartError(problems);

  makeFolder(folder, { advice: 'Make the repository in a folder of your own.' });
  const own = readOwnManifest();
  const dependency = options.dependency ?? providePackage(folder, own.version);
  const files = {
    'package.json': manifest(name, dependency, own),
    ...repositoryFiles(name),
    ...deploySamples(name),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { flag: 'wx' });
  }
  const { created } = createProduct(name, folder);
  return { name, dependency, created: [...Object.keys(files), ...created] };
}
