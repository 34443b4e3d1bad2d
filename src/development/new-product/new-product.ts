import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkProductNames } from '../../config/names.js';
import { StartError } from '../../errors/bulkhead-error.js';
import { addProduct, entryOf } from './config-entry.js';
import { clientTest, harnessTest, type NewFiles, plainTest, productFiles } from './templates.js';

const CONFIG = 'bulkhead.config.ts';
/** What tests of a product can stand on, the best first; where there is neither, on Node's own runner. */
const HARNESSES = [
  ['test/support/gateway.ts', harnessTest],
  ['test/gateway.ts', clientTest],
] as const;

/** What was made. */
export interface NewProduct {
  readonly created: readonly string[];
  readonly changed: readonly string[];
}

/**
 * Makes the folders of a new product, its test and its entry in `bulkhead.config.ts`. Nothing is overwritten, and
 * nothing is written where something is in the way.
 *
 * @throws StartError for a name that cannot be taken, and where the entry has to be added by hand.
 */
export function createProduct(product: string, root: string): NewProduct {
  const problems = checkName(product, root);
  const configPath = join(root, CONFIG);
  if (!existsSync(configPath)) problems.push(`${CONFIG}: expected here, with the products that there are.`);
  if (problems.length > 0) throw new StartError(problems);

  const changed = addProduct(readFileSync(configPath, 'utf8'), product);
  if (changed === undefined) {
    const { imports, entry } = entryOf(product);
    throw new StartError([
      `${CONFIG} has another form than expected, so nothing was written. Add a place to it, \`products: { … }\` with defineProduct imported, or begin with these lines by hand:\n${[...imports, entry].join('\n')}`,
    ]);
  }
  const [, testOf = plainTest] = HARNESSES.find(([path]) => existsSync(join(root, path))) ?? [];
  const files: NewFiles = { ...productFiles(product), ...testOf(product) };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { flag: 'wx' });
  }
  writeFileSync(configPath, changed);
  return { created: Object.keys(files), changed: [CONFIG] };
}

function checkName(product: string, root: string): string[] {
  const folders = join(root, 'schema');
  const others = existsSync(folders)
    ? readdirSync(folders, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : [];
  const taken = ['schema', 'resolvers'].filter((room) => existsSync(join(root, room, product)));
  if (taken.length > 0)
    return taken.map((room) => `${room}/${product} is there already: nothing is overwritten.`);
  // A folder that is no product, such as one for shared parts, may have any name.
  const good = others.filter((name) => checkProductNames([name]).length === 0);
  return checkProductNames([...good, product]);
}
