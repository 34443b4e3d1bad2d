import { createSessions, type Sessions } from '../../auth/sessions.js';
import { Deadline } from '../../compartment/deadline.js';
import { collectionOf } from '../../database/schema.js';
import type { ProductRuntime } from './product-runtime.js';

/** The part of a product's deadline that looking up a session may take: the operation comes after it. */
const SHARE = 0.5;

/**
 * The sessions of one product; undefined where it has no sign-ins. A look-up happens before the operation enters the
 * compartment, so it enters on its own: a product that is away or full refuses it at once.
 */
export function productSessions(runtime: ProductRuntime): Sessions | undefined {
  const { name, product, compartment } = runtime;
  const session = product.signIns?.session;
  if (!session) return undefined;
  const sessions = createSessions({
    product: name,
    collection: () => runtime.link.db.collection(collectionOf(session)),
  });
  return {
    ...sessions,
    async find(token, options) {
      const limitMs = Math.ceil(product.limits.deadlineMs * SHARE);
      const deadline = new Deadline(name, limitMs, options.signal);
      try {
        const leave = await compartment.enter(deadline.signal, 'reads', options.client);
        try {
          const maxTimeMS = deadline.remainingMs;
          return await sessions.find(token, { ...options, maxTimeMS, signal: deadline.signal });
        } catch (error) {
          runtime.noteFailures([error]);
          throw error;
        } finally {
          leave();
        }
      } finally {
        deadline.close();
      }
    },
  };
}
