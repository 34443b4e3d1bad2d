import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { PRODUCT } from './product.js';

const gateway = defineGateway({ composed: 'off', products: { [PRODUCT]: config.products[PRODUCT]! } });
// The declaration of a gateway is its file's default export.
export default gateway;
