import { withDevelopmentUris } from '../development/product-uris.js';
import { CONTROL_COLLECTION, type Control } from '../product/control.js';
import { loadProject } from '../server/load-project.js';
import { opsUriOf, withOpsDatabase } from './ops-uri.js';
import { type CommonOptions, print } from './output.js';

/** What an operator can decide about a product. */
export type Decision = Control['mode'] | 'serving';

/** Options of `bulkhead product park` and its like. */
export interface ProductModeOptions extends CommonOptions {
  /** For the log, and for other operators. */
  readonly reason?: string;
}

const SAID: Readonly<Record<Decision, string>> = {
  parked: 'is parked: its operations are answered PRODUCT_UNAVAILABLE',
  'read-only': 'is read-only: queries are answered, mutations PRODUCT_UNAVAILABLE',
  serving: 'serves',
};

/** Writes an operator's decision into a product's database, where every gateway reads it within a second. */
export async function decide(
  product: string,
  decision: Decision,
  options: ProductModeOptions,
): Promise<void> {
  const { json, reason = 'no reason given' } = options;
  const project = await loadProject({ ...options, products: [product], serves: false });
  const opsUri = opsUriOf(withDevelopmentUris(project.environment), product, 'to decide with');
  await withOpsDatabase(opsUri, product, async (db) => {
    const control = db.collection<Control>(CONTROL_COLLECTION);
    const now = new Date();
    if (decision === 'serving') await control.deleteOne({ _id: 'mode' });
    else
      await control.updateOne(
        { _id: 'mode' },
        { $set: { mode: decision, reason, updatedAt: now }, $setOnInsert: { createdAt: now } },
        { upsert: true },
      );
  });
  print(json, { ok: true, product, mode: decision }, [`${product} ${SAID[decision]}.`]);
}
