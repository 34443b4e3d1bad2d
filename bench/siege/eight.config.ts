import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';

/** The blog eight times under eight names: products that differ in nothing but where they live. */
export const NAMES = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'] as const;

const gateway = defineGateway({
  composed: 'off',
  products: Object.fromEntries(NAMES.map((name) => [name, config.products['blog']!])),
});
// The declaration of a gateway is its file's default export.
export default gateway;
