import type { Theme } from '../theme.js';
import { cooking } from './cooking.js';
import { engineering } from './engineering.js';
import { flying } from './flying.js';
import { photography } from './photography.js';
import { product } from './product.js';
import { writing } from './writing.js';

/** Everything the sample's authors write about. */
export const themes: readonly Theme[] = [engineering, product, writing, flying, photography, cooking];
