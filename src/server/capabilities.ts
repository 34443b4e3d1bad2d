import type { Capability } from '../graph/capability.js';
import { ledgerCapability } from '../ledger/graph.js';
import type { Product } from '../product/product.js';

/** The capabilities a product asks for in its declaration. */
export const capabilitiesOf = (product: Product): readonly Capability[] =>
  product.ledger ? [ledgerCapability(product.ledger)] : [];
