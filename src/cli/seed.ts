import { withDevelopmentUris } from '../development/product-uris.js';
import { loadSample } from '../development/sample.js';
import { StartError } from '../errors/bulkhead-error.js';
import { loadProject } from '../server/load-project.js';
import { opsUriOf, withOpsDatabase } from './ops-uri.js';
import { type CommonOptions, endProgress, print, showProgress } from './output.js';

/** Options of `bulkhead seed`. */
export interface SeedOptions extends CommonOptions {
  readonly scale: number;
}

/**
 * Loads sample data at a scale, with the ops credentials; in development those of the data folder, on the embedded
 * server that runs.
 *
 * @throws StartError in production, or for a product without sample data; BulkheadError when no database runs.
 */
export async function seedProducts(product: string | undefined, options: SeedOptions): Promise<void> {
  const { scale, json } = options;
  const project = await loadProject({ ...options, products: product ? [product] : [] });
  const environment = withDevelopmentUris(project.environment);
  if (environment.production)
    throw new StartError(['Sample data is for development: its users share one published password.']);
  const targets = [...project.runtimes.values()].filter((runtime) => runtime.product.sample);
  if (targets.length === 0)
    throw new StartError([
      product ? `${product} declares no sample data.` : 'No product declares sample data.',
    ]);

  const results: { product: string; documents: number; removed: number; rssMb: number }[] = [];
  for (const { name, product: declared, classes } of targets) {
    const opsUri = opsUriOf(environment, name, 'to load sample data with');
    const result = await withOpsDatabase(opsUri, name, (db) =>
      loadSample({ name, product: declared, classes, db }, scale, ({ collection, documents }) =>
        showProgress(`${name}: ${documents.toLocaleString('en')} documents (${collection})`),
      ),
    );
    endProgress();
    const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
    results.push({ product: name, ...result, rssMb });
    const removed = result.removed ? `, ${result.removed.toLocaleString('en')} of another scale removed` : '';
    if (!json)
      print(false, {}, [`${name}: ${result.documents.toLocaleString('en')} new sample documents${removed}`]);
  }
  if (json) print(true, { ok: true, scale, products: results }, []);
}
