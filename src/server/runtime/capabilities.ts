import { authCapability } from '../../auth/graph.js';
import type { Capability } from '../../graph/capability.js';
import { ledgerCapability } from '../../ledger/graph.js';
import type { Product } from '../../product/product.js';

/** The capabilities of a product: who is asking, and what its declaration asks for. */
export const capabilitiesOf = (product: Product): readonly Capability[] => [
  authCapability(product.signIns !== undefined),
  ...(product.ledger ? [ledgerCapability(product.ledger)] : []),
];
