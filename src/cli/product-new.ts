import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProduct } from '../development/new-product/new-product.js';
import { type CommonOptions, print } from './output.js';

/** Options of `bulkhead product new`. */
export interface ProductNewOptions extends CommonOptions {
  /** Brings generated files up to date where the project has a script for it. */
  readonly codegen: boolean;
}

/** Makes a product's folders, test and entry; formats them and brings generated files up to date. @throws StartError */
export function newProduct(product: string, { json, codegen }: ProductNewOptions): void {
  const root = process.cwd();
  const { created, changed } = createProduct(product, root);
  format(root, [...created, ...changed]);
  const isGenerated = codegen && hasScript(root, 'codegen') && generate(root);
  const next = [
    ...(isGenerated || !hasScript(root, 'codegen') ? [] : ['npm run codegen']),
    ...(hasScript(root, 'start') ? ['npm start'] : ['compile, then npx bulkhead dev --no-watch']),
  ];
  print(json, { ok: true, created, changed, generated: isGenerated, next }, [
    ...created.map((path) => `created  ${path}`),
    ...changed.map((path) => `changed  ${path}`),
    `Next: ${next.join(', then ')}.`,
  ]);
}

function hasScript(root: string, name: string): boolean {
  const path = join(root, 'package.json');
  if (!existsSync(path)) return false;
  const { scripts } = JSON.parse(readFileSync(path, 'utf8')) as { scripts?: Record<string, string> };
  return scripts?.[name] !== undefined;
}

/** By the project's own formatter and rules, where it has one. */
function format(root: string, paths: readonly string[]): void {
  const prettier = join(root, 'node_modules/prettier/bin/prettier.cjs');
  if (existsSync(prettier))
    spawnSync(process.execPath, [prettier, '--write', '--log-level', 'silent', ...paths], { cwd: root });
}

function generate(root: string): boolean {
  process.stderr.write('bringing generated files up to date (npm run codegen)\n');
  const { status } = spawnSync('npm', ['run', '--silent', 'codegen'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0;
}
